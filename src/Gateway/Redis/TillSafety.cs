using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Gateway.Redis;

/// <summary>
/// Makes sure that the till's Redis keeps nothing over a restart: a till that came back from an old copy would spend money that was spent
/// before. Nothing is admitted until every server was seen to be so. They are looked at again every ten seconds, and before a server that
/// has forgotten our scripts, because it started or took another one's place, gets them again. Thread-safe.
/// </summary>
internal sealed partial class TillSafety(
    RedisConnection redis, IOptions<TillSafetyOptions> options, IHostApplicationLifetime lifetime, TimeProvider clock,
    ILogger<TillSafety> logger)
    : RecurringWork(new Rhythm(Interval, StartsAtOnce: false), clock, logger)
{
    private readonly RepeatedCondition _away = new("The till's Redis cannot be looked at", clock);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private long _lookedAt;
    private volatile bool _verified;
    private bool _stops;

    /// <summary>The Redis that holds the tills.</summary>
    public RedisConnection Redis => redis;

    /// <summary>Whether this process saw the till's Redis to be safe, or may ignore it by its settings.</summary>
    public bool IsVerified => _verified;

    /// <summary>Refuses to start on an unsafe Redis. One that is away is looked at when it is back.</summary>
    /// <exception cref="InvalidOperationException">The Redis keeps, evicts or replicates.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (await TryFindFaultAsync(cancellationToken) is { Length: > 0 } fault)
        {
            throw new InvalidOperationException(fault);
        }

        await base.StartAsync(cancellationToken);
    }

    /// <summary>Returns when all servers were seen to be safe by a look that began after this call.</summary>
    /// <exception cref="RedisUnavailableException">They were not, or one does not answer.</exception>
    public async Task LookAgainAsync(CancellationToken cancellationToken)
    {
        var asked = Clock.GetTimestamp();
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_lookedAt > asked && _verified)
            {
                return; // Somebody who waited too has done it.
            }

            var started = Clock.GetTimestamp();
            if (await TryFindFaultAsync(cancellationToken) is not "")
            {
                throw new RedisUnavailableException("The till's Redis was not yet seen to be safe.");
            }

            _lookedAt = started;
        }
        finally
        {
            _turn.Release();
        }
    }

    public override void Dispose()
    {
        _turn.Dispose();
        base.Dispose();
    }

    /// <summary>Looks at the servers once. Stops the gateway when one is unsafe.</summary>
    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await TryFindFaultAsync(cancellationToken) is { Length: > 0 } fault)
            {
                _verified = false;
                _stops = true;
                Log.Unsafe(logger, fault);
                lifetime.StopApplication();
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            _verified = false; // A look that failed in an unknown way proves nothing.
            throw;
        }
    }

    protected override TimeSpan PauseAfter(bool succeeded) => _stops ? Timeout.InfiniteTimeSpan : _verified ? Interval : RetryDelay;

    /// <summary>What makes the Redis unsafe; empty when it is safe, null when it does not answer.</summary>
    private async Task<string?> TryFindFaultAsync(CancellationToken cancellationToken)
    {
        if (options.Value.AllowUnsafeRedis)
        {
            _verified = true;
            return "";
        }

        try
        {
            var fault = await FindFaultAsync(cancellationToken);
            _verified = fault.Length == 0;
            _away.Ends(logger);
            return fault;
        }
        catch (Exception exception) when (exception is RedisUnavailableException or OperationCanceledException)
        {
            if (_away.Begins(exception.Message))
            {
                Log.Away(logger, exception.Message);
            }

            return null;
        }
        catch (RedisServerException exception)
        {
            return $"The till's Redis does not show its settings ({exception.Message}). Allow CONFIG GET, or set Till:AllowUnsafeRedis.";
        }
    }

    private async Task<string> FindFaultAsync(CancellationToken cancellationToken)
    {
        foreach (var server in await redis.ListServersAsync(cancellationToken))
        {
            if (await FindFaultAsync(server, cancellationToken) is { Length: > 0 } fault)
            {
                return fault;
            }
        }

        return "";
    }

    private async Task<string> FindFaultAsync(IServer server, CancellationToken cancellationToken)
    {
        (string Name, string Wanted)[] settings = [("save", ""), ("appendonly", "no"), ("maxmemory-policy", "noeviction")];
        foreach (var (name, wanted) in settings)
        {
            var answer = (RedisResult[])(await redis.CallAsync(
                new RedisCall("CONFIG GET"), server, it => it.ExecuteAsync("CONFIG", "GET", name), cancellationToken))!;
            var value = answer.Length == 2 ? (string?)answer[1] : null;
            if (value != wanted)
            {
                return $"The till's Redis has {name} \"{value}\" where \"{wanted}\" is needed: after a restart it must be empty, never "
                    + "old. Use a Redis of its own, or set Till:AllowUnsafeRedis and accept that money may be spent twice.";
            }
        }

        var role = (RedisResult[])(await redis.CallAsync(
            new RedisCall("ROLE"), server, it => it.ExecuteAsync("ROLE"), cancellationToken))!;
        return (string?)role[0] == "master" && ((RedisResult[])role[2]!).Length == 0
            ? ""
            : "The till's Redis is a replica or has one: promoted, it would be behind. Use one without replicas, "
                + "or set Till:AllowUnsafeRedis.";
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Critical, "This gateway stops: {Fault}")]
        public static partial void Unsafe(ILogger logger, string fault);

        [LoggerMessage(2, LogLevel.Information, "The till's Redis cannot be looked at yet: {Reason}")]
        public static partial void Away(ILogger logger, string reason);
    }
}
