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
