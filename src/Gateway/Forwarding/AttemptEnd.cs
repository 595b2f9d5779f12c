using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Usage;

namespace Tollgate.Gateway.Forwarding;

/// <summary>What may follow an attempt that gave the client no answer.</summary>
internal enum Retry
{
    /// <summary>Nothing: the answer would be the same everywhere.</summary>
    Never,

    /// <summary>An attempt at a worker that was not tried yet.</summary>
    Elsewhere,

    /// <summary>An attempt at another worker or, when there is none, at the same: its connection broke, which a restart
    /// explains.</summary>
    Anywhere,
}

/// <summary>How an attempt ended.</summary>
/// <param name="Error">The answer to the client if no other attempt follows; null when it has its answer, or is gone, and the ticket is
/// closed.</param>
internal readonly record struct AttemptEnd(OpenAiError? Error, Retry Retry)
{
    /// <summary>What was computed in vain and is the client's to pay as work without an answer: that of a request which took too long,
    /// or whose result the operator's check refuses.</summary>
    public Units Computed { get; init; }

    /// <summary>The worker's connection broke after it had the request.</summary>
    public bool WorkerDied { get; init; }

    /// <summary>The worker has no place for another request of this organization.</summary>
    public bool NoPlace { get; init; }

    /// <summary>The version that ran it, or its worker, is at fault: an error of the worker's, a broken answer, a worker that died or was
    /// too slow.</summary>
    public bool IsFault { get; init; }

    public static readonly AttemptEnd Answered = new(null, Retry.Never);

    /// <summary>A stream that the worker broke after it had begun.</summary>
    public static readonly AttemptEnd Broken = Answered with { IsFault = true };

    /// <summary>
    /// The end of an attempt whose worker went away before anything went out to the client. With no other worker to try it is as if there
    /// had been none: 503, to be asked again.
    /// </summary>
    /// <param name="hadRequest">Whether the worker may have begun on the request, which may then be what killed it.</param>
    public static AttemptEnd WorkerGone(string model, bool hadRequest = true) =>
        new(OpenAiError.ModelUnavailable(model, TimeSpan.FromSeconds(1)), Retry.Anywhere)
        {
            WorkerDied = hadRequest,
            IsFault = true,
        };

    /// <summary>The end of an attempt that was stopped before anything went out to the client.</summary>
    public static async Task<AttemptEnd> OfStopAsync(Attempt attempt, RunningRequest running, UnansweredWork work)
    {
        var confirmed = await attempt.WaitForUnitsAsync(); // The slot is free again before the client's limits are.
        switch (attempt.Cause)
        {
            case StopCause.ClientLeft when running.Call.Background is not null:
                // Cancelled by a request of the customer's, not left by a connection that broke: nothing of it is forgiven.
                var computed = confirmed?.Units ?? default;
                running.Close(
                    Outcome.ClientLeftBeforeFirstToken, computed, 0,
                    confirmed is null ? running.Ticket.HeldRateTokens : running.Ticket.RateTokensOf(computed));
                return Answered;
            case StopCause.ClientLeft or StopCause.ClientStalled:
                await running.CloseUnansweredAsync(Outcome.ClientLeftBeforeFirstToken, confirmed?.Units, work);
                return Answered;
            case StopCause.ShuttingDown:
                return new AttemptEnd(OpenAiError.ShuttingDown(), Retry.Never);
            case StopCause.WorkerBroken:
                return new AttemptEnd(OpenAiError.UpstreamFailed(), Retry.Elsewhere) { IsFault = true };
            default:
                return new AttemptEnd(OpenAiError.UpstreamTimedOut(), Retry.Never)
                {
                    Computed = confirmed?.Units ?? default,
                    IsFault = true,
                };
        }
    }
}
