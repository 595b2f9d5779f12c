using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Learning.Storage;
using Tollgate.Learning.Telemetry;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Learning.Housekeeping;

/// <summary>
/// Compares the store with the database: removes contents that no file, part, batch, job and trained model has, and those that were never
/// finished. A killed transfer leaves such a content and no row.
/// </summary>
internal sealed partial class StoreSweep(
    NpgsqlDataSource dataSource, IBlobStore store, LearningMetrics metrics, IOptions<HousekeepingOptions> options, TimeProvider clock,
    ILogger<StoreSweep> logger)
    : RecurringWork(new Rhythm(options.Value.SweepEvery), clock, logger)
{
    private const int Page = 500;

    protected override string Failure => "The store of files cannot be compared with the database";

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var before = Clock.GetUtcNow() - options.Value.OrphanAge;
        var unfinished = await store.DiscardUnfinishedAsync(before, cancellationToken);
        metrics.ContentRemoved("unfinished", unfinished);
        var orphans = 0;
        var page = new List<Guid>(Page);
        await foreach (var blob in store.ListAsync(before, cancellationToken))
        {
            page.Add(blob);
            if (page.Count == Page)
            {
                orphans += await RemoveUnknownAsync(page, cancellationToken);
                page.Clear();
            }
        }

        orphans += await RemoveUnknownAsync(page, cancellationToken);
        metrics.ContentRemoved("orphan", orphans);
        if (orphans + unfinished > 0)
        {
            LogSwept(logger, orphans, unfinished);
        }
    }

    private async Task<int> RemoveUnknownAsync(IReadOnlyList<Guid> blobs, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        var unknown = await connection.ReadRowsAsync(
            """
            select blob from unnest($1::uuid[]) as blob
            where not exists (select from files where blob_id = blob and deleted_at is null)
              and not exists (select from upload_parts where blob_id = blob)
              and not exists (select from batch_segments where blob_id = blob)
              and not exists (select from job_results where blob_id = blob)
              and not exists (select from tuned_models where blob_id = blob and deleted_at is null)
            """,
            row => row.GetGuid(0), cancellationToken, blobs.ToArray());
        foreach (var blob in unknown)
        {
            await store.DeleteAsync(blob, cancellationToken);
        }

        return unknown.Count;
    }

    [LoggerMessage(1, LogLevel.Information, "Removed {Orphans} contents that no file has, and {Unfinished} that were never finished.")]
    private static partial void LogSwept(ILogger logger, int orphans, int unfinished);
}
