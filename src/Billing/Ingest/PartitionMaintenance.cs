using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.Billing.Work;

namespace Tollgate.Billing.Ingest;

/// <summary>
/// Keeps the usage table's partitions a week ahead. Were it to fail, rows go to the default partition and are moved when it works again.
/// </summary>
internal sealed partial class PartitionMaintenance(NpgsqlDataSource dataSource, TimeProvider clock, ILogger<PartitionMaintenance> logger)
    : RecurringWork(TimeSpan.FromHours(1), clock, logger)
{
    private const int DaysAhead = 7;
    private readonly TimeProvider _clock = clock;

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var today = DateOnly.FromDateTime(_clock.GetUtcNow().UtcDateTime);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var made = await connection.ReadValueAsync<int>(
            "select ensure_usage_partitions($1, $2)", cancellationToken, today.AddDays(-1), today.AddDays(DaysAhead));
        if (made > 0)
        {
            LogMade(logger, made);
        }
    }

    [LoggerMessage(11, LogLevel.Information, "{Count} partitions for usage rows were made.")]
    private static partial void LogMade(ILogger logger, int count);
}
