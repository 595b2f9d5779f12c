using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;
using Tollgate.Gateway.Journal;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Gateway.Sweeping;

/// <summary>Lets the other gateways know every second that this one lives and will end its own holds.</summary>
internal sealed partial class Heartbeat(HoldOwners owners, RequestJournal journal, TimeProvider clock, ILogger<Heartbeat> logger)
    : BackgroundService
{
    private readonly RepeatedCondition _unheard = new("Heartbeats are not heard", clock);
    private readonly HashSet<string> _ours = []; // More than one after the journal took a new identity: holds of the old one still run.

    /// <summary>One beat.</summary>
    /// <exception cref="RedisUnavailableException">Perhaps nobody heard it.</exception>
    public async Task BeatAsync(CancellationToken cancellationToken)
    {
        _ours.Add(journal.Owner);
        foreach (var owner in _ours)
        {
            await owners.BeatAsync(owner, cancellationToken);
        }
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await TryAsync(BeatAsync, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        foreach (var owner in _ours)
        {
            await TryAsync(token => owners.LeaveAsync(owner, token), cancellationToken);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(HoldOwners.BeatEvery, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryAsync(BeatAsync, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task TryAsync(Func<CancellationToken, Task> call, CancellationToken cancellationToken)
    {
        try
        {
            await call(cancellationToken);
            _unheard.Ends(logger);
        }
        catch (Exception exception) when (exception is RedisUnavailableException or RedisException)
        {
            if (_unheard.Begins(exception.Message))
            {
                Log.NotHeard(logger, exception.Message);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "A heartbeat was not heard: {Reason}")]
        public static partial void NotHeard(ILogger logger, string reason);
    }
}
