using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Processes;

namespace Tollgate.Testing;

/// <summary>
/// A real Redis. <see cref="SharedAsync"/> is one for all tests of a process: use
/// organizations of your own. A test that kills or wipes it starts its own.
/// </summary>
public sealed class RedisServer : IAsyncDisposable
{
    private static readonly Lazy<Task<RedisServer>> Shared = new(() => StartAsync());
    private readonly PrivateRedis _redis;
    private readonly int _port;
    private ChildProcess _child;

    private RedisServer(PrivateRedis redis, int port, ChildProcess child)
    {
        _redis = redis;
        _port = port;
        _child = child;
    }

    public string ConnectionString => _redis.ConnectionString(_port);

    /// <summary>The running process, to be stopped and continued.</summary>
    public ChildProcess Process => _child;

    /// <summary>One server for all tests of this process.</summary>
    public static Task<RedisServer> SharedAsync() => Shared.Value;

    /// <summary>A server of this test alone.</summary>
    public static async Task<RedisServer> StartAsync()
    {
        var redis = new PrivateRedis(TestFolder.Create("redis"), "test");
        var port = FreePort.Next();
        return new RedisServer(redis, port, await redis.StartAsync(port, CancellationToken.None));
    }

    /// <summary>Kills it with SIGKILL; everything in it is lost.</summary>
    public Task KillAsync() => _child.StopAsync(ChildSignal.Kill, TimeSpan.FromSeconds(5));

    /// <summary>Starts it again on the same port, empty.</summary>
    public async Task RestartAsync()
    {
        await KillAsync();
        _child.Dispose();
        _child = await _redis.StartAsync(_port, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _child.Dispose();
    }
}
