using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Idempotency;
using Tollgate.Gateway.Accounting;
using Tollgate.Gateway.Journal;

namespace Tollgate.Gateway.Idempotency;

/// <summary>
/// Ends the requests that died between the worker's last byte and the store: asks the store for each, and bills in full only those whose
/// answer can be sent again. They count as running until Billing answers.
/// </summary>
internal sealed partial class AnswerRecovery(
    JournalRecovery recovery, AnswerStoreClient store, TimeProvider clock, ILogger<AnswerRecovery> logger) : BackgroundService
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);
    private int _ended;
    private bool _waits;

    /// <summary>Asks for those that are left, until the first that Billing does not answer for. True when all are ended.</summary>
    public async Task<bool> RunOnceAsync()
    {
        try
        {
            for (; _ended < recovery.UnsettledAnswers.Count; _ended++)
            {
                var request = recovery.UnsettledAnswers[_ended];
                recovery.EndAnswered(request, await IsStoredAsync(request));
            }

            return true;
        }
        catch (HttpRequestException exception)
        {
            if (!_waits)
            {
                LogWaits(logger, recovery.UnsettledAnswers.Count - _ended, exception.Message);
            }

            _waits = true;
            return false;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested && !await RunOnceAsync())
        {
            await Task.Delay(RetryDelay, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> IsStoredAsync(UnfinishedRequest request)
    {
        var (admitted, answer) = (request.Admitted!, request.Answer!);

        // What the store has forgotten by now may have been sent again before; what was sent is billed.
        return clock.GetUtcNow() - answer.End.FinishedAt > IdempotentAnswers.KeptFor
            || await store.WithdrawAsync(new AnswerName(admitted.OrganizationId, admitted.KeyId, answer.KeyHash), admitted.RequestId);
    }

    [LoggerMessage(1, LogLevel.Information,
        "{Count} requests of an earlier start are not billed until Billing tells whether their answers are kept: {Reason}")]
    private static partial void LogWaits(ILogger logger, int count, string reason);
}
