using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Tollgate.LocalServers;

/// <summary>How to start a child.</summary>
/// <param name="Name">For messages and for the log's name.</param>
/// <param name="Command">Program and arguments. None of them is a secret: other users can read them.</param>
/// <param name="Environment">Added to this process' own.</param>
/// <param name="LogFile">Takes standard output and standard error, appended.</param>
/// <param name="OnParentDeath">What the child gets when this process dies, however it dies.</param>
/// <param name="RunAs">User to run as when this process is root; keeps the right to pass through folders that only root may enter.</param>
public sealed record ChildSpec(
    string Name, IReadOnlyList<string> Command, IReadOnlyDictionary<string, string> Environment, string LogFile,
    ChildSignal OnParentDeath = ChildSignal.Kill, string? RunAs = null);

/// <summary>Signals that children are sent, by their Linux numbers.</summary>
public enum ChildSignal
{
    Interrupt = 2,
    Quit = 3,
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}

/// <summary>
/// A child process that cannot outlive this one. The kernel ties that to the thread that made the child, so all children are made on one
/// thread that never ends.
/// </summary>
public sealed partial class ChildProcess : IDisposable
{
    private static readonly System.Collections.Concurrent.BlockingCollection<Action> Starts = StartLauncher();
    private readonly Process _process;

    private ChildProcess(string name, Process process)
    {
        Name = name;
        _process = process;
    }

    public string Name { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Exit code of a child that has ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Starts the child.</summary>
    /// <exception cref="InvalidOperationException">It could not be started.</exception>
    public static async Task<ChildProcess> StartAsync(ChildSpec spec)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Starts.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(StartInfo(spec)) ?? throw new InvalidOperationException($"{spec.Name} did not start."));
            }
            catch (Exception exception) when (exception is System.ComponentModel.Win32Exception or InvalidOperationException)
            {
                started.SetException(new InvalidOperationException($"{spec.Name} could not be started: {exception.Message}", exception));
            }
        });
        return new ChildProcess(spec.Name, await started.Task);
    }

    public Task WaitForExitAsync(CancellationToken cancellationToken = default) => _process.WaitForExitAsync(cancellationToken);

    /// <summary>Sends a signal; does nothing when the child is gone.</summary>
    public void Send(ChildSignal signal)
    {
        if (!_process.HasExited)
        {
            _ = Kill(_process.Id, (int)signal);
        }
    }

    /// <summary>Sends <paramref name="signal"/> and waits; kills the child when it takes longer than <paramref name="patience"/>.</summary>
    public async Task StopAsync(ChildSignal signal, TimeSpan patience)
    {
        Send(signal);
        try
        {
            await _process.WaitForExitAsync().WaitAsync(patience);
        }
        catch (TimeoutException)
        {
            Send(ChildSignal.Kill);
            await _process.WaitForExitAsync();
        }
    }

    public void Dispose() => _process.Dispose();

    private static ProcessStartInfo StartInfo(ChildSpec spec)
    {
        // The shell only opens the log and is then replaced, so the process id is the server's own.
        var info = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, WorkingDirectory = "/" };
        string[] head =
            ["-c", "exec \"$@\" >>\"$0\" 2>&1 </dev/null", spec.LogFile, "setpriv", "--pdeathsig", SignalName(spec.OnParentDeath)];
        string[] user = spec.RunAs is null || Environment.UserName != "root"
            ? []
            : ["--reuid", spec.RunAs, "--regid", spec.RunAs, "--init-groups",
                "--inh-caps", "+dac_override,+dac_read_search", "--ambient-caps", "+dac_override,+dac_read_search"];
        foreach (var argument in (IEnumerable<string>)[.. head, .. user, "--", .. spec.Command])
        {
            info.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in spec.Environment)
        {
            info.Environment[name] = value;
        }

        return info;
    }

    private static string SignalName(ChildSignal signal) => signal switch
    {
        ChildSignal.Interrupt => "INT",
        ChildSignal.Quit => "QUIT",
        ChildSignal.Terminate => "TERM",
        _ => "KILL",
    };

    private static System.Collections.Concurrent.BlockingCollection<Action> StartLauncher()
    {
        var starts = new System.Collections.Concurrent.BlockingCollection<Action>();
        new Thread(() =>
        {
            foreach (var start in starts.GetConsumingEnumerable())
            {
                start();
            }
        })
        { IsBackground = true, Name = "child launcher" }.Start();
        return starts;
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}
