using Microsoft.Extensions.Logging;
using Tollgate.Billing.Work;

namespace Tollgate.Billing.Idempotency;

/// <summary>Forgets answers by dropping the partition of their day, and keeps partitions a week ahead.</summary>
internal sealed partial class AnswerPartitions(AnswerStore answers, TimeProvider clock, ILogger<AnswerPartitions> logger)
    : RecurringWork(TimeSpan.FromHours(1), clock, logger)
{
    private readonly ILogger _logger = logger;

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var changed = await answers.RollPartitionsAsync(cancellationToken);
        if (changed > 0)
        {
            LogChanged(_logger, changed);
        }
    }

    [LoggerMessage(11, LogLevel.Information, "{Count} partitions of kept answers were made or dropped.")]
    private static partial void LogChanged(ILogger logger, int count);
}
