using System.Globalization;
using System.Net;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>Models of a group run in a process of their own: a crash takes them alone, and comes to an end by itself.</summary>
[Collection(KillableTollgate.Name)]
public sealed class GroupTests(KillableTollgate killable)
{
    private const string Group = "risky";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_crash_takes_the_models_of_one_group_alone()
    {
        var running = await GroupedAsync();
        using var client = running.Client();
        var victim = ProcessOfGroup()!.Value;
        Assert.NotEqual(running.Endpoints.Pids.Worker, victim);
        var streams = await Task.WhenAll(Enumerable.Range(0, 4).Select(
            _ => client.StreamAsync(Prompts.Completions, Prompts.Endless(stream: true))));
        await Task.WhenAll(streams.Select(stream => stream.ReadTokensAsync(4)));

        await RunningTollgate.SignalAsync(victim, "KILL");

        Assert.All(await Task.WhenAll(streams.Select(stream => stream.ReadToEndAsync())), stream => Assert.True(stream.Ended));
        await Until.TrueAsync(async () => (await AskAsync(client)) == HttpStatusCode.OK, "the group answers again", Patience);
        Assert.NotEqual(victim, ProcessOfGroup());
        await running.Books.AssertAgreeAsync();
        foreach (var stream in streams)
        {
            stream.Dispose();
        }
    }

    [Fact]
    public async Task A_process_that_hangs_is_started_again_and_the_other_models_notice_nothing()
    {
        var running = await GroupedAsync();
        using var client = running.Client();
        var victim = ProcessOfGroup()!.Value;
        using var cut = await client.StreamAsync(Prompts.Completions, Prompts.Endless(stream: true, model: Group));
        using var whole = await client.StreamAsync(Prompts.Completions, Prompts.Endless(stream: true));
        await Task.WhenAll(cut.ReadTokensAsync(4), whole.ReadTokensAsync(4));

        await RunningTollgate.SignalAsync(victim, "STOP");

        Assert.True((await whole.ReadToEndAsync()).Ended);
        Assert.False((await cut.ReadToEndAsync()).Ended); // With the error of a crash.
        await Until.TrueAsync(async () => (await AskAsync(client)) == HttpStatusCode.OK, "the group answers again", Patience);
        Assert.NotEqual(victim, ProcessOfGroup());
        Assert.False(Directory.Exists($"/proc/{victim}"));
        Assert.Contains("hangs and is killed: it does not answer its health calls", WorkersLog(running), StringComparison.Ordinal);
        await running.Books.AssertAgreeAsync();
    }

    [Fact]
    public async Task A_worker_that_stood_still_leaves_the_processes_of_its_groups_alone()
    {
        var running = await GroupedAsync();
        using var client = running.Client();
        var (worker, child) = (running.Endpoints.Pids.Worker, ProcessOfGroup()!.Value);

        await RunningTollgate.SignalAsync(worker, "STOP");
        await Task.Delay(TimeSpan.FromSeconds(15), TimeProvider.System); // Half as much again as the patience.
        await RunningTollgate.SignalAsync(worker, "CONT");
        await Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System); // Time for two looks and their consequence.

        Assert.Equal(child, ProcessOfGroup());
        await Until.TrueAsync(async () => (await AskAsync(client)) == HttpStatusCode.OK, "the group answers", Patience);
        Assert.Equal(child, ProcessOfGroup());
    }

    [Fact]
    public async Task The_process_of_a_group_does_not_outlive_the_worker()
    {
        var running = await GroupedAsync();
        var (worker, child) = (running.Endpoints.Pids.Worker, ProcessOfGroup()!.Value);
        await RunningTollgate.SignalAsync(child, "STOP"); // One that hangs must end too.

        await RunningTollgate.SignalAsync(worker, "KILL");

        await Until.TrueAsync(() => !Directory.Exists($"/proc/{child}"), "the process is gone", TimeSpan.FromSeconds(10));
        using var client = running.Client();
        await Until.TrueAsync(async () => (await AskAsync(client)) == HttpStatusCode.OK, "the group answers again", Patience);
        Assert.NotEqual(child, ProcessOfGroup());
    }

    [Fact]
    public async Task A_stop_lets_the_streams_of_a_group_end()
    {
        var running = await GroupedAsync();
        var (worker, child) = (running.Endpoints.Pids.Worker, ProcessOfGroup()!.Value);
        using var client = running.Client();
        using var stream = await client.StreamAsync(Prompts.Completions, Prompts.Endless(stream: true, model: Group));
        await stream.ReadTokensAsync(4);

        await RunningTollgate.SignalAsync(worker, "TERM");

        Assert.True((await stream.ReadToEndAsync()).Ended);
        await Until.TrueAsync(() => !Directory.Exists($"/proc/{child}"), "the process is gone", Patience);
    }

    private static string WorkersLog(RunningTollgate running) => File.ReadAllText(Path.Combine(running.Data, "logs", "worker.log"));

    private static async Task<HttpStatusCode> AskAsync(ApiClient client) =>
        (await client.PostAsync(Prompts.Chat, Prompts.France(model: Group))).Status;

    /// <summary>The system with a model in a group, which answers.</summary>
    private async Task<RunningTollgate> GroupedAsync()
    {
        var running = await killable.AliveAsync();
        if (!Directory.Exists(Path.Combine(running.Data, "models", Group)))
        {
            (await running.Commands.RunAsync(
                "models", "import", Path.Combine(SharedFiles.Repository, "models", "tiny-assistant", "tiny-assistant.gguf"),
                "--name", Group, "--group", Group, "--price-in", "0.02", "--price-out", "0.04")).Succeeded();
        }

        using var client = running.Client();
        await Until.TrueAsync(async () => (await AskAsync(client)) == HttpStatusCode.OK, "the group answers", Patience);
        return running;
    }

    /// <summary>Process id of the group's worker; null when none runs.</summary>
    private static int? ProcessOfGroup() => Directory.EnumerateDirectories("/proc")
        .Where(folder => int.TryParse(Path.GetFileName(folder), out _) && CommandOf(folder).Contains($"Models:Group={Group}\0"))
        .Select(folder => (int?)int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture)).SingleOrDefault();

    private static string CommandOf(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline"));
        }
        catch (IOException)
        {
            return ""; // It ended meanwhile.
        }
    }
}
