using System.Net;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Calls;

namespace Tollgate.Gateway.Forwarding;

/// <summary>Reads what an error of a worker means for its request.</summary>
internal static class WorkerRefusal
{
    /// <summary>What an answer other than 200 means for the request.</summary>
    public static async Task<AttemptEnd> ReadAsync(HttpResponseMessage response, string model, CancellationToken cancellationToken)
    {
        switch (response.StatusCode)
        {
            case HttpStatusCode.NotFound: // It has unloaded the model since it was asked last.
                return new AttemptEnd(OpenAiError.ModelUnavailable(model, TimeSpan.FromSeconds(1)), Retry.Elsewhere);
            case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden: // Our bearer, not the client's key.
            case < HttpStatusCode.BadRequest:
                return new AttemptEnd(OpenAiError.UpstreamFailed(), Retry.Elsewhere);
        }

        var error = await UpstreamError.ReadAsync(response, cancellationToken) ?? OpenAiError.UpstreamFailed();
        if (error.Code == OpenAiError.ModelNotLoadedCode)
        {
            return new AttemptEnd(
                OpenAiError.ModelUnavailable(model, error.RetryAfter ?? TimeSpan.FromSeconds(1)), Retry.Elsewhere);
        }

        var isOfWorker = error.Status >= 500 || error.Status == (int)HttpStatusCode.TooManyRequests;
        var retry = isOfWorker && error.ShouldRetry != false ? Retry.Elsewhere : Retry.Never;
        return new AttemptEnd(error, retry)
        {
            IsFault = error.Status >= 500 && error.Status != (int)HttpStatusCode.ServiceUnavailable,
            NoPlace = error is { Status: 503, Code: OpenAiError.OverloadedCode },
            Computed = retry == Retry.Never && WorkerAnswer.TryReadUnits(response, out var computed) ? computed : default,
        };
    }
}
