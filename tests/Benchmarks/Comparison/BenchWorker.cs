using System.Net;
using Microsoft.Extensions.Options;
using Tollgate.Benchmarks.Peers;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Processes;
using Tollgate.ServiceDefaults.ServiceAuthentication;
using Tollgate.Testing;

namespace Tollgate.Benchmarks.Comparison;

/// <summary>
/// The stub worker, always at the same two ports, and the way to start this program's other peers. One caller at a time.
/// </summary>
/// <param name="folder">Takes the logs of the peers.</param>
/// <param name="bearers">Text of the bearer file of each service.</param>
internal sealed class BenchWorker(string folder, IPEndPoint address, IReadOnlyDictionary<string, string> bearers)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(2) };
    private ChildProcess? _child;

    public IPEndPoint Address => address;

    public int Http2Port { get; } = FreePort.Next();

    /// <summary>What a gateway of the cluster shows to a worker.</summary>
    public string GatewayBearer { get; } =
        new ServiceTokens(Options.Create(new ClusterOptions { Bearers = bearers["gateway"] })).For("inference");

    public int Id => _child?.Id ?? throw new InvalidOperationException("The worker does not run.");

    public async Task StartAsync()
    {
        _child = await StartPeerAsync("worker", Address.Port, new Dictionary<string, string>());
        await WaitUntilAsync(Address);
    }

    public async Task StopAsync()
    {
        if (_child is not null)
        {
            await _child.StopAsync(ChildSignal.Kill, TimeSpan.FromSeconds(10));
            _child.Dispose();
            _child = null;
        }
    }

    /// <summary>Starts this program again as one of its peers.</summary>
    public Task<ChildProcess> StartPeerAsync(string verb, int port, IReadOnlyDictionary<string, string> environment)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Tollgate.Benchmarks.dll");
        return ChildProcess.StartAsync(new ChildSpec(
            verb,
            ["dotnet", program, "peer", verb],
            new Dictionary<string, string>(environment)
            {
                [PeerHost.Port] = port.ToString(System.Globalization.CultureInfo.InvariantCulture),
                [PeerHost.Http2Port] = Http2Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
                [PeerHost.Bearers] = bearers[verb == "worker" ? "inference" : "gateway"],
            },
            Path.Combine(folder, verb + ".log")));
    }

    /// <summary>Waits until something answers at an address, whatever it says.</summary>
    public Task WaitUntilAsync(IPEndPoint server) => Until.TrueAsync(
        async () =>
        {
            try
            {
                using var response = await Http.GetAsync($"http://{server}/health/ready");
                return true;
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
            {
                return false;
            }
        },
        $"{server} answers; see the logs in {folder}",
        Patience);
}
