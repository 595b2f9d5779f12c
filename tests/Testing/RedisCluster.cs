using System.Net.Sockets;
using System.Text;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Processes;

namespace Tollgate.Testing;

/// <summary>A real Redis Cluster of three primaries without replicas, for one test.</summary>
public sealed class RedisCluster : IAsyncDisposable
{
    private const string Password = "test";
    private const int Slots = 16_384;
    private readonly List<Node> _nodes = [];

    private RedisCluster()
    {
    }

    public string ConnectionString => string.Join(',', _nodes.Select(node => $"127.0.0.1:{node.Port}")) + $",password={Password}";

    /// <summary>Returns when all slots are served.</summary>
    public static async Task<RedisCluster> StartAsync()
    {
        var cluster = new RedisCluster();
        for (var i = 0; i < 3; i++)
        {
            var (port, bus) = (FreePort.Next(), FreePort.Next());
            var redis = new PrivateRedis(
                TestFolder.Create("redis-cluster"), Password, $"cluster-enabled yes\ncluster-config-file nodes.conf\ncluster-port {bus}\n");
            cluster._nodes.Add(new Node(redis, port, bus) { Child = await redis.StartAsync(port, CancellationToken.None) });
        }

        await cluster.JoinAsync();
        return cluster;
    }

    /// <summary>What one node answers to a command, as it comes over the wire.</summary>
    public async Task<string> AskAsync(int node, string command)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", _nodes[node].Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"AUTH {Password}\r\n{command}\r\nQUIT\r\n"));
        using var reader = new StreamReader(stream, Encoding.ASCII);
        return await reader.ReadToEndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.Child.StopAsync(ChildSignal.Kill, TimeSpan.FromSeconds(5));
            node.Child.Dispose();
        }
    }

    private async Task JoinAsync()
    {
        for (var i = 0; i < _nodes.Count; i++)
        {
            await AskAsync(i, $"CLUSTER ADDSLOTSRANGE {i * Slots / 3} {((i + 1) * Slots / 3) - 1}");
            await AskAsync(i, $"CLUSTER MEET 127.0.0.1 {_nodes[0].Port} {_nodes[0].Bus}");
        }

        for (var i = 0; i < _nodes.Count; i++)
        {
            var node = i;
            await Until.TrueAsync(
                async () => await AskAsync(node, "CLUSTER INFO") is var info && info.Contains("cluster_state:ok", StringComparison.Ordinal)
                    && info.Contains("cluster_known_nodes:3", StringComparison.Ordinal),
                "the cluster has formed",
                TimeSpan.FromSeconds(60));
        }
    }

    private sealed record Node(PrivateRedis Redis, int Port, int Bus)
    {
        public required ChildProcess Child { get; init; }
    }
}
