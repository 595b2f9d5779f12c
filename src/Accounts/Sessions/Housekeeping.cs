using Tollgate.Accounts.CredentialLimits;

namespace Tollgate.Accounts.Sessions;

/// <summary>Drops old sessions and counters once an hour. Safe on several instances at once.</summary>
internal sealed partial class Housekeeping(IServiceScopeFactory scopes, TimeProvider clock, ILogger<Housekeeping> logger)
    : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await RunOnceAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // What is old stays old and is dropped an hour later.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogFailed(logger, exception.GetBaseException().Message);
            }
        }
    }

    private async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<SessionStore>().DropOldAsync(cancellationToken);
        await scope.ServiceProvider.GetRequiredService<CredentialLimiter>().DropExpiredAsync(cancellationToken);
    }

    [LoggerMessage(1, LogLevel.Warning, "Old sessions and counters were not dropped; next try in an hour. {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
