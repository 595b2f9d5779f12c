using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;

namespace Tollgate.Inference.Serving;

/// <summary>
/// Compares what a request would use with the bound that the gateway reserved money for, before anything is computed. A gateway bounds
/// without
/// a tokenizer, so the worker is the first that knows; a request above its bound is the platform's fault, and its operator must hear of it.
/// </summary>
internal sealed partial class HoldGuard(InferenceMetrics metrics, TimeProvider clock, ILogger<HoldGuard> logger)
{
    /// <summary>The error to answer with, or null: the request may run. A caller that names no bound has none.</summary>
    /// <param name="wanted">The exact prompt tokens, and the most output tokens.</param>
    public OpenAiError? Check(HttpRequest request, string model, Units wanted)
    {
        if (request.Headers[WorkerHeaders.Bound] is not [{ } text])
        {
            return null;
        }

        if (Units.TryParse(text, out var bound) && wanted.Prompt <= bound.Prompt && wanted.Completion <= bound.Completion)
        {
            return null;
        }

        metrics.Refused(model, "above_hold");
        Log.AboveHold(logger, RequestIntake.Identify(request, clock).Id, model, wanted, text);
        return OpenAiError.AboveHold();
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error,
            "Request {Request} to model {Model} would use up to {Wanted}, more than its hold of {Bound}. It was not run.")]
        public static partial void AboveHold(ILogger logger, Guid request, string model, Units wanted, string bound);
    }
}
