using System.ComponentModel;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.Catalogue;
using Tollgate.Gateway.OpenApi;
using Tollgate.Gateway.Pipeline;

namespace Tollgate.Gateway.Endpoints;

/// <summary><c>GET /v1/models</c> and <c>GET /v1/models/{model}</c>: what the caller's key can call, aliases included. A client of
/// Anthropic, which names its version of the API, gets the shape that it knows.</summary>
internal sealed class ModelsEndpoint : IEndpoint
{
    private const string Owner = "tollgate";

    public PublicEndpoint Api => PublicEndpoint.Models;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Api.Paths[0], ListAsync)
            .Describe("listModels", "Models", "List models", "Lists the models and aliases that the key can call.")
            .Answers<ModelList>(ModelExamples.List)
            .Fails(DocumentedErrors.OfEveryCall(Api.Scope), AnswerHeaderTable.OfKey);
        routes.MapGet(Api.Paths[1], RetrieveAsync)
            .Describe("retrieveModel", "Models", "Show a model", "Shows one model or alias that the key can call.")
            .Answers<ListedModelObject>(ModelExamples.One)
            .Fails(DocumentedErrors.OfModel(Api.Scope), AnswerHeaderTable.OfKey);
    }

    internal static async Task ListAsync(HttpContext context, RequestEntry door, ModelDirectory models)
    {
        var call = ApiCall.Of(context);
        call.Wire = Wire.AskedBy(context.Request);
        if (await door.EnterAsync(context, call, PublicEndpoint.Models) is { } shown
            && await door.CheckAsync(context, call, PublicEndpoint.Models, shown) is { } caller)
        {
            var list = models.List(caller).Select(model => new ModelObject(model.Id, model.CreatedAt, Owner));
            await WriteAsync(context, call.Wire.ToBody(list));
        }
    }

    internal static async Task RetrieveAsync(
        HttpContext context, [Description("A model's name or an alias; its slashes may be written as they are.")] string model,
        RequestEntry door, ModelDirectory models)
    {
        var call = ApiCall.Of(context);
        call.Wire = Wire.AskedBy(context.Request);
        if (await door.EnterAsync(context, call, PublicEndpoint.Models) is not { } shown
            || await door.CheckAsync(context, call, PublicEndpoint.Models, shown) is not { } caller)
        {
            return;
        }

        model = EndpointRoutes.Unescape(model);
        if (models.List(caller).FirstOrDefault(known => known.Id == model) is { } found)
        {
            await WriteAsync(context, call.Wire.ToBody(new ModelObject(found.Id, found.CreatedAt, Owner)));
        }
        else
        {
            await OpenAiErrorResult.WriteAsync(context, models.Refuse(model, caller, OpenAiErrorResult.Quotable(model)));
        }
    }

    private static async Task WriteAsync(HttpContext context, byte[] body)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        await context.Response.BodyWriter.WriteAsync(body, context.RequestAborted);
    }
}

/// <summary>Answer of <c>GET /v1/models</c>.</summary>
public sealed record ModelList(
    [property: JsonPropertyName("object"), OneOfTexts("list")] string Object,
    [property: JsonPropertyName("data")] IReadOnlyList<ListedModelObject> Data);

/// <summary>A model or an alias.</summary>
public sealed record ListedModelObject(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("object"), OneOfTexts("model")] string Object,
    [property: JsonPropertyName("created"), Description("Unix seconds.")] long Created,
    [property: JsonPropertyName("owned_by")] string OwnedBy);

/// <summary>Examples of the endpoint's answers.</summary>
internal static class ModelExamples
{
    public static readonly BodyExample One = new(
        "model", """{"id":"tiny-assistant","object":"model","created":1790000000,"owned_by":"tollgate"}""");

    public static readonly BodyExample List = new("models", $$"""{"object":"list","data":[{{One.Json}}]}""");
}
