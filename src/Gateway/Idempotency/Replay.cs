using Microsoft.AspNetCore.Http;
using Tollgate.Gateway.Metrics;
using Tollgate.Gateway.OpenAi;

namespace Tollgate.Gateway.Idempotency;

/// <summary>Sends a kept answer again, byte for byte, under the new request's own id.</summary>
internal sealed class Replay(GatewayMetrics metrics)
{
    /// <summary>Names the request whose answer it is.</summary>
    private const string OriginalRequestId = "x-tollgate-original-request-id";

    public async Task SendAsync(HttpContext context, InferenceRoute route, StoredAnswer answer)
    {
        var response = context.Response;
        response.Headers["idempotency-replayed"] = "true";
        response.Headers[OriginalRequestId] = $"req_{answer.RequestId:N}";
        if (answer.Kind == AnswerKind.Events)
        {
            AnswerHeaders.OfEvents(response);
        }
        else
        {
            AnswerHeaders.OfJson(response, answer.Body.Length, route, answer.Model);
        }

        metrics.Replayed(answer.Model);
        await response.BodyWriter.WriteAsync(answer.Body, context.RequestAborted);
    }
}
