using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Tollgate.FakeStripe.Api;

/// <summary>An answer in Stripe's format.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Body">JSON text.</param>
internal sealed record StripeAnswer(int Status, string Body)
{
    public static StripeAnswer Ok(JsonNode body) => new(StatusCodes.Status200OK, body.ToJsonString());

    public static StripeAnswer Missing(string kind, string id) => Error(
        StatusCodes.Status404NotFound, "invalid_request_error", $"No such {kind}: '{id}'", "resource_missing", "id");

    public static StripeAnswer Invalid(string message, string? param = null, string? code = null) =>
        Error(StatusCodes.Status400BadRequest, "invalid_request_error", message, code, param);

    public static StripeAnswer Error(int status, string type, string message, string? code = null, string? param = null)
    {
        var error = new JsonObject { ["message"] = message, ["type"] = type };
        if (code is not null)
        {
            error["code"] = code;
        }

        if (param is not null)
        {
            error["param"] = param;
        }

        return new StripeAnswer(status, new JsonObject { ["error"] = error }.ToJsonString());
    }

    public async Task WriteAsync(HttpResponse response, CancellationToken cancellationToken)
    {
        response.StatusCode = Status;
        response.ContentType = "application/json";
        response.Headers["Request-Id"] = State.StripeState.NewId("req_");
        await response.WriteAsync(Body, cancellationToken);
    }
}
