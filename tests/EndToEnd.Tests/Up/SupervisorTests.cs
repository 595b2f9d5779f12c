using Tollgate.AllInOne.Up;
using Tollgate.Cli.Data;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Processes;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Up;

public sealed class SupervisorTests
{
    private readonly DataFolder _data = new(new DirectoryInfo(TestFolder.Create("supervisor")));

    [Fact]
    public async Task Stopping_one_child_leaves_the_others_watched()
    {
        await using var supervisor = new Supervisor(_data, TimeProvider.System, _ => { });
        await supervisor.StartAsync("one", _ => SleepAsync("one"));
        await supervisor.StartAsync("two", _ => SleepAsync("two"));
        var first = supervisor.IdOf("two")!.Value;

        await supervisor.StopAsync("one", ChildSignal.Terminate, TimeSpan.FromSeconds(5));
        System.Diagnostics.Process.GetProcessById(first).Kill();
        await Until.TrueAsync(() => supervisor.IdOf("two") is { } id && id != first && ProcessIdentity.IsRunning(id), "two runs again");

        Assert.Null(supervisor.IdOf("one"));
        Assert.False(File.Exists(_data.At("run", "one.pid")));
    }

    [Fact]
    public async Task Children_of_an_earlier_start_are_ended()
    {
        await using var supervisor = new Supervisor(_data, TimeProvider.System, _ => { });
        var left = await SleepAsync("left");
        OwnerOnly.Write(Path.Combine(_data.Folder("run"), "left.pid"), ProcessIdentity.Of(left.Id)!);
        var reused = $"{Environment.ProcessId} 1"; // The id belongs to another process by now.
        OwnerOnly.Write(Path.Combine(_data.Folder("run"), "other.pid"), reused);

        await supervisor.EndLeftoversAsync();

        await left.WaitForExitAsync();
        Assert.Empty(Directory.GetFiles(_data.Folder("run"), "*.pid"));
    }

    private Task<ChildProcess> SleepAsync(string name) => ChildProcess.StartAsync(
        new ChildSpec(name, ["sleep", "300"], new Dictionary<string, string>(), Path.Combine(_data.Folder("logs"), name + ".log")));
}
