using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.Fleet;

/// <summary>Registers workers: their heartbeats, and the operator's orders about them.</summary>
internal sealed class WorkerRegister(AccountsDb db, DirectoryRefresher refresher, AuditTrail audit, TimeProvider clock)
{
    /// <summary>
    /// A worker without a heartbeat for this long is shown as silent, and an earlier started process may take its name. Five heartbeats.
    /// </summary>
    public static readonly TimeSpan SilentAfter = TimeSpan.FromSeconds(10);

    public Task<List<WorkerEntry>> ListAsync(CancellationToken cancellationToken) =>
        db.Workers.AsNoTracking().OrderBy(worker => worker.Id).ToListAsync(cancellationToken);

    /// <summary>
    /// Takes a worker's heartbeat. Returns false while a later started process with the same name is alive; otherwise two processes with
    /// one name would alternate in the directory.
    /// </summary>
    public async Task<bool> HearAsync(WorkerHeartbeat heartbeat, CancellationToken cancellationToken)
    {
        var (status, now) = (heartbeat.Status, clock.GetUtcNow());
        var started = status.StartedAt.ToUniversalTime();
        var url = heartbeat.Url.TrimEnd('/');
        var entry = await db.Workers.FindAsync([status.WorkerId], cancellationToken);
        var before = entry?.ToDirectory();
        if (entry is null)
        {
            entry = new WorkerEntry { Id = status.WorkerId, Url = url, StartedAt = started, LastHeard = now, Status = status };
            db.Workers.Add(entry);
        }
        else if (started < entry.StartedAt && entry.LeftAt is null && now - entry.LastHeard < SilentAfter)
        {
            return false;
        }
        else
        {
            (entry.Url, entry.StartedAt, entry.LastHeard, entry.Status) = (url, started, now, status);
            (entry.LeftAt, entry.LogId, entry.LogEnd) = (null, null, null);
        }

        await db.SaveChangesAsync(cancellationToken);
        if (entry.ToDirectory() != before)
        {
            await refresher.RefreshAsync(cancellationToken);
        }

        return true;
    }

    /// <summary>Records that a worker stopped cleanly. Returns false when it is unknown or has been restarted since.</summary>
    public async Task<bool> LeaveAsync(string id, WorkerLeaving leaving, CancellationToken cancellationToken)
    {
        var entry = await db.Workers.FindAsync([id], cancellationToken);
        if (entry is null || entry.StartedAt.UtcTicks / TimeSpan.TicksPerMicrosecond
            != leaving.StartedAt.UtcTicks / TimeSpan.TicksPerMicrosecond)
        {
            return false; // Compares microseconds, because Postgres keeps no more.
        }

        (entry.LeftAt, entry.LogId, entry.LogEnd) = (clock.GetUtcNow(), leaving.Log.LogId, leaving.Log.Position);
        await db.SaveChangesAsync(cancellationToken);
        await refresher.RefreshAsync(cancellationToken);
        return true;
    }

    /// <summary>Stops or resumes new requests to a worker, by the operator's order. Returns false when the worker is unknown.</summary>
    public async Task<bool> SetDrainedAsync(string id, bool drained, CancellationToken cancellationToken)
    {
        if (await db.Workers.FindAsync([id], cancellationToken) is not { } entry)
        {
            return false;
        }

        if (entry.Drained != drained)
        {
            entry.Drained = drained;
            await SaveAsync(drained ? "worker.drain" : "worker.undrain", id, new { drained = !drained }, new { drained }, cancellationToken);
        }

        return true;
    }

    /// <summary>
    /// Removes a worker that the operator declares lost with its log, so that Billing stops waiting for the log. A later heartbeat
    /// registers it again. Returns false when the worker is unknown.
    /// </summary>
    public async Task<bool> ForgetAsync(string id, CancellationToken cancellationToken)
    {
        if (await db.Workers.FindAsync([id], cancellationToken) is not { } entry)
        {
            return false;
        }

        db.Workers.Remove(entry);
        await SaveAsync("worker.forget", id, new { entry.Url, entry.StartedAt, entry.Drained }, after: null, cancellationToken);
        return true;
    }

    private async Task SaveAsync(string action, string id, object before, object? after, CancellationToken cancellationToken)
    {
        audit.Add(action, id, before: before, after: after);
        await db.SaveChangesAsync(cancellationToken);
        await refresher.RefreshAsync(cancellationToken);
    }
}
