using System.ComponentModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.Pipeline;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Maps the paths of an endpoint that runs a model to the pipeline.</summary>
internal static class EndpointRoutes
{
    internal const string ModelInPath = "A model's name or an alias; a slash in it is written %2F.";
    internal const string VersionInPath = "A version in service; any other one is not found.";

    /// <summary>Its usual path.</summary>
    public static RouteHandlerBuilder MapInference(this IEndpointRouteBuilder routes, InferenceEndpoint endpoint) =>
        routes.MapInference(endpoint, endpoint.Api.Path);

    /// <summary>One of its paths.</summary>
    public static RouteHandlerBuilder MapInference(this IEndpointRouteBuilder routes, InferenceEndpoint endpoint, string path) =>
        routes.MapPost(path, (HttpContext context, InferencePipeline pipeline) => pipeline.RunAsync(context, endpoint, url: null));

    /// <summary>A path with the model in it, as <c>{engine}</c>.</summary>
    public static RouteHandlerBuilder MapInferenceOfEngine(this IEndpointRouteBuilder routes, InferenceEndpoint endpoint, string path) =>
        routes.MapPost(
            path,
            (HttpContext context, [Description("A model's name or an alias; a slash in it is written %2F.")] string engine,
                InferencePipeline pipeline) => pipeline.RunAsync(context, endpoint, new ModelInUrl(Unescape(engine))));

    /// <summary>A path whose query may name the model, as <c>model</c>.</summary>
    public static RouteHandlerBuilder MapInferenceOfQuery(this IEndpointRouteBuilder routes, InferenceEndpoint endpoint, string path) =>
        routes.MapPost(
            path,
            (HttpContext context, [Description("A model's name or an alias.")] string? model, InferencePipeline pipeline) =>
                pipeline.RunAsync(context, endpoint, model is null ? null : new ModelInUrl(model)));

    /// <summary>A path with the model in it, as <c>{model}</c>.</summary>
    public static RouteHandlerBuilder MapInferenceOfModel(this IEndpointRouteBuilder routes, InferenceEndpoint endpoint, string path) =>
        routes.MapPost(
            path,
            (HttpContext context, [Description(ModelInPath)] string model, InferencePipeline pipeline) =>
                pipeline.RunAsync(context, endpoint, new ModelInUrl(Unescape(model))));

    /// <summary>A path with the model and its version in it, as <c>{model}</c> and <c>{version}</c>.</summary>
    public static RouteHandlerBuilder MapInferenceOfVersion(this IEndpointRouteBuilder routes, InferenceEndpoint endpoint, string path) =>
        routes.MapPost(
            path,
            (HttpContext context, [Description(ModelInPath)] string model, [Description(VersionInPath)] string version,
                InferencePipeline pipeline) => pipeline.RunAsync(context, endpoint, new ModelInUrl(Unescape(model), version)));

    /// <summary>A model's name out of a path: a slash in it arrives escaped, and the server leaves that one character so.</summary>
    internal static string Unescape(string model) => model.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
}
