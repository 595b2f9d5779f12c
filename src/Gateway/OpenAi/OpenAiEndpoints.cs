using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Metrics;
using Tollgate.Gateway.OpenApi;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Gateway.OpenAi;

/// <summary>The public API: its routes, and one answer for every URL that is none.</summary>
internal static class OpenAiEndpoints
{
    private const string BrowserPolicy = "browsers";

    /// <summary>The fixed parts of our URLs.</summary>
    private static readonly HashSet<string> Words =
        new(StringComparer.OrdinalIgnoreCase) { "chat", "completions", "embeddings", "models", "engines" };

    public static WebApplicationBuilder AddOpenAi(this WebApplicationBuilder builder)
    {
        var section = builder.Configuration.GetSection(OpenAiOptions.Section);
        builder.Services.AddSingleton<IValidateOptions<OpenAiOptions>, OpenAiOptionsValidator>();
        builder.Services.AddOptions<OpenAiOptions>().Bind(section).ValidateOnStart();
        builder.Services.AddSingleton<GatewayMetrics>();
        builder.Services.AddSingleton<OpenAiHeaders>();
        builder.Services.AddSingleton<AccessLog>();
        builder.Services.AddSingleton<FrontDoor>();
        builder.Services.AddSingleton<RequestPreparation>();
        builder.Services.AddSingleton<InferencePipeline>();
        builder.Services.AddCors();
        builder.Services.AddOptions<Microsoft.AspNetCore.Cors.Infrastructure.CorsOptions>().Configure<IOptions<OpenAiOptions>>(
            static (cors, options) => cors.AddPolicy(
                BrowserPolicy, policy => policy.WithOrigins([.. PlatformSettings.SplitList(options.Value.BrowserOrigins)]).AllowAnyHeader().WithMethods("GET", "POST")));
        return builder;
    }

    /// <summary>Must come before anything that answers: it wraps every answer of <c>/v1</c>.</summary>
    public static void UseOpenAi(this WebApplication app)
    {
        app.UseMiddleware<OpenAiMiddleware>();
        if (app.Services.GetRequiredService<IOptions<OpenAiOptions>>().Value.BrowserOrigins.Length > 0)
        {
            app.UseCors(BrowserPolicy);
        }
    }

    public static void MapOpenAi(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("").WithMetadata(new ApiEndpoint());
        var v1 = api.MapGroup("/v1");
        v1.MapPost("/chat/completions", ChatCompletionsAsync).DescribeChatCompletions();
        v1.MapPost("/completions", CompletionsAsync).DescribeCompletions();
        v1.MapPost("/engines/{engine}/completions", EngineCompletionsAsync).DescribeEngineCompletions();
        v1.MapPost("/embeddings", EmbeddingsAsync).DescribeEmbeddings();
        v1.MapGet("/models", ModelEndpoints.ListAsync).DescribeModelList();
        v1.MapGet("/models/{*model}", ModelEndpoints.RetrieveAsync).DescribeModel();

        // A known URL with a wrong method ends here too: the routes above do not take it.
        api.Map("/{**rest}", RefuseUnknownAsync).ExcludeFromDescription();
    }

    internal static Task ChatCompletionsAsync(HttpContext context, InferencePipeline pipeline) =>
        pipeline.RunAsync(context, InferenceRoute.Chat, engine: null);

    internal static Task CompletionsAsync(HttpContext context, InferencePipeline pipeline) =>
        pipeline.RunAsync(context, InferenceRoute.Completions, engine: null);

    internal static Task EngineCompletionsAsync(HttpContext context, string engine, InferencePipeline pipeline) =>
        pipeline.RunAsync(context, InferenceRoute.Completions, Unescape(engine));

    internal static Task EmbeddingsAsync(HttpContext context, InferencePipeline pipeline) =>
        pipeline.RunAsync(context, InferenceRoute.Embeddings, engine: null);

    /// <summary>A model's name out of a path: a slash in it arrives escaped, and the server leaves that one character so.</summary>
    internal static string Unescape(string model) => model.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    /// <summary>Says nothing that a key would have to protect, so it asks for none.</summary>
    internal static Task RefuseUnknownAsync(HttpContext context)
    {
        var (method, path) = (context.Request.Method, context.Request.Path.Value ?? "");
        if (MethodOf(path) is not { } allowed)
        {
            return OpenAiErrorResult.WriteAsync(
                context, OpenAiError.UnknownUrl(method, OpenAiErrorResult.Quotable(path), Meant(path) is { } meant ? OpenAiErrorResult.Quotable(meant) : null));
        }

        context.Response.Headers.Allow = allowed == HttpMethods.Get ? "GET, HEAD" : allowed;
        return OpenAiErrorResult.WriteAsync(context, OpenAiError.MethodNotAllowed(method, OpenAiErrorResult.Quotable(path), allowed));
    }

    /// <summary>The method that a URL of ours takes; null for a URL that is not ours.</summary>
    private static string? MethodOf(string path) => path.TrimEnd('/').Split('/') switch
    {
        ["", "v1", "chat", "completions"] or ["", "v1", "completions"] or ["", "v1", "embeddings"] => HttpMethods.Post,
        ["", "v1", "engines", { Length: > 0 }, "completions"] => HttpMethods.Post,
        ["", "v1", "models", ..] => HttpMethods.Get,
        _ => null,
    };

    /// <summary>The URL of ours that ends as <paramref name="path"/> does: without a version or with another, in another case, with doubled
    /// slashes, below another prefix. Null where none does.</summary>
    private static string? Meant(string path)
    {
        const int MostSegments = 10;
        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (var skip = Math.Max(0, segments.Length - MostSegments); skip < segments.Length; skip++)
        {
            var meant = "/v1/" + string.Join('/', segments[skip..].Select(part => Words.Contains(part) ? part.ToLowerInvariant() : part));
            if (MethodOf(meant) is not null)
            {
                return meant;
            }
        }

        return null;
    }
}

/// <summary>Endpoint metadata: an answer of the API, with its headers, its log line and its errors.</summary>
internal sealed record ApiEndpoint;
