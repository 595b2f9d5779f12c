using StackExchange.Redis;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Gateway.Sweeping;

/// <summary>
/// Which gateways live, as Redis knows it: a set of all owners of holds, and for each
/// living one a key that dies when it is not renewed. Thread-safe.
/// </summary>
internal sealed class HoldOwners(RedisConnection redis)
{
    /// <summary>Pause between two beats, and between two looks.</summary>
    public static readonly TimeSpan BeatEvery = TimeSpan.FromSeconds(1);

    private const string Known = "tollgate:owners";
    // The last hold is at most 1 s younger than the last beat, so it has aged past the silence window when swept.
    private static readonly TimeSpan BeatLives = TimeSpan.FromSeconds(2.5);

    /// <summary>Records that an owner lives.</summary>
    /// <exception cref="RedisUnavailableException">It may not be recorded.</exception>
    public Task BeatAsync(string owner, CancellationToken cancellationToken) => redis.CallAsync(
        new RedisCall("SADD"),
        async db =>
        {
            var known = db.SetAddAsync(Known, owner);
            await db.StringSetAsync(BeatOf(owner), "1", BeatLives);
            return await known;
        },
        cancellationToken);

    /// <summary>Records that an owner is gone for good.</summary>
    /// <exception cref="RedisUnavailableException">It may not be recorded.</exception>
    public Task LeaveAsync(string owner, CancellationToken cancellationToken) => redis.CallAsync(
        new RedisCall("SREM"),
        async db =>
        {
            var known = db.SetRemoveAsync(Known, owner);
            await db.KeyDeleteAsync(BeatOf(owner));
            return await known;
        },
        cancellationToken);

    /// <summary>All known owners, and whether each was heard of late.</summary>
    /// <exception cref="RedisUnavailableException">No answer.</exception>
    public Task<IReadOnlyList<(string Owner, bool Heard)>> ReadAsync(CancellationToken cancellationToken) =>
        redis.CallAsync<IReadOnlyList<(string, bool)>>(
            new RedisCall("SMEMBERS"),
            async db =>
            {
                var owners = await db.SetMembersAsync(Known);
                var heard = await Task.WhenAll(owners.Select(owner => db.KeyExistsAsync(BeatOf(owner.ToString()))));
                return [.. owners.Select((owner, i) => (owner.ToString(), heard[i]))];
            },
            cancellationToken);

    private static RedisKey BeatOf(string owner) => "tollgate:beat:" + owner;
}
