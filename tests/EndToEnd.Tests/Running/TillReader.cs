using StackExchange.Redis;

namespace Tollgate.EndToEnd.Tests.Running;

/// <summary>Looks into the till's Redis, beside the gateways.</summary>
internal sealed class TillReader : IAsyncDisposable
{
    private readonly ConnectionMultiplexer _redis;

    private TillReader(ConnectionMultiplexer redis) => _redis = redis;

    public static async Task<TillReader> OpenAsync(string connectionString) =>
        new(await ConnectionMultiplexer.ConnectAsync(connectionString));

    /// <summary>Holds of all organizations: fields <c>h:&lt;request id&gt;</c> of their hashes.</summary>
    public async Task<int> HoldsAsync()
    {
        var holds = 0;
        await foreach (var key in _redis.GetServers()[0].KeysAsync(pattern: "tollgate:{*}"))
        {
            holds += (await _redis.GetDatabase().HashKeysAsync(key)).Count(
                field => field.ToString().StartsWith("h:", StringComparison.Ordinal));
        }

        return holds;
    }

    public ValueTask DisposeAsync() => _redis.DisposeAsync();
}
