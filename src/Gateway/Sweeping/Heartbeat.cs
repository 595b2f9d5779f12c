using Microsoft.Extensions.Logging;
using StackExchange.Redis;
using Tollgate.Gateway.Accounting;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Gateway.Sweeping;

/// <summary>Lets the other gateways know every second that this one lives and will end its own holds.</summary>
internal sealed partial class Heartbeat(HoldOwners owners, RequestJournal journal, TimeProvider clock, ILogger<Heartbeat> logger)
    : RecurringWork(new Rhythm(HoldOwners.BeatEvery, IsBeat: true, StartsAtOnce: false), clock, logger)
{
    private readonly HashSet<string> _ours = []; // More than one after the journal took a new identity: holds of the old one still run.

    protected override string Failure => "Heartbeats are not heard";

    /// <summary>One beat.</summary>
    /// <exception cref="RedisUnavailableException">It may not be recorded.</exception>
    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        _ours.Add(journal.Owner);
        foreach (var owner in _ours)
        {
            await owners.BeatAsync(owner, cancellationToken);
        }
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await TryRunOnceAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        foreach (var owner in _ours)
        {
            try
            {
                await owners.LeaveAsync(owner, cancellationToken);
            }
            catch (Exception exception) when (exception is RedisUnavailableException or RedisException)
            {
                Log.NotHeard(logger, exception.Message); // The beat expires by itself.
            }
        }
    }

    protected override bool TryLogExpected(Exception exception, string reason)
    {
        if (exception is not (RedisUnavailableException or RedisException))
        {
            return false;
        }

        Log.NotHeard(logger, exception.Message);
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "A heartbeat was not heard: {Reason}")]
        public static partial void NotHeard(ILogger logger, string reason);
    }
}
