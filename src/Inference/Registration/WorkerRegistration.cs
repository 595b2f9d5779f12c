using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Witness;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Inference.Registration;

/// <summary>
/// Sends a heartbeat to Accounts every two seconds, and at once when the worker begins to drain. At the end of a stop in order it sends
/// the goodbye, once Billing has read the worker's log or has had its time. Without Accounts the worker serves all the same.
/// </summary>
internal sealed partial class WorkerRegistration(
    AccountsDirectory directory, Draining draining, LogReader reader, IHostApplicationLifetime lifetime, TimeProvider clock,
    ILogger<WorkerRegistration> logger)
    : RecurringWork(new Rhythm(Interval), clock, logger), IHostedLifecycleService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FirstInterval = TimeSpan.FromMilliseconds(250); // Beat faster until registered.
    private static readonly TimeSpan HandOverTime = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);
    private const int FirstPatience = 40; // 10 s: Accounts may start after its workers.
    private volatile Standing _standing;
    private int _firstFailures;

    /// <summary>What Accounts answered last.</summary>
    private enum Standing
    {
        Unknown,
        Registered,
        Unheard,
        Refused,
    }

    /// <summary>Waits until Billing has read the log. Everything that ran has ended, and the listeners are still up.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        var started = Clock.GetTimestamp();
        while (_standing is Standing.Registered or Standing.Unheard && reader.IsBehind && Clock.GetElapsedTime(started) < HandOverTime)
        {
            await Task.Delay(LookInterval, Clock, cancellationToken);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await directory.LeaveAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            Log.LeftUnheard(logger, exception.Message);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Sends one heartbeat.</summary>
    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!await directory.BeatAsync(cancellationToken))
            {
                if (_standing != Standing.Refused)
                {
                    Log.NameTaken(logger, directory.WorkerId);
                }

                _standing = Standing.Refused;
                return;
            }

            if (_standing != Standing.Registered)
            {
                Log.Registered(logger, directory.WorkerId, directory.Address);
            }

            _standing = Standing.Registered;
        }
        catch (Exception exception) when (exception is HttpRequestException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            if (_standing is Standing.Registered or Standing.Refused
                || (_standing == Standing.Unknown && ++_firstFailures == FirstPatience))
            {
                Log.Unheard(logger, exception.Message);
                _standing = Standing.Unheard;
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The listeners, and with them the address, are up only then.
        await Task.Delay(Timeout.InfiniteTimeSpan, Clock, lifetime.ApplicationStarted).WaitAsync(stoppingToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        using var drains = draining.Beginning.Register(Wake);
        await base.ExecuteAsync(stoppingToken);
    }

    protected override TimeSpan PauseAfter(bool succeeded) =>
        _standing == Standing.Unknown || (_standing == Standing.Unheard && draining.Begun) ? FirstInterval : Interval;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Registered as {WorkerId} at {Address}.")]
        public static partial void Registered(ILogger logger, string workerId, string address);

        [LoggerMessage(2, LogLevel.Warning, "Accounts does not take heartbeats; gateways that know this worker keep it. {Reason}")]
        public static partial void Unheard(ILogger logger, string reason);

        [LoggerMessage(3, LogLevel.Error, "Another worker has the name {WorkerId}: give each its own Worker:Id.")]
        public static partial void NameTaken(ILogger logger, string workerId);

        [LoggerMessage(4, LogLevel.Information, "Accounts did not take the goodbye of this worker: {Reason}")]
        public static partial void LeftUnheard(ILogger logger, string reason);
    }
}
