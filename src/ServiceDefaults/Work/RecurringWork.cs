using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.ServiceDefaults.Work;

/// <summary>
/// The one form of a background loop: runs a step again and again until the service stops. A failed step is logged when the failure begins
/// and when it ends, and the step runs again; only a stop ends the loop. Tests call the step directly, without loop or clock.
/// </summary>
public abstract partial class RecurringWork(Rhythm rhythm, TimeProvider clock, ILogger logger) : BackgroundService
{
    private RepeatedCondition? _fails;
    private TaskCompletionSource _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// Does what is due. Must be safe to be interrupted anywhere. It never runs twice at once in the loop, but other instances of the
    /// service run it too.
    /// </summary>
    public abstract Task RunOnceAsync(CancellationToken cancellationToken);

    /// <summary>The clock that times the loop.</summary>
    protected TimeProvider Clock => clock;

    /// <summary>The failure as the log shows it when it is over, such as "The catalogue cannot be read".</summary>
    protected virtual string Failure => $"{GetType().Name} fails";

    /// <summary>Runs the step and logs a failure. Returns whether it succeeded.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    protected async Task<bool> TryRunOnceAsync(CancellationToken cancellationToken)
    {
        var fails = _fails ??= new RepeatedCondition(Failure, clock);
        try
        {
            await RunOnceAsync(cancellationToken);
            fails.Ends(logger);
            return true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // A loop that dies stops its work until the next restart; what is due stays due and is tried again.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            var reason = exception.GetBaseException().Message;
            if (fails.Begins(reason) && !TryLogExpected(exception, reason))
            {
                // While Postgres is down, every step fails for the same reason and the stack adds nothing.
                LogFailed(logger, PostgresOutage.Is(exception) ? null : exception, GetType().Name, reason);
            }

            return false;
        }
    }

    /// <summary>
    /// Logs a failure that this work expects, such as an unreachable service, in its own words. Called for the first failure of each
    /// reason.
    /// </summary>
    /// <param name="reason">Message of the innermost exception.</param>
    /// <returns>False for an unexpected failure, which the base logs as an error.</returns>
    protected virtual bool TryLogExpected(Exception exception, string reason) => false;

    /// <summary>
    /// Pause before the next run, for work without a beat. Default is the rhythm's interval. Zero runs again at once,
    /// <see cref="Timeout.InfiniteTimeSpan"/> waits for <see cref="Wake"/> or the stop.
    /// </summary>
    protected virtual TimeSpan PauseAfter(bool succeeded) => rhythm.Interval;

    /// <summary>
    /// Ends the present pause, or the one after the present run. For work without a beat. Thread-safe.
    /// </summary>
    protected void Wake() => Volatile.Read(ref _woken).TrySetResult();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var beat = rhythm.IsBeat ? new PeriodicTimer(rhythm.Interval, clock) : null;
        try
        {
            if (!rhythm.StartsAtOnce)
            {
                await WaitAsync(beat, PauseAfter(succeeded: true), stoppingToken);
            }

            while (!stoppingToken.IsCancellationRequested)
            {
                Volatile.Write(ref _woken, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
                var succeeded = await TryRunOnceAsync(stoppingToken);
                await WaitAsync(beat, PauseAfter(succeeded), stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task WaitAsync(PeriodicTimer? beat, TimeSpan pause, CancellationToken stoppingToken)
    {
        if (beat is not null)
        {
            await beat.WaitForNextTickAsync(stoppingToken);
        }
        else if (pause != TimeSpan.Zero)
        {
            // Suppresses the timeout, which is the normal end of a pause.
            await _woken.Task.WaitAsync(pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(1001, LogLevel.Error, "{Work} failed and is tried again. {Reason}")]
    private static partial void LogFailed(ILogger logger, Exception? exception, string work, string reason);
}
