using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Billing.Work;

/// <summary>A step that runs now and again for ever; a test calls the step without loop or clock.</summary>
internal abstract partial class RecurringWork(TimeSpan pause, TimeProvider clock, ILogger logger) : BackgroundService
{
    /// <summary>Does what is due. Safe to run on several instances at once and to be cut off anywhere.</summary>
    public abstract Task RunOnceAsync(CancellationToken cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var fails = new RepeatedCondition($"{GetType().Name} fails", clock);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunOnceAsync(stoppingToken);
                fails.Ends(logger);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // A loop that dies stops its work until the next restart; what is due stays due and is tried again.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                var reason = exception.GetBaseException().Message;
                if (fails.Begins(reason))
                {
                    // While Postgres is away every step fails alike, and the stack says nothing more.
                    LogFailed(logger, PostgresOutage.Is(exception) ? null : exception, GetType().Name, pause, reason);
                }
            }

            await Task.Delay(pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(1, LogLevel.Error, "{Work} failed; next try in {Pause}. {Reason}")]
    private static partial void LogFailed(ILogger logger, Exception? exception, string work, TimeSpan pause, string reason);
}
