using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.Billing.Jobs;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Ingest;

/// <summary>
/// Creates the usage table's partitions a week ahead. If it fails, rows go to the default partition; the next successful run moves them.
/// </summary>
internal sealed partial class PartitionMaintenance(NpgsqlDataSource dataSource, TimeProvider clock, ILogger<PartitionMaintenance> logger)
    : IScheduledJob
{
    private const int DaysAhead = 7;

    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
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
