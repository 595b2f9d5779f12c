using Tollgate.Accounts.Database;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Accounts.Outbox;

/// <summary>Delivers the outbox in separate lanes, so that a hanging mail server cannot delay a revocation.</summary>
internal sealed partial class OutboxWorker(
    IServiceScopeFactory scopes, OutboxSignal signal, TimeProvider clock, ILogger<OutboxWorker> logger) : BackgroundService
{
    internal static readonly OutboxKind[][] Lanes =
        [[OutboxKind.Key, OutboxKind.Policy], [OutboxKind.Wallet], [OutboxKind.Mail], [OutboxKind.SignUp, OutboxKind.PasswordReset]];

    private readonly RepeatedCondition _unread = new("The outbox cannot be read", clock);

    private static readonly TimeSpan IdleDelay = TimeSpan.FromSeconds(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Enumerable.Range(0, Lanes.Length).Select(lane => RunLaneAsync(lane, stoppingToken)));

    private async Task RunLaneAsync(int lane, CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var delivered = await DeliverNextAsync(lane, stoppingToken);
                _unread.Ends(logger);
                if (!delivered)
                {
                    await signal.WaitAsync(lane, IdleDelay, clock, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // If a lane died, revocations would stay unpublished. The message stays and is retried.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                if (_unread.Begins(exception.Message))
                {
                    LogFailed(logger, exception.GetType().Name, exception.Message);
                }

                await Task.Delay(IdleDelay, clock, stoppingToken);
            }
        }
    }

    private async Task<bool> DeliverNextAsync(int lane, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<AccountsDb>().Scope = OrganizationScope.All; // Messages are about any organization.
        return await scope.ServiceProvider.GetRequiredService<OutboxDelivery>().DeliverNextAsync(Lanes[lane], cancellationToken);
    }

    [LoggerMessage(1, LogLevel.Error, "The outbox cannot be read: {Type}: {Reason}")]
    private static partial void LogFailed(ILogger logger, string type, string reason);
}
