using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tollgate.Contracts.Workers;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.ServiceDefaults.Snapshots;

namespace Tollgate.Accounts.Fleet;

/// <summary>Reads the register of workers into the snapshot that gateways and Billing follow: at start, after a change here, and every
/// two seconds for changes elsewhere.</summary>
internal sealed partial class DirectoryRefresher(
    IServiceScopeFactory scopes, SnapshotPublisher<WorkerDirectory> publisher, TimeProvider clock, ILogger<DirectoryRefresher> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>A worker that was not heard for so long is forgotten: gateways keep their journals no longer either, so that nobody can
    /// need its log. 7 days.</summary>
    private static readonly TimeSpan ForgetAfter = TimeSpan.FromDays(7);

    /// <summary>How long this process listens before it forgets anybody: it may have been away itself.</summary>
    private static readonly TimeSpan ListensFirst = TimeSpan.FromMinutes(1);

    private readonly long _started = clock.GetTimestamp();

    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AccountsDb>();
        var workers = await db.Workers.AsNoTracking().ToListAsync(cancellationToken);
        publisher.Publish(new WorkerDirectory(
            [.. workers.OrderBy(worker => worker.Id, StringComparer.Ordinal).Select(worker => worker.ToDirectory())]));
    }

    /// <summary>Forgets those that were not heard for too long.</summary>
    public async Task ForgetAsync(CancellationToken cancellationToken)
    {
        if (clock.GetElapsedTime(_started) < ListensFirst)
        {
            return;
        }

        await using var scope = scopes.CreateAsyncScope();
        var oldest = clock.GetUtcNow() - ForgetAfter;
        await scope.ServiceProvider.GetRequiredService<AccountsDb>().Workers
            .Where(worker => worker.LastHeard < oldest).ExecuteDeleteAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var unread = new RepeatedCondition("The register of workers cannot be read", clock);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ForgetAsync(stoppingToken);
                await RefreshAsync(stoppingToken);
                unread.Ends(logger);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException or TimeoutException)
            {
                if (unread.Begins(exception.Message))
                {
                    LogUnread(logger, exception.Message);
                }
            }

            await Task.Delay(Interval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The register of workers cannot be read; gateways keep their copy. {Reason}")]
    private static partial void LogUnread(ILogger logger, string reason);
}
