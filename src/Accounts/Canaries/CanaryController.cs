using Npgsql;
using Tollgate.Accounts.Fleet;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Accounts.Canaries;

/// <summary>Advances the running canaries every two seconds. Every instance does; the change of a plan lets one of them act.</summary>
internal sealed partial class CanaryController(IServiceScopeFactory scopes, TimeProvider clock, ILogger<CanaryController> logger)
    : RecurringWork(new Rhythm(TimeSpan.FromSeconds(2)), clock, logger)
{
    protected override string Failure => "Canaries cannot be advanced";

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var running = await scope.ServiceProvider.GetRequiredService<CanaryDesk>().RunningAsync(cancellationToken);
        if (running.Count == 0)
        {
            return;
        }

        var (_, workers) = await scope.ServiceProvider.GetRequiredService<FleetView>().ReadAsync(cancellationToken);
        var installed = new InstalledModels(workers);
        foreach (var canary in running)
        {
            await using var own = scopes.CreateAsyncScope();
            if (await own.ServiceProvider.GetRequiredService<CanaryDesk>().AdvanceAsync(canary, installed, cancellationToken))
            {
                LogAdvanced(logger, canary.Model, canary.Version);
            }
        }
    }

    protected override bool TryLogExpected(Exception exception, string reason)
    {
        if (exception is not (NpgsqlException or InvalidOperationException or TimeoutException))
        {
            return false;
        }

        LogStopped(logger, reason);
        return true;
    }

    [LoggerMessage(1, LogLevel.Information, "The canary of {Model} with version {Version} took a step.")]
    private static partial void LogAdvanced(ILogger logger, string model, string version);

    [LoggerMessage(2, LogLevel.Warning, "Canaries stay as they are. {Reason}")]
    private static partial void LogStopped(ILogger logger, string reason);
}
