using Tollgate.LocalServers;

namespace Tollgate.AllInOne.Up;

/// <summary>
/// Keeps child processes running: one that ends is started again after a delay that grows from 100 ms to 5 s and is forgotten after 10
/// quiet seconds. Process ids are noted on disk with their start times, so that the next start can end what this one could not.
/// </summary>
internal sealed class Supervisor(DataFolder data, TimeProvider clock, Action<string> log) : IAsyncDisposable
{
    private static readonly TimeSpan ShortestDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<string, (ChildProcess Process, Task Watch)> _children = [];
    private readonly Lock _lock = new();

    /// <summary>Called after a child was started again, with every process id up to date.</summary>
    public event Action? Restarted;

    /// <summary>Ends what an earlier start left behind.</summary>
    public async Task EndLeftoversAsync()
    {
        foreach (var file in Directory.GetFiles(data.Folder("run"), "*.pid"))
        {
            if (ProcessIdentity.StillRunning(await File.ReadAllTextAsync(file)) is { } id)
            {
                log($"ending {Path.GetFileNameWithoutExtension(file)} (process {id}) of an earlier start");
                await EndAsync(id);
            }

            File.Delete(file);
        }
    }

    /// <summary>Starts a child and watches it from now on.</summary>
    public async Task StartAsync(string name, Func<CancellationToken, Task<ChildProcess>> start)
    {
        var child = await start(_stopping.Token);
        Note(name, child);
        lock (_lock)
        {
            _children[name] = (child, Task.CompletedTask);
            _children[name] = (child, WatchAsync(name, child, start));
        }
    }

    /// <summary>Process id of a child; null when there is none of that name.</summary>
    public int? IdOf(string name)
    {
        lock (_lock)
        {
            return _children.TryGetValue(name, out var child) ? child.Process.Id : null;
        }
    }

    /// <summary>Stops a child for good.</summary>
    public async Task StopAsync(string name, ChildSignal signal, TimeSpan patience)
    {
        await _stopping.CancelAsync();
        (ChildProcess Process, Task Watch) child;
        lock (_lock)
        {
            if (!_children.Remove(name, out child))
            {
                return;
            }
        }

        await child.Process.StopAsync(signal, patience);
        await child.Watch;
        File.Delete(data.At("run", name + ".pid"));
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        string[] names;
        lock (_lock)
        {
            names = [.. _children.Keys];
        }

        foreach (var name in names)
        {
            await StopAsync(name, ChildSignal.Kill, TimeSpan.FromSeconds(5));
        }

        _stopping.Dispose();
    }

    private async Task WatchAsync(string name, ChildProcess child, Func<CancellationToken, Task<ChildProcess>> start)
    {
        var delay = ShortestDelay;
        while (true)
        {
            var started = clock.GetTimestamp();
            await child.WaitForExitAsync();
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            delay = clock.GetElapsedTime(started) > Quiet ? ShortestDelay : delay;
            log($"{name} ended; starting it again");
            if (await StartAgainAsync(name, delay, start) is not { } again)
            {
                return;
            }

            child = again;
            delay = delay * 2 > LongestDelay ? LongestDelay : delay * 2;
        }
    }

    private async Task<ChildProcess?> StartAgainAsync(string name, TimeSpan delay, Func<CancellationToken, Task<ChildProcess>> start)
    {
        while (true)
        {
            try
            {
                await Task.Delay(delay, clock, _stopping.Token);
                var child = await start(_stopping.Token);
                Note(name, child);
                lock (_lock)
                {
                    _children[name] = (child, _children[name].Watch);
                }

                log($"{name} runs again (process {child.Id})");
                Restarted?.Invoke();
                return child;
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return null;
            }
            catch (Exception exception) when (exception is InvalidOperationException or MissingServerException or IOException)
            {
                log($"{name} did not start: {exception.Message}");
                delay = delay * 2 > LongestDelay ? LongestDelay : delay * 2;
            }
        }
    }

    private void Note(string name, ChildProcess child)
    {
        if (ProcessIdentity.Of(child.Id) is { } identity)
        {
            OwnerOnly.Write(Path.Combine(data.Folder("run"), name + ".pid"), identity);
        }
    }

    private async Task EndAsync(int processId)
    {
        using var process = System.Diagnostics.Process.GetProcessById(processId);
        process.Kill();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10), clock);
    }
}
