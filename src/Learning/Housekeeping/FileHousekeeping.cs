using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Learning.Files;
using Tollgate.Learning.Telemetry;
using Tollgate.Learning.Uploads;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Learning.Housekeeping;

/// <summary>
/// Ends files and uploads whose time is over, removes contents that nothing refers to any more, and finishes what a crash left half done.
/// Safe on several instances at once.
/// </summary>
internal sealed class FileHousekeeping(
    NpgsqlDataSource dataSource, FileDeletion deletion, UploadTable uploads, LearningMetrics metrics, TimeProvider clock,
    HousekeepingParts parts)
    : RecurringWork(new Rhythm(parts.Options.Value.Every), clock, parts.Logger)
{
    private const int Most = 100;

    protected override string Failure => "Files cannot be looked after";

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        while (await uploads.ExpireAsync(Most, cancellationToken) == Most)
        {
        }

        while (await deletion.DeleteExpiredAsync(Most, cancellationToken) == Most)
        {
        }

        await RemoveAsync(cancellationToken);
        await MeasureAsync(cancellationToken);
    }

    /// <summary>Removes what waits for it from the store. A content that another instance removes at once is no fault.</summary>
    private async Task RemoveAsync(CancellationToken cancellationToken)
    {
        List<Guid> waiting;
        do
        {
            await using (var connection = await dataSource.OpenConnectionAsync(cancellationToken))
            {
                waiting = await connection.ReadRowsAsync(
                    "select blob_id from removals order by since limit $1", row => row.GetGuid(0), cancellationToken, Most);
            }

            foreach (var blob in waiting)
            {
                await deletion.RemoveAsync(blob, cancellationToken);
            }
        }
        while (waiting.Count == Most);
    }

    private async Task MeasureAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        metrics.Seen((await connection.ReadRowsAsync(
            """
            select (select count(*) from files where deleted_at is null),
              (select coalesce(sum(bytes), 0)::bigint from files where deleted_at is null)
                + (select coalesce(sum(bytes), 0)::bigint from upload_parts),
              (select count(*) from removals)
            """,
            row => new FileFigures(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)), cancellationToken))[0]);
    }
}

/// <summary>Settings and log of the loop.</summary>
internal sealed record HousekeepingParts(IOptions<HousekeepingOptions> Options, ILogger<FileHousekeeping> Logger);
