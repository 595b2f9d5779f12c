using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Tollgate.LocalServers;

/// <summary>How to start a child.</summary>
/// <param name="Name">For messages and for the log's name.</param>
/// <param name="Command">Program and arguments. None of them is a secret: other users can read them.</param>
/// <param name="Environment">Added to this process' own, of which the child gets no <c>TOLLGATE__…</c> setting: they may hold secrets.</param>
/// <param name="LogFile">Takes standard output and standard error, appended. Mode 0600 when it is new.</param>
/// <param name="OnParentDeath">What the child gets when this process dies, however it dies.</param>
/// <param name="RunAs">User to run as, without any capability, when this process is root; ignored otherwise.</param>
/// <param name="Folder">A folder that the child reaches by <see cref="PathOf"/>, even where its user cannot enter the folders above.</param>
public sealed record ChildSpec(
    string Name, IReadOnlyList<string> Command, IReadOnlyDictionary<string, string> Environment, string LogFile,
    ChildSignal OnParentDeath = ChildSignal.Kill, string? RunAs = null, string? Folder = null)
{
    /// <summary>
    /// How a child that changes its user names its <see cref="Folder"/>: by a descriptor that this process opened, so that no folder above
    /// has to be open to that user. Elsewhere the path itself.
    /// </summary>
    public static string PathOf(string folder) => System.Environment.IsPrivilegedProcess ? "/proc/self/fd/3" : folder;
}

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
        // The shell only opens the files and is then replaced, so the process id is the server's own.
        var info = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, WorkingDirectory = "/" };
        string[] head =
        [
            "-c", "umask 077; log=$0 folder=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null 3<\"$folder\"", spec.LogFile, spec.Folder ?? "/",
            "setpriv", "--pdeathsig", SignalName(spec.OnParentDeath),
        ];
        string[] user = spec.RunAs is null || !Environment.IsPrivilegedProcess ? [] : Unprivileged(spec.RunAs);
        foreach (var argument in (IEnumerable<string>)[.. head, .. user, "--", .. spec.Command])
        {
            info.ArgumentList.Add(argument);
        }

        foreach (var name in info.Environment.Keys.Where(name => name.StartsWith("TOLLGATE__", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            info.Environment.Remove(name);
        }

        foreach (var (name, value) in spec.Environment)
        {
            info.Environment[name] = value;
        }

        return info;
    }

    /// <summary>Arguments of <c>setpriv</c> for <paramref name="user"/> with no capability and no way to get one.</summary>
    public static string[] Unprivileged(string user) =>
    [
        "--reuid", user, "--regid", user, "--init-groups", "--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all", "--no-new-privs",
    ];

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
