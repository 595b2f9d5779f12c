using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Telemetry;

namespace Tollgate.Inference.Requests;

/// <summary>
/// Compares what a request would use with the bound that the gateway reserved money for, before anything is computed. A gateway bounds
/// without a tokenizer, so only the worker knows the tokens. A request above its bound is the platform's fault: it is logged as an error.
/// </summary>
internal sealed partial class HoldGuard(InferenceMetrics metrics, ILogger<HoldGuard> logger)
{
    /// <summary>The error to answer with, or null: the request may run. A caller that names no bound has none.</summary>
    /// <param name="wanted">The exact prompt tokens, and the most units of every other kind.</param>
    public OpenAiError? Check(HttpRequest request, RequestIdentity identity, string model, Units wanted)
    {
        if (request.Headers[WorkerHeaders.Bound] is not [{ } text])
        {
            return null;
        }

        if (Units.TryParse(text, out var bound) && wanted.IsWithin(bound))
        {
            return null;
        }

        metrics.Refused(model, "above_hold");
        Log.AboveHold(logger, identity.Id, model, wanted, text);
        return OpenAiError.AboveHold();
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error,
            "Request {Request} to model {Model} would use up to {Wanted}, more than its hold of {Bound}. It was not run.")]
        public static partial void AboveHold(ILogger logger, Guid request, string model, Units wanted, string bound);
    }
}
