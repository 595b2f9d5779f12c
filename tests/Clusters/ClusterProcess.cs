using Tollgate.ServiceDefaults.Processes;

namespace Tollgate.Clusters;

/// <summary>
/// One part of a cluster, started as the container would be, that can be killed, stopped and continued, and started again with the same
/// settings. One caller at a time.
/// </summary>
public sealed class ClusterProcess(string name, Func<Task<ChildProcess>> start, Func<Task> waitUntilReady) : IAsyncDisposable
{
    private ChildProcess? _child;

    /// <summary>Held by whoever does something to it.</summary>
    public SemaphoreSlim Turn { get; } = new(1, 1);

    public string Name => name;

    public bool IsRunning => _child is { HasExited: false };

    public int Id => _child?.Id ?? throw new InvalidOperationException($"{name} was never started.");

    public async Task StartAsync()
    {
        await SpawnAsync();
        await waitUntilReady();
    }

    /// <summary>Starts it without waiting until it answers.</summary>
    public async Task SpawnAsync()
    {
        _child?.Dispose();
        _child = await start();
    }

    public Task WaitUntilReadyAsync() => waitUntilReady();

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public Task KillAsync() => _child!.StopAsync(ChildSignal.Kill, TimeSpan.FromSeconds(10));

    /// <summary>Ends it in order, with SIGTERM unless told otherwise.</summary>
    public Task StopAsync(ChildSignal signal = ChildSignal.Terminate, double seconds = 40) =>
        _child!.StopAsync(signal, TimeSpan.FromSeconds(seconds));

    /// <summary>SIGSTOP: it holds its sockets and does nothing.</summary>
    public void Freeze() => _child!.Send(ChildSignal.Stop);

    /// <summary>SIGCONT.</summary>
    public void Thaw() => _child!.Send(ChildSignal.Continue);

    public async ValueTask DisposeAsync()
    {
        if (_child is { } child)
        {
            await child.StopAsync(ChildSignal.Kill, TimeSpan.FromSeconds(10));
            child.Dispose();
        }

        Turn.Dispose();
    }
}
