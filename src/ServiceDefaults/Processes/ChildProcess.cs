using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Tollgate.ServiceDefaults.Processes;

/// <summary>How to start a child.</summary>
/// <param name="Name">For messages and log lines.</param>
/// <param name="Command">Program and arguments. Must not contain secrets, because other users can read them.</param>
/// <param name="Environment">
/// Added to this process' environment. The child gets none of this process' <c>TOLLGATE__…</c> settings, which may hold secrets.
/// </param>
/// <param name="LogFile">Receives standard output and standard error, appended. A new file gets mode 0600. Null: this process' own take
/// them.</param>
/// <param name="OnParentDeath">Signal for the child when this process dies, for any reason.</param>
/// <param name="RunAs">User to run as, without any capability, when this process is root; otherwise ignored.</param>
/// <param name="Folder">
/// A folder that the child reaches through <see cref="PathOf"/>, even if its user cannot enter the folders above.
/// </param>
public sealed record ChildSpec(
    string Name, IReadOnlyList<string> Command, IReadOnlyDictionary<string, string> Environment, string? LogFile,
    ChildSignal OnParentDeath = ChildSignal.Kill, string? RunAs = null, string? Folder = null)
{
    /// <summary>
    /// Returns the path by which a child that changes its user names its <see cref="Folder"/>: a descriptor that this process opened, so
    /// that no folder above must be open to that user. Without root, returns the path itself.
    /// </summary>
    public static string PathOf(string folder) => System.Environment.IsPrivilegedProcess ? "/proc/self/fd/3" : folder;
}

/// <summary>Signals for children, by their Linux numbers.</summary>
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
/// A child process that cannot outlive this one. The kernel ties the child's life to the thread that created it, so one thread that never
/// ends creates all children.
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

    /// <summary>Exit code of an ended child.</summary>
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

    /// <summary>Sends a signal; does nothing when the child has ended.</summary>
    public void Send(ChildSignal signal)
    {
        if (!_process.HasExited)
        {
            _ = Kill(_process.Id, (int)signal);
        }
    }

    /// <summary>Sends <paramref name="signal"/> and waits; kills the child after <paramref name="patience"/>.</summary>
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
        // The shell only opens the files and then replaces itself, so the process id is that of the server.
        var output = spec.LogFile is null ? "" : ">>\"$log\" 2>&1";
        var info = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, WorkingDirectory = "/" };
        string[] head =
        [
            "-c", $"umask 077; log=$0 folder=$1; shift; exec \"$@\" {output} </dev/null 3<\"$folder\"",
            spec.LogFile ?? "", spec.Folder ?? "/",
            "setpriv", "--pdeathsig", SignalName(spec.OnParentDeath),
        ];
        string[] user = spec.RunAs is null || !Environment.IsPrivilegedProcess ? [] : Unprivileged(spec.RunAs);
        foreach (var argument in (IEnumerable<string>)[.. head, .. user, "--", .. spec.Command])
        {
            info.ArgumentList.Add(argument);
        }

        foreach (var name in info.Environment.Keys
            .Where(name => name.StartsWith("TOLLGATE__", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            info.Environment.Remove(name);
        }

        foreach (var (name, value) in spec.Environment)
        {
            info.Environment[name] = value;
        }

        return info;
    }

    /// <summary>
    /// Arguments of <c>setpriv</c> that run as <paramref name="user"/> without capabilities and without a way to gain any.
    /// </summary>
    public static string[] Unprivileged(string user) =>
    [
        "--reuid", user, "--regid", user, "--init-groups", "--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all",
        "--no-new-privs",
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
