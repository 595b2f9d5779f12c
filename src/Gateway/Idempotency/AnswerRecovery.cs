using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Idempotency;
using Tollgate.Gateway.Accounting;
using Tollgate.Gateway.Journal;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Gateway.Idempotency;

/// <summary>
/// Ends the requests that died between the worker's last byte and the store: asks the store for each, and bills in full only those whose
/// answer can be sent again. They count as running until Billing answers.
/// </summary>
internal sealed partial class AnswerRecovery(
    JournalRecovery recovery, AnswerStoreClient store, TimeProvider clock, ILogger<AnswerRecovery> logger)
    : RecurringWork(new Rhythm(RetryDelay), clock, logger)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);
    private int _ended;

    protected override string Failure => "Answers of an earlier start wait for Billing";

    /// <summary>Asks for those that are left, until the first that Billing does not answer for.</summary>
    /// <exception cref="HttpRequestException">Billing does not answer.</exception>
    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        for (; _ended < recovery.UnsettledAnswers.Count; _ended++)
        {
            var request = recovery.UnsettledAnswers[_ended];
            recovery.EndAnswered(request, await IsStoredAsync(request));
        }
    }

    protected override TimeSpan PauseAfter(bool succeeded) => succeeded ? Timeout.InfiniteTimeSpan : RetryDelay;

    protected override bool TryLogExpected(Exception exception, string reason)
    {
        if (exception is not HttpRequestException)
        {
            return false;
        }

        LogWaits(logger, recovery.UnsettledAnswers.Count - _ended, exception.Message);
        return true;
    }

    private async Task<bool> IsStoredAsync(UnfinishedRequest request)
    {
        var (admitted, answer) = (request.Admitted!, request.Answer!);

        // What the store has forgotten by now may have been sent again before; what was sent is billed.
        return Clock.GetUtcNow() - answer.End.FinishedAt > IdempotentAnswers.KeptFor
            || await store.WithdrawAsync(new AnswerName(admitted.OrganizationId, admitted.KeyId, answer.KeyHash), admitted.RequestId);
    }

    [LoggerMessage(1, LogLevel.Information,
        "{Count} requests of an earlier start are not billed until Billing tells whether their answers are kept: {Reason}")]
    private static partial void LogWaits(ILogger logger, int count, string reason);
}
