using Tollgate.ServiceDefaults.Processes;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Running;

/// <summary>Another user of the machine, <c>nobody</c>, who looks into a data folder. Only root can ask as somebody else.</summary>
internal sealed class OtherUser
{
    private static readonly string[] AsNobody = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "--"];
    private readonly ChildProcess _process;
    private readonly string _seen;

    private OtherUser(ChildProcess process, string seen) => (_process, _seen) = (process, seen);

    /// <summary>Looks again and again from now on.</summary>
    public static async Task<OtherUser> WatchAsync(string data)
    {
        var seen = Path.Combine(TestFolder.Create("other-user"), "seen");
        var process = await ChildProcess.StartAsync(new ChildSpec(
            "other user", [.. AsNobody, "/bin/sh", "-c", "while :; do find \"$0\" -readable 2>/dev/null; sleep 0.05; done", data],
            new Dictionary<string, string>(), seen));
        return new OtherUser(process, seen);
    }

    /// <summary>Paths that could be read at any moment since, one a line.</summary>
    public async Task<string> EndAsync()
    {
        await _process.StopAsync(ChildSignal.Kill, TimeSpan.FromSeconds(5));
        _process.Dispose();
        return await File.ReadAllTextAsync(_seen);
    }

    /// <summary>Runs a command as that user.</summary>
    public static Task<ProgramRun> RunAsync(params string[] command) => ProgramRun.RunAsync(AsNobody[0], [.. AsNobody[1..], .. command]);
}
