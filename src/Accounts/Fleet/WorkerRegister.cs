using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.Fleet;

/// <summary>The workers that registered themselves: their heartbeats, and what the operator wants of them.</summary>
internal sealed class WorkerRegister(AccountsDb db, DirectoryRefresher refresher, TimeProvider clock)
{
    /// <summary>A worker that was not heard for so long is shown as silent, and another may take its name. Five heartbeats.</summary>
    public static readonly TimeSpan SilentAfter = TimeSpan.FromSeconds(10);

    public Task<List<WorkerEntry>> ListAsync(CancellationToken cancellationToken) =>
        db.Workers.AsNoTracking().OrderBy(worker => worker.Id).ToListAsync(cancellationToken);

    /// <summary>
    /// Takes over what a worker says of itself. False while a later start, or one that is heard, goes by the same name: two processes
    /// under one name would take turns in the directory.
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

    /// <summary>A worker stopped in order. False when it is not known, or was started again since.</summary>
    public async Task<bool> LeaveAsync(string id, WorkerLeaving leaving, CancellationToken cancellationToken)
    {
        var entry = await db.Workers.FindAsync([id], cancellationToken);
        if (entry is null || entry.StartedAt.UtcTicks / TimeSpan.TicksPerMicrosecond
            != leaving.StartedAt.UtcTicks / TimeSpan.TicksPerMicrosecond)
        {
            return false; // Postgres keeps microseconds.
        }

        (entry.LeftAt, entry.LogId, entry.LogEnd) = (clock.GetUtcNow(), leaving.Log.LogId, leaving.Log.Position);
        await db.SaveChangesAsync(cancellationToken);
        await refresher.RefreshAsync(cancellationToken);
        return true;
    }

    /// <summary>The operator's order to send a worker nothing new, or to send it requests again. False when it is not known.</summary>
    public async Task<bool> SetDrainedAsync(string id, bool drained, CancellationToken cancellationToken)
    {
        if (await db.Workers.FindAsync([id], cancellationToken) is not { } entry)
        {
            return false;
        }

        if (entry.Drained != drained)
        {
            entry.Drained = drained;
            await SaveAsync(drained ? "worker.drain" : "worker.undrain", id, cancellationToken);
        }

        return true;
    }

    /// <summary>The operator's word that a worker and its log are lost, so that Billing no longer waits to read it. A worker that is
    /// heard again registers anew. False when it is not known.</summary>
    public async Task<bool> ForgetAsync(string id, CancellationToken cancellationToken)
    {
        if (await db.Workers.FindAsync([id], cancellationToken) is not { } entry)
        {
            return false;
        }

        db.Workers.Remove(entry);
        await SaveAsync("worker.forget", id, cancellationToken);
        return true;
    }

    private async Task SaveAsync(string action, string id, CancellationToken cancellationToken)
    {
        db.AuditEntries.Add(new AuditEntry { At = clock.GetUtcNow(), Action = action, Subject = id });
        await db.SaveChangesAsync(cancellationToken);
        await refresher.RefreshAsync(cancellationToken);
    }
}
