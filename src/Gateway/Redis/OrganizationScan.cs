using StackExchange.Redis;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Gateway.Redis;

/// <summary>The organizations that a Redis server has.</summary>
internal static class OrganizationScan
{
    private const int KeysAtOnce = 500;

    /// <summary>One page of the keys of their hashes. A key is seen at least once by a scan that goes on until its cursor is 0
    /// again.</summary>
    /// <param name="cursor">0 at first, then what the page before returned.</param>
    /// <exception cref="RedisUnavailableException">No answer.</exception>
    public static async Task<(string Next, string[] Organizations)> PageAsync(
        RedisConnection redis, IServer server, string cursor, CancellationToken cancellationToken)
    {
        var answer = (RedisResult[])(await redis.CallAsync(
            new RedisCall("SCAN"),
            server,
            it => it.ExecuteAsync("SCAN", cursor, "MATCH", "tollgate:{*}", "COUNT", KeysAtOnce, "TYPE", "hash"),
            cancellationToken))!;
        return ((string)answer[0]!, (string[])answer[1]!);
    }
}
