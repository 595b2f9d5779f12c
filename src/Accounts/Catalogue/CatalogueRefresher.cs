using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tollgate.Contracts.Catalogue;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.ServiceDefaults.Snapshots;

namespace Tollgate.Accounts.Catalogue;

/// <summary>Reads the catalogue into the snapshot that gateways follow: at start, after a
/// change here, and every two seconds for changes elsewhere.</summary>
internal sealed partial class CatalogueRefresher(
    IServiceScopeFactory scopes, SnapshotPublisher<CatalogueSnapshot> publisher, TimeProvider clock, ILogger<CatalogueRefresher> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AccountsDb>();
        var aliases = await db.Aliases.AsNoTracking().OrderBy(a => a.Alias).ToListAsync(cancellationToken);
        var hidden = await db.HiddenModels.AsNoTracking().OrderBy(h => h.Model).Select(h => h.Model).ToListAsync(cancellationToken);
        var sorted = new SortedDictionary<string, string>(aliases.ToDictionary(a => a.Alias, a => a.Model), StringComparer.Ordinal);
        publisher.Publish(new CatalogueSnapshot(sorted, hidden));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var unread = new RepeatedCondition("The catalogue cannot be read", clock);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RefreshAsync(stoppingToken);
                unread.Ends(logger);
                await Task.Delay(Interval, clock, stoppingToken);
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

                await Task.Delay(Interval, clock, stoppingToken);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The catalogue cannot be read; gateways keep their copy. {Reason}")]
    private static partial void LogUnread(ILogger logger, string reason);
}
