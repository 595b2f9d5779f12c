using System.Net;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Models;
using Tollgate.Inference.Residency;
using Tollgate.Inference.Tests.Tasks;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Residency;

/// <summary>Models that do not fit into memory together.</summary>
public sealed class MemoryBudgetTests
{
    private static readonly (string, string)[] Three = [("a", "1"), ("b", "1"), ("c", "1")];

    [Fact]
    public async Task What_was_used_least_recently_goes_and_the_next_request_brings_it_back()
    {
        await using var worker = await VersionedWorker.StartAsync(null, Three, $"--Models:MemoryBytes={await RoomForTwoAsync()}");
        await Until.TrueAsync(async () => (await worker.StatusAsync()).Count == 3, "all are known", TimeSpan.FromSeconds(60));
        Assert.Equal(HttpStatusCode.OK, (await worker.EmbedAsync("a")).Status);
        Assert.Equal(HttpStatusCode.OK, (await worker.EmbedAsync("b")).Status);

        Assert.Equal(HttpStatusCode.OK, (await worker.EmbedAsync("c")).Status);
        await worker.WaitForAsync("a", "1:Idle");
        var idle = (await worker.StatusAsync()).Single(model => model.Card.Name == "a");
        var (status, _) = await worker.EmbedAsync("a");

        Assert.Equal((ModelState.Idle, 0), (idle.State, idle.MemoryBytes));
        Assert.NotNull(idle.Card.Measure); // As measured when it was in memory.
        Assert.Equal(HttpStatusCode.OK, status);
        await worker.WaitForAsync("b", "1:Idle");
    }

    [Fact]
    public async Task Requests_for_one_idle_model_share_its_load_and_one_that_leaves_does_not_end_it()
    {
        await using var worker = await VersionedWorker.StartAsync(null, Three, $"--Models:MemoryBytes={await RoomForTwoAsync()}");
        await Until.TrueAsync(async () => (await worker.StatusAsync()).Count == 3, "all are known", TimeSpan.FromSeconds(60));
        var idle = await Until.ValueAsync(
            async () => (await worker.StatusAsync()).FirstOrDefault(model => model.State == ModelState.Idle)?.Card.Name, "one is idle");
        using var leaves = new CancellationTokenSource();

        var left = worker.EmbedAsync(idle, null, leaves.Token);
        var others = Enumerable.Range(0, 6).Select(_ => worker.EmbedAsync(idle)).ToList();
        await leaves.CancelAsync();
        var answers = await Task.WhenAll(others);

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        await left.ContinueWith(_ => { }, TaskScheduler.Default);
        await worker.WaitForAsync(idle, "1:Ready");
    }

    [Fact]
    public async Task Two_models_that_take_turns_in_the_room_of_one_answer_all_their_requests()
    {
        await using var worker = await VersionedWorker.StartAsync(
            null, [("a", "1"), ("b", "1")], $"--Models:MemoryBytes={await RoomForTwoAsync() / 2}");
        await Until.TrueAsync(async () => (await worker.StatusAsync()).Count == 2, "both are known", TimeSpan.FromSeconds(60));

        var answers = new List<HttpStatusCode>();
        for (var round = 0; round < 3; round++)
        {
            answers.AddRange((await Task.WhenAll(worker.EmbedAsync("a"), worker.EmbedAsync("b"))).Select(answer => answer.Status));
        }

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer)); // Each waits for the other's request to end.
        Assert.Equal(HttpStatusCode.OK, (await worker.EmbedAsync("a")).Status);
        Assert.Equal(HttpStatusCode.OK, (await worker.EmbedAsync("b")).Status);
    }

    [Fact]
    public async Task Four_clients_of_three_models_that_fit_two_at_a_time_get_all_their_answers()
    {
        await using var worker = await VersionedWorker.StartAsync(null, Three, $"--Models:MemoryBytes={await RoomForTwoAsync()}");
        await Until.TrueAsync(async () => (await worker.StatusAsync()).Count == 3, "all are known", TimeSpan.FromSeconds(60));

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(async client =>
        {
            var own = new List<HttpStatusCode>();
            for (var call = 0; call < 30; call++)
            {
                own.Add((await worker.EmbedAsync(Three[(client + call) % Three.Length].Item1)).Status);
            }

            return own;
        }));

        Assert.All(answers.SelectMany(own => own), answer => Assert.Equal(HttpStatusCode.OK, answer));
    }

    [Fact]
    public async Task A_third_model_is_answered_while_two_are_used_without_a_pause_and_no_request_fails()
    {
        await using var worker = await SizedWorker.StartAsync("--Models:TurnWait=00:00:00.5", "--Models:TurnTime=00:00:00.5");
        using var stop = new CancellationTokenSource();
        var load = Enumerable.Range(0, 8).Select(async client =>
        {
            var used = new List<bool>();
            while (!stop.IsCancellationRequested)
            {
                using var use = await worker.UseAsync(client % 2 == 0 ? "a" : "b");
                used.Add(use is not null);
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System); // So long each request takes.
            }

            return used;
        }).ToList();

        var third = await worker.AskAsync("c");
        await stop.CancelAsync();
        var answers = await Task.WhenAll(load);

        Assert.Equal(HttpStatusCode.OK, third);
        Assert.All(answers.SelectMany(own => own), Assert.True);
    }

    [Fact]
    public async Task A_model_in_use_gives_way_once_another_one_has_waited_and_its_requests_end_first()
    {
        await using var worker = await SizedWorker.StartAsync("--Models:TurnWait=00:00:00.2", "--Models:TurnTime=00:00:00");
        using var a = (await worker.UseAsync("a"))!;
        using var b = (await worker.UseAsync("b"))!;

        var third = worker.AskAsync("c");
        var gone = await Until.ValueAsync(
            () => Task.FromResult(new[] { "a", "b" }.FirstOrDefault(model => worker.StateOf(model) == ModelState.Idle)),
            "one takes no more requests");
        var late = worker.AskAsync(gone);
        var stays = await worker.AskAsync(gone == "a" ? "b" : "a");
        var (isAnswered, state) = (third.IsCompleted, worker.StateOf(gone));
        (gone == "a" ? a : b).Dispose();
        var answered = await third;
        (gone == "a" ? b : a).Dispose();

        Assert.Equal((HttpStatusCode.OK, false), (stays, isAnswered)); // The room of the third one is still in use.
        Assert.Equal(ModelState.Idle, state); // A gateway still sends it requests, which wait.
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (answered, await late));
    }

    [Fact]
    public async Task A_model_that_has_not_served_for_long_enough_does_not_give_way()
    {
        await using var worker = await SizedWorker.StartAsync(
            "--Models:TurnWait=00:00:00", "--Models:TurnTime=01:00:00", "--Generation:QueueTimeout=00:00:01");
        using var a = await worker.UseAsync("a");
        using var b = await worker.UseAsync("b");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await worker.AskAsync("c"));
        Assert.Equal((ModelState.Ready, ModelState.Ready), (worker.StateOf("a"), worker.StateOf("b")));
    }

    [Fact]
    public async Task A_model_whose_requests_outlast_the_one_that_waits_serves_again()
    {
        await using var worker = await SizedWorker.StartAsync(
            "--Models:TurnWait=00:00:00.2", "--Models:TurnTime=00:00:00", "--Generation:QueueTimeout=00:00:02");
        using var a = await worker.UseAsync("a");
        using var b = await worker.UseAsync("b");

        var third = await worker.AskAsync("c");
        var answers = await Task.WhenAll(worker.AskAsync("a"), worker.AskAsync("b"));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, third);
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer));
        Assert.Equal((ModelState.Ready, ModelState.Ready), (worker.StateOf("a"), worker.StateOf("b")));
    }

    [Fact]
    public void TryDisplace_takes_what_was_loaded_least_recently_of_those_in_use_that_have_served_for_long_enough()
    {
        var clock = new FakeTimeProvider();
        var table = new VersionTable(clock);
        var versions = table.Show("m", ["3", "2", "1"], out _);
        foreach (var version in versions)
        {
            version.Residence = new Residence(new WordCounter(Installed(version.Version)), 100, clock.GetTimestamp());
            clock.Advance(TimeSpan.FromSeconds(1)); // 3, 2, 1 in the order of their loads.
        }

        table.TryUse(versions[2]);
        table.TryUse(versions[1]);

        Assert.Null(table.TryDisplace(TimeSpan.FromSeconds(3))); // 2 was loaded 2 s ago; nobody uses 3.
        var displaced = table.TryDisplace(TimeSpan.FromSeconds(2))!;
        Assert.Equal(("2", null, displaced), (displaced.Model.Version, versions[1].Residence, versions[1].Leaving));
        Assert.Null(table.TryDisplace(TimeSpan.FromSeconds(2)));
        Assert.Equal("1", table.TryDisplace(TimeSpan.FromSeconds(1))!.Model.Version);
    }

    [Fact]
    public async Task A_residence_comes_back_only_while_requests_use_it()
    {
        var used = new Residence(new WordCounter(Installed("1")), 100, 0);
        used.Use(1);
        Assert.False(used.TryComeBack(2)); // It does not leave.
        var first = used.Leave();
        Assert.True(used.TryComeBack(3));
        Assert.False(await first);
        Assert.Equal(3, used.LoadedAt);

        var second = used.Leave();
        used.Release(4);

        Assert.True(await second);
        Assert.False(used.TryComeBack(5));
    }

    [Fact]
    public void TryEvict_takes_what_was_used_least_recently_and_nothing_that_is_in_use()
    {
        var clock = new FakeTimeProvider();
        var table = new VersionTable(clock);
        var versions = table.Show("m", ["3", "2", "1"], out _);
        foreach (var version in versions)
        {
            version.Residence = new Residence(new WordCounter(Installed(version.Version), Task.CompletedTask), 100, clock.GetTimestamp());
            clock.Advance(TimeSpan.FromSeconds(1)); // 3, 2, 1 in the order of their loads.
        }

        var busy = table.TryUse(versions[1])!;
        table.Release(table.TryUse(versions[0])!); // 3 was used after all others.

        Assert.Null(table.TryEvict(99, null)); // 2 is in use: 100 bytes stay whatever goes.
        Assert.Equal("1", table.TryEvict(250, null)!.Model.Version);
        Assert.Null(table.TryEvict(150, except: versions[0]));
        Assert.Equal("3", table.TryEvict(150, null)!.Model.Version);
        table.Release(busy);
        Assert.Equal("2", table.TryEvict(0, null)!.Model.Version);
        Assert.Equal(0, table.BytesInMemory);
    }

    private static InstalledModel Installed(string version) => new(
        new ModelManifest
        {
            Name = "m",
            Version = version,
            Task = "words",
            Source = new ModelSource("file", "onnx", ""),
            Created = default,
            Files = [],
            Graph = "graph.onnx",
            Limits = new ModelLimits(8, 8),
        },
        Folder: "");

    /// <summary>About the files of two of the three models: files are the least that a load counts.</summary>
    private static async Task<long> RoomForTwoAsync()
    {
        var folder = TestFolder.Create("sized");
        await VersionedWorker.InstallAsync(folder, "a", "1");
        return Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length) * 5 / 2;
    }
}
