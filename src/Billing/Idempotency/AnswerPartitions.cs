using Microsoft.Extensions.Logging;
using Tollgate.Billing.Jobs;

namespace Tollgate.Billing.Idempotency;

/// <summary>Drops the partitions of expired answers and creates partitions a week ahead.</summary>
internal sealed partial class AnswerPartitions(AnswerStore answers, ILogger<AnswerPartitions> logger) : IScheduledJob
{
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var changed = await answers.RollPartitionsAsync(cancellationToken);
        if (changed > 0)
        {
            LogChanged(logger, changed);
        }
    }

    [LoggerMessage(11, LogLevel.Information, "{Count} partitions of kept answers were made or dropped.")]
    private static partial void LogChanged(ILogger logger, int count);
}
