using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Admission;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.Idempotency;
using Tollgate.Gateway.Telemetry;

namespace Tollgate.Gateway.Pipeline;

/// <summary>Sends a kept answer again, byte for byte, under the new request's id; and records a new answer to be kept.</summary>
internal sealed class Replay(RequestEntry door, IdempotencyDesk idempotency, GatewayMetrics metrics)
{
    /// <summary>Names the request whose answer it is.</summary>
    private const string OriginalRequestId = "x-tollgate-original-request-id";

    /// <summary>Answers a request that was answered earlier, if its key still allows it. It counts as a request.</summary>
    public async Task AnswerAsync(
        HttpContext context, ApiCall call, InferenceEndpoint endpoint, Caller caller, Preparation.Answered earlier)
    {
        (call.Model, call.Streamed) = (earlier.Access.Model, earlier.Answer.Kind == AnswerKind.Events);
        if (await door.CheckAsync(context, call, endpoint.Api, caller, earlier.Access) is not null)
        {
            await SendAsync(context, endpoint, earlier.Answer);
        }
    }

    /// <summary>Answers a request that got no ticket: by the refusal, or by an answer that was kept between the look into the store and
    /// the admission.</summary>
    public async Task AnswerUnadmittedAsync(
        HttpContext context, InferenceEndpoint endpoint, IdempotentRequest? asked, AdmissionResult.Refused refused)
    {
        var recalled = refused.AnsweredBy is null || asked is null ? null : await idempotency.RecallAsync(asked);
        await (recalled?.Value is { } answer
            ? SendAsync(context, endpoint, answer)
            : OpenAiErrorResult.WriteAsync(context, recalled?.Refusal ?? refused.Error));
    }

    /// <summary>Takes in the answer of an admitted request while it goes out; null for one without an <c>Idempotency-Key</c>.</summary>
    public AnswerRecording? Record(
        IdempotentRequest? asked, Guid requestId, Demand demand, InferenceRequest request, InferenceEndpoint endpoint) =>
        asked is null ? null : new AnswerRecording(
            idempotency, asked, requestId, demand.Model,
            demand.Streamed ? (endpoint.IsResumable ? AnswerKind.TooLarge : AnswerKind.Events)
            : request.AnswersPlainText ? AnswerKind.Text : AnswerKind.Json);

    private async Task SendAsync(HttpContext context, InferenceEndpoint endpoint, StoredAnswer answer)
    {
        var response = context.Response;
        response.Headers[AnswerHeaders.Replayed] = "true";
        response.Headers[OriginalRequestId] = $"req_{answer.RequestId:N}";
        if (answer.Kind == AnswerKind.Events)
        {
            AnswerHeaders.OfEvents(response);
        }
        else
        {
            AnswerHeaders.OfWhole(response, answer.Body.Span, endpoint, answer.Model, answer.Kind == AnswerKind.Text);
        }

        metrics.Replayed(answer.Model);
        await response.BodyWriter.WriteAsync(answer.Body, context.RequestAborted);
    }
}
