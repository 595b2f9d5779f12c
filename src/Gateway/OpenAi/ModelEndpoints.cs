using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Catalogue;

namespace Tollgate.Gateway.OpenAi;

/// <summary><c>GET /v1/models</c> and <c>GET /v1/models/{model}</c>: what the caller's key can call, aliases included.</summary>
internal static class ModelEndpoints
{
    private const string Owner = "tollgate";

    public static async Task ListAsync(HttpContext context, FrontDoor door, ModelDirectory models)
    {
        var call = ApiCall.Of(context);
        if (await door.EnterAsync(context, call, KeyScopes.Models) is { } shown
            && await door.CheckAsync(context, call, shown) is { } caller)
        {
            var list = models.List(caller).Select(model => new ModelObject(model.Id, model.CreatedAt, Owner));
            await WriteAsync(context, ModelObject.ToJson(list));
        }
    }

    public static async Task RetrieveAsync(HttpContext context, string model, FrontDoor door, ModelDirectory models)
    {
        var call = ApiCall.Of(context);
        if (await door.EnterAsync(context, call, KeyScopes.Models) is not { } shown
            || await door.CheckAsync(context, call, shown) is not { } caller)
        {
            return;
        }

        model = OpenAiEndpoints.Unescape(model);
        if (models.List(caller).FirstOrDefault(known => known.Id == model) is { } found)
        {
            await WriteAsync(context, new ModelObject(found.Id, found.CreatedAt, Owner).ToJson());
        }
        else
        {
            await OpenAiErrorResult.WriteAsync(context, OpenAiError.ModelNotFound(OpenAiErrorResult.Quotable(model)));
        }
    }

    private static async Task WriteAsync(HttpContext context, byte[] body)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        await context.Response.BodyWriter.WriteAsync(body, context.RequestAborted);
    }
}
