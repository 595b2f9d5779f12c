using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;
using Tollgate.Gateway.Redis;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Gateway.Sweeping;

/// <summary>
/// Frees the concurrency and rate tokens that requests of a silent gateway hold; their money stays where it is. Every gateway runs one, a
/// lock in Redis lets one at a time pass over the organizations. A turn's work is bounded; what is left is done in the next ones. One
/// loop; its turn is a method that a test can call.
/// </summary>
internal sealed partial class HoldSweeper(
    TillSafety safety, HoldOwners owners, IOptions<SweeperOptions> options, TimeProvider clock,
    ILogger<HoldSweeper> logger)
    : RecurringWork(new Rhythm(HoldOwners.BeatEvery, IsBeat: true, StartsAtOnce: false), clock, logger)
{
    private const int MostScans = 20;          // In one turn: about 10,000 keys,
    private const int MostOrganizations = 500; // or 500 scripts of some 50 µs: a twentieth of Redis' time at most.
    private const int FieldsAtOnce = 500;
    private static readonly TimeSpan LockTime = TimeSpan.FromSeconds(10);
    private static readonly RedisKey LockKey = "tollgate:sweeper";

    private readonly EmbeddedScript _sweep = EmbeddedScript.Load("Sweep.lua");
    private readonly RedisValue _token = Guid.NewGuid().ToString("N");
    private readonly SilenceWatch _watch = new((int)Math.Ceiling(options.Value.SilentAfter / HoldOwners.BeatEvery));
    private Pass? _pass;
    private long _lastPass = clock.GetTimestamp();

    protected override string Failure => "The sweeper waits for Redis";

    /// <summary>Looks who lives, then goes on with the pass that is under way or begins one if there is a reason.</summary>
    /// <exception cref="RedisUnavailableException">The pass goes on in the next turn.</exception>
    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        _watch.Look(await owners.ReadAsync(cancellationToken));
        if (_pass is null && _watch.Silent.Count == 0 && Clock.GetElapsedTime(_lastPass) < options.Value.PassEvery)
        {
            return;
        }

        if (!await HoldLockAsync(cancellationToken))
        {
            (_pass, _lastPass) = (null, Clock.GetTimestamp()); // Another gateway's pass does it for all.
            return;
        }

        // A replica repeats what its primary holds.
        _pass ??= new Pass(_watch.Silent, (await safety.Redis.ListServersAsync(cancellationToken)).Where(server => !server.IsReplica));
        if (await GoOnAsync(_pass, cancellationToken))
        {
            await EndAsync(_pass, cancellationToken);
        }
    }

    protected override bool TryLogExpected(Exception exception, string reason)
    {
        if (exception is not (RedisUnavailableException or RedisException))
        {
            return false;
        }

        Log.Waits(logger, exception.Message);
        return true;
    }

    private Task<bool> HoldLockAsync(CancellationToken cancellationToken) => safety.Redis.CallAsync(
        new RedisCall("SET"),
        async db =>
        await db.LockExtendAsync(LockKey, _token, LockTime) || await db.LockTakeAsync(LockKey, _token, LockTime), cancellationToken);

    /// <summary>True when the pass has seen every organization.</summary>
    private async Task<bool> GoOnAsync(Pass pass, CancellationToken cancellationToken)
    {
        var done = 0;
        for (var scan = 0; scan < MostScans && done < MostOrganizations && pass.Servers.TryPeek(out var server); scan++)
        {
            (var next, var organizations) = await OrganizationScan.PageAsync(safety.Redis, server, pass.Cursor, cancellationToken);
            foreach (var organization in organizations)
            {
                await SweepAsync(pass, organization, cancellationToken);
                done++;
            }

            pass.Cursor = next;
            if (pass.Cursor == "0")
            {
                pass.Servers.Dequeue();
            }
        }

        return pass.Servers.Count == 0;
    }

    private async Task SweepAsync(Pass pass, string organization, CancellationToken cancellationToken)
    {
        var cursor = "0";
        do
        {
            var answer = await _sweep.RunAsync(
                safety,
                organization,
                [cursor, FieldsAtOnce, (long)options.Value.SilentAfter.TotalMilliseconds,
                    .. _watch.Living.Select(owner => (RedisValue)owner)],
                cancellationToken);
            cursor = (string)answer[0]!;
            pass.Swept += (long)answer[1];
            pass.Dropped += (long)answer[2];
            pass.Tombstones += (long)answer[3];
        }
        while (cursor != "0");
    }

    private async Task EndAsync(Pass pass, CancellationToken cancellationToken)
    {
        foreach (var owner in pass.SilentAtStart.Intersect(_watch.Silent))
        {
            await owners.LeaveAsync(owner, cancellationToken); // Until it beats again.
            Log.Silent(logger, owner);
        }

        (_pass, _lastPass) = (null, Clock.GetTimestamp());
        await safety.Redis.CallAsync(new RedisCall("DEL"), db => db.LockReleaseAsync(LockKey, _token), cancellationToken);
        if (pass.Swept + pass.Dropped + pass.Tombstones > 0)
        {
            Log.Swept(logger, pass.Swept, pass.Dropped, pass.Tombstones);
        }
    }

    /// <summary>One way over all organizations.</summary>
    private sealed class Pass(IReadOnlyCollection<string> silent, IEnumerable<IServer> servers)
    {
        public IReadOnlyCollection<string> SilentAtStart => silent;

        /// <summary>Those whose organizations were not all seen yet; the first one is being scanned.</summary>
        public Queue<IServer> Servers { get; } = new(servers);

        public string Cursor { get; set; } = "0";

        public long Swept { get; set; }

        public long Dropped { get; set; }

        public long Tombstones { get; set; }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "The sweeper waits for Redis: {Reason}")]
        public static partial void Waits(ILogger logger, string reason);

        [LoggerMessage(2, LogLevel.Warning,
            "Gateway {Owner} is silent; its requests no longer count against limits, their money stays held.")]
        public static partial void Silent(ILogger logger, string owner);

        [LoggerMessage(3, LogLevel.Information,
            "{Swept} holds swept, {Dropped} of older epochs dropped, {Tombstones} tombstones removed.")]
        public static partial void Swept(ILogger logger, long swept, long dropped, long tombstones);
    }
}
