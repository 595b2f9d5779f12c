using System.Net;
using Tollgate.Benchmarks.Peers;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Processes;

namespace Tollgate.Benchmarks.Comparison;

/// <summary>A process whose costs are counted.</summary>
/// <param name="InTheMiddle">It is the one between client and worker.</param>
internal sealed record MeasuredProcess(string Name, int Id, bool InTheMiddle);

/// <summary>One way from the client to the worker. Started anew for each round. One caller at a time.</summary>
internal abstract class Target(string name, BenchWorker worker) : IAsyncDisposable
{
    /// <summary>Short name in tables and files.</summary>
    public string Name => name;

    /// <summary>Where the client sends its requests.</summary>
    public abstract IPEndPoint Address { get; }

    /// <summary>What the client shows as bearer.</summary>
    public abstract string Bearer { get; }

    /// <summary>Processes that run for this target besides the worker.</summary>
    public abstract IReadOnlyList<MeasuredProcess> Processes { get; }

    protected BenchWorker Worker => worker;

    /// <summary>Starts the worker and what this target needs, and waits until it answers.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await worker.StartAsync();
        await StartOwnAsync(cancellationToken);
    }

    public async Task StopAsync()
    {
        await StopOwnAsync();
        await worker.StopAsync();
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    protected abstract Task StartOwnAsync(CancellationToken cancellationToken);

    protected abstract Task StopOwnAsync();
}

/// <summary>The client calls the worker itself: what everything else is compared with.</summary>
internal sealed class DirectTarget(BenchWorker worker) : Target("direct", worker)
{
    public override IPEndPoint Address => Worker.Address;

    public override string Bearer => Worker.GatewayBearer;

    public override IReadOnlyList<MeasuredProcess> Processes => [];

    protected override Task StartOwnAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override Task StopOwnAsync() => Task.CompletedTask;
}

/// <summary>A bare Kestrel + HttpClient process, with or without one Redis script.</summary>
internal sealed class PassThroughTarget(string name, BenchWorker worker, PassThroughPlan plan) : Target(name, worker)
{
    private readonly PrivateRedis? _redis = plan.RedisFolder is { } folder ? new PrivateRedis(folder, "bench") : null;
    private readonly List<ChildProcess> _children = [];
    private readonly List<MeasuredProcess> _processes = [];
    private IPEndPoint _address = new(IPAddress.Loopback, 0);

    public override IPEndPoint Address => _address;

    public override string Bearer => "none";

    public override IReadOnlyList<MeasuredProcess> Processes => _processes;

    protected override async Task StartOwnAsync(CancellationToken cancellationToken)
    {
        _address = new IPEndPoint(IPAddress.Loopback, FreePort.Next());
        var environment = new Dictionary<string, string>(plan.Environment)
        {
            [PeerHost.Worker] = plan.Http2 ? $"http://127.0.0.1:{Worker.Http2Port}" : $"http://{Worker.Address}",
        };
        if (_redis is not null)
        {
            var port = FreePort.Next();
            Add("redis", await _redis.StartAsync(port, cancellationToken), inTheMiddle: false);
            environment[PeerHost.Redis] = _redis.ConnectionString(port);
        }

        Add("pass-through", await Worker.StartPeerAsync("pass-through", _address.Port, environment), inTheMiddle: true);
        await Worker.WaitUntilAsync(_address);
    }

    protected override async Task StopOwnAsync()
    {
        foreach (var child in _children)
        {
            await child.StopAsync(ChildSignal.Kill, TimeSpan.FromSeconds(10));
            child.Dispose();
        }

        _children.Clear();
        _processes.Clear();
    }

    private void Add(string process, ChildProcess child, bool inTheMiddle)
    {
        _children.Add(child);
        _processes.Add(new MeasuredProcess(process, child.Id, inTheMiddle));
    }
}

/// <summary>How a pass-through runs.</summary>
/// <param name="RedisFolder">Where its Redis lies; null for none.</param>
/// <param name="Http2">HTTP/2 without TLS to the worker instead of HTTP/1.1.</param>
internal sealed record PassThroughPlan(string? RedisFolder, bool Http2, IReadOnlyDictionary<string, string> Environment);
