using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tollgate.Accounts.Database;
using Tollgate.Contracts.Workers;
using Tollgate.ServiceDefaults.Snapshots;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Accounts.Fleet;

/// <summary>
/// Reads the register of workers into the snapshot that gateways and Billing follow: at start, after a change on this instance, and every
/// two seconds for changes on other instances.
/// </summary>
internal sealed partial class DirectoryRefresher(
    IServiceScopeFactory scopes, SnapshotPublisher<WorkerDirectory> publisher, TimeProvider clock, ILogger<DirectoryRefresher> logger)
    : RecurringWork(new Rhythm(TimeSpan.FromSeconds(2)), clock, logger)
{
    /// <summary>
    /// Workers silent for this long are deleted: 7 days. Gateways have deleted their journals by then, so nothing needs the worker's log.
    /// </summary>
    private static readonly TimeSpan ForgetAfter = TimeSpan.FromDays(7);

    /// <summary>Time that this process listens before it deletes workers, because it may itself have been down.</summary>
    private static readonly TimeSpan ListensFirst = TimeSpan.FromMinutes(1);

    private readonly long _started = clock.GetTimestamp();

    protected override string Failure => "The register of workers cannot be read";

    /// <summary>Deletes workers that were silent for too long, and publishes the others.</summary>
    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await ForgetAsync(cancellationToken);
        await RefreshAsync(cancellationToken);
    }

    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AccountsDb>();
        var workers = await db.Workers.AsNoTracking().ToListAsync(cancellationToken);
        publisher.Publish(new WorkerDirectory(
            [.. workers.OrderBy(worker => worker.Id, StringComparer.Ordinal).Select(worker => worker.ToDirectory())]));
    }

    protected override bool TryLogExpected(Exception exception, string reason)
    {
        if (exception is not (NpgsqlException or InvalidOperationException or TimeoutException))
        {
            return false;
        }

        LogUnread(logger, exception.Message);
        return true;
    }

    private async Task ForgetAsync(CancellationToken cancellationToken)
    {
        if (Clock.GetElapsedTime(_started) < ListensFirst)
        {
            return;
        }

        await using var scope = scopes.CreateAsyncScope();
        var oldest = Clock.GetUtcNow() - ForgetAfter;
        await scope.ServiceProvider.GetRequiredService<AccountsDb>().Workers
            .Where(worker => worker.LastHeard < oldest).ExecuteDeleteAsync(cancellationToken);
    }

    [LoggerMessage(1, LogLevel.Warning, "The register of workers cannot be read; gateways keep their copy. {Reason}")]
    private static partial void LogUnread(ILogger logger, string reason);
}
