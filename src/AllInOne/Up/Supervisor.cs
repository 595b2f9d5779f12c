using Tollgate.Cli.Data;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Processes;

namespace Tollgate.AllInOne.Up;

/// <summary>
/// Keeps child processes running. Restarts an ended child after a delay that grows from 100 ms to 5 s and resets once the child has run
/// for 10 s. Records process ids with their start times on disk, so that the next start can end children that this one left.
/// </summary>
internal sealed class Supervisor(DataFolder data, TimeProvider clock, Action<string> log) : IAsyncDisposable
{
    private static readonly TimeSpan ShortestDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);
    private readonly Dictionary<string, Child> _children = [];
    private readonly Lock _lock = new();

    /// <summary>Raised after a child was restarted, when all process ids are current.</summary>
    public event Action? Restarted;

    /// <summary>Ends the children that an earlier start left.</summary>
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

    /// <summary>Starts a child and watches it.</summary>
    public async Task StartAsync(string name, Func<CancellationToken, Task<ChildProcess>> start)
    {
        var stopping = new CancellationTokenSource();
        var child = new Child(await start(stopping.Token), stopping);
        Note(name, child.Process);
        lock (_lock)
        {
            _children[name] = child;
        }

        child.Watch = WatchAsync(name, child, start);
    }

    /// <summary>Returns the process id of a child; null when there is no such child.</summary>
    public int? IdOf(string name)
    {
        lock (_lock)
        {
            return _children.TryGetValue(name, out var child) ? child.Process.Id : null;
        }
    }

    /// <summary>Stops a child for good. The others go on, and are started again when they end.</summary>
    public async Task StopAsync(string name, ChildSignal signal, TimeSpan patience)
    {
        Child? child;
        lock (_lock)
        {
            if (!_children.Remove(name, out child))
            {
                return;
            }
        }

        await child.Stopping.CancelAsync();
        await child.Process.StopAsync(signal, patience);
        await child.Watch;
        child.Stopping.Dispose();
        File.Delete(data.At("run", name + ".pid"));
    }

    public async ValueTask DisposeAsync()
    {
        string[] names;
        lock (_lock)
        {
            names = [.. _children.Keys];
        }

        foreach (var name in names)
        {
            await StopAsync(name, ChildSignal.Kill, TimeSpan.FromSeconds(5));
        }
    }

    private async Task WatchAsync(string name, Child child, Func<CancellationToken, Task<ChildProcess>> start)
    {
        var delay = ShortestDelay;
        while (true)
        {
            var started = clock.GetTimestamp();
            await child.Process.WaitForExitAsync();
            if (child.Stopping.IsCancellationRequested)
            {
                return;
            }

            delay = clock.GetElapsedTime(started) > Quiet ? ShortestDelay : delay;
            log($"{name} ended; starting it again");
            if (!await StartAgainAsync(name, child, delay, start))
            {
                return;
            }

            delay = delay * 2 > LongestDelay ? LongestDelay : delay * 2;
        }
    }

    /// <summary>False when the child is to be stopped.</summary>
    private async Task<bool> StartAgainAsync(string name, Child child, TimeSpan delay, Func<CancellationToken, Task<ChildProcess>> start)
    {
        while (true)
        {
            try
            {
                await Task.Delay(delay, clock, child.Stopping.Token);
                var process = await start(child.Stopping.Token);
                if (!TryReplace(name, child, process))
                {
                    await process.StopAsync(ChildSignal.Kill, TimeSpan.FromSeconds(5));
                    return false;
                }

                Note(name, process);
                log($"{name} runs again (process {child.Process.Id})");
                Restarted?.Invoke();
                return true;
            }
            catch (OperationCanceledException) when (child.Stopping.IsCancellationRequested)
            {
                return false;
            }
            catch (Exception exception) when (exception is InvalidOperationException or MissingServerException or IOException)
            {
                log($"{name} did not start: {exception.Message}");
                delay = delay * 2 > LongestDelay ? LongestDelay : delay * 2;
            }
        }
    }

    /// <summary>False when the child was stopped meanwhile.</summary>
    private bool TryReplace(string name, Child child, ChildProcess process)
    {
        lock (_lock)
        {
            if (!_children.ContainsKey(name))
            {
                return false;
            }

            child.Process = process;
            return true;
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

    /// <summary>A child that is kept running.</summary>
    private sealed class Child(ChildProcess process, CancellationTokenSource stopping)
    {
        /// <summary>The present process; another one after a restart.</summary>
        public ChildProcess Process { get; set; } = process;

        public Task Watch { get; set; } = Task.CompletedTask;

        public CancellationTokenSource Stopping { get; } = stopping;
    }
}
