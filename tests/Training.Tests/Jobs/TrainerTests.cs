using System.Diagnostics;
using System.Formats.Tar;
using Microsoft.AspNetCore.Builder;
using Tollgate.Contracts.Learning;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;
using Tollgate.Training.Methods;
using Tollgate.Training.Runs;
using Tollgate.Training.Tests.Runs;

namespace Tollgate.Training.Tests.Jobs;

/// <summary>A trainer as gateways meet it: a real service on real sockets, with the files of a server that plays Learning.</summary>
public sealed class TrainerTests : IAsyncLifetime, IDisposable
{
    private const int Rows = 240;
    private readonly string _file = SmallFile.Write(Rows);
    private readonly string _data = TestFolder.Create("trainer");
    private string _repository = "";
    private TestLearning _learning = null!;
    private WebApplication _app = null!;
    private TrainerClient _client = null!;

    public async Task InitializeAsync()
    {
        var version = await TinyBase.InstallAsync(SmallFile.Rows(Rows).Select(row => row.Text));
        _repository = Path.GetDirectoryName(Path.GetDirectoryName(version))!;
        _learning = await TestLearning.StartAsync(await File.ReadAllBytesAsync(_file));
        _app = TrainerApp.Create([.. Settings(), "--Listen:Internal=http://127.0.0.1:0", TestBearers.Argument("inference")]);
        await _app.StartAsync();
        _client = new TrainerClient(_app.Url(ListenerKind.Internal));
        await Until.TrueAsync(
            async () => (await _client.StatusAsync()).Models.Any(model => model.Card.Name == "tiny:training"), "the model is offered",
            TimeSpan.FromMinutes(1));
    }

    public void Dispose() => _client.Dispose();

    public async Task DisposeAsync()
    {
        await _app.DisposeAsync();
        await _learning.DisposeAsync();
    }

    [Fact]
    public async Task Each_internal_endpoint_answers_its_callers_and_no_other_bearer()
    {
        Assert.Equal(
            [
                "GET /internal/status: gateway, operator", "GET /internal/witness: billing, operator", "GET /metrics: metrics, operator",
                "POST /internal/requests/{id}/cancel: gateway", "POST /v1/fine_tuning/runs: gateway",
            ],
            InternalDoors.Table(_app));
        Assert.Empty(await InternalDoors.TryAllAsync(_app, "inference"));
    }

    [Theory]
    [InlineData("tiny:training", "head")]
    [InlineData("tiny:training", "encoder")]
    [InlineData("lstm:training", "lstm")]
    public async Task A_run_trains_what_its_plan_states_and_leaves_the_model_at_Learning(string model, string method)
    {
        var order = Order(model, method);
        var plan = await _client.PlanAsync(order);
        var request = Guid.NewGuid();

        var run = await _client.RunAsync(order with { MostTokens = plan.TokenBound }, request);

        Assert.True(run.IsDone, run.Text);
        Assert.Equal(method, plan.Method);
        var finished = run.Events[^1].Event;
        Assert.Equal(TrainingEventKind.Finished, finished.Kind);
        Assert.Equal((plan.TokenBound, plan.TokenBound), (run.LastId, finished.TrainedTokens));
        Assert.Equal("trainer-1", run.Events.Single(sent => sent.Event.Kind == TrainingEventKind.Started).Event.Trainer);
        Assert.Contains(run.Events, sent => sent.Event is { Kind: TrainingEventKind.Epoch, TrainLoss: > 0, MacroF1: >= 0, ValidLoss: > 0 });
        Assert.True(finished.Result!.Value.GetProperty("evaluation").GetProperty("metrics").GetProperty("accuracy").GetDouble() > 0.9);
        Assert.Equal(
            ["config.json", "model.onnx", "tokenizer.json", "training.json"], Names(_learning.Results[order.Job.ToString("N")]));
        Assert.Equal(
            plan.TokenBound, Assert.Single((await _client.WitnessAsync()).Entries, entry => entry.RequestId == request).Units.Output);

        // A run whose end nobody heard is not trained again.
        var again = await _client.RunAsync(order with { PaidTokens = plan.TokenBound }, Guid.NewGuid());
        Assert.Equal((TrainingEventKind.Finished, 0L), (again.Events[^1].Event.Kind, again.LastId));
        Assert.DoesNotContain(again.Events, sent => sent.Event.Kind == TrainingEventKind.Epoch);
    }

    /// <summary>What a cancelled run states, and what the next run is billed, make the whole of the plan: no token is lost, none is billed
    /// twice.</summary>
    [Theory]
    [InlineData("head", "waiting for a place")]
    [InlineData("head", "reading the files")]
    [InlineData("head", "computing the vectors of the texts")]
    [InlineData("head", "training")]
    [InlineData("encoder", "training the linear layer")]
    [InlineData("encoder", "training")]
    [InlineData("encoder", "evaluating")]
    public async Task A_cancel_in_any_phase_states_what_the_next_run_goes_on_from(string method, string stage)
    {
        var order = Order("tiny:training", method);
        order = order with { MostTokens = (await _client.PlanAsync(order)).TokenBound };
        var request = Guid.NewGuid();
        long? stated = null;

        var first = await _client.RunAsync(order, request, async sent =>
        {
            if (sent.Stage == stage && stated is null)
            {
                stated = (await _client.CancelAsync(request)).Units.Output;
            }
        });
        Assert.False(first.IsDone, first.Text);
        var paid = stated!.Value;
        var second = await _client.RunAsync(order with { PaidTokens = paid, MostTokens = order.MostTokens - paid }, Guid.NewGuid());

        Assert.InRange(paid, first.LastId, order.MostTokens);
        Assert.True(second.IsDone, second.Text);
        Assert.Equal(order.MostTokens, paid + second.LastId);
    }

    [Fact]
    public async Task A_run_that_waits_for_a_place_shows_that_it_lives_and_a_new_run_of_its_job_ends_it()
    {
        var (busy, order) = (Order("tiny:training", "encoder", epochs: 1_000), Order("lstm:training", "lstm"));
        var bounds = (Busy: (await _client.PlanAsync(busy)).TokenBound, Mine: (await _client.PlanAsync(order)).TokenBound);
        var (occupying, started) = (Guid.NewGuid(), new TaskCompletionSource());
        var holder = _client.RunAsync(busy with { MostTokens = bounds.Busy }, occupying, sent =>
        {
            started.TrySetResult();
            return Task.CompletedTask;
        });
        await Until.TrueAsync(
            async () => (await _client.StatusAsync()).Models.Single(model => model.Card.Name == "tiny:training").Active == 1, "it trains");
        var waits = 0;
        var waiting = _client.RunAsync(order with { MostTokens = bounds.Mine }, Guid.NewGuid(), sent =>
        {
            waits++;
            return Task.CompletedTask;
        });
        await Until.TrueAsync(() => waits >= 2, "a heartbeat comes while it waits", TimeSpan.FromMinutes(1));

        var next = _client.RunAsync(order with { MostTokens = bounds.Mine }, Guid.NewGuid());
        var ended = await waiting;
        await _client.CancelAsync(occupying);
        var run = await next;

        Assert.False(ended.IsDone, ended.Text);
        Assert.True(run.IsDone, run.Text);
        Assert.False((await holder).IsDone);
    }

    [Fact]
    public async Task Numbers_that_do_not_fit_end_the_job_by_their_name()
    {
        var order = Order("tiny:training", "head");
        var numbers = order.Numbers with { TokenBudget = 5 };

        using var plan = await _client.SendAsync(order with { Stream = false, Numbers = numbers }, Guid.NewGuid());
        var run = await _client.RunAsync(order with { Stream = true, MostTokens = 5, Numbers = numbers }, Guid.NewGuid());

        Assert.Equal(400, (int)plan.StatusCode);
        Assert.Contains("budget.trained_tokens", await plan.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.True(run.IsDone, run.Text);
        Assert.Equal((TrainingEventKind.Failed, "budget.trained_tokens"), (run.Events[^1].Event.Kind, run.Events[^1].Event.Param));
        Assert.False(Directory.Exists(FolderOf(order.Job)));
    }

    [Fact]
    public async Task A_job_that_has_ended_leaves_no_folder()
    {
        var order = Order("lstm:training", "lstm") with { Stream = true, MostTokens = 1_000_000 };
        _learning.HasEnded = true;

        var run = await _client.RunAsync(order, Guid.NewGuid());

        Assert.False(run.IsDone);
        Assert.Contains("\"error\"", run.Text, StringComparison.Ordinal);
        await Until.TrueAsync(() => !Directory.Exists(FolderOf(order.Job)), "its folder is deleted");
    }

    [Fact]
    public async Task A_killed_trainer_goes_on_to_the_same_bits_and_counts_no_step_twice()
    {
        var order = Order("lstm:training", "lstm", epochs: 40);
        var undisturbed = new TrainingRequest
        {
            TrainingFile = _file,
            Output = Path.Combine(TestFolder.Create("run"), "out"),
            WorkFolder = TestFolder.Create("work"),
            Settings = new TrainingSettings { Method = TrainingMethod.Lstm, Epochs = 40, BatchSize = 8, CheckpointEvery = 5, Seed = 1 },
        };
        var expected = await TrainingRun.RunAsync(undisturbed, null, default);
        order = order with { MostTokens = (await _client.PlanAsync(order)).TokenBound };
        var data = TestFolder.Create("killed");
        using var first = await ProgramAsync(data);
        var killed = await first.Client.RunAsync(order, Guid.NewGuid(), sent =>
        {
            if (sent.Kind == TrainingEventKind.Checkpoint)
            {
                first.Process.Kill();
            }

            return Task.CompletedTask;
        });
        await first.Process.WaitForExitAsync();
        using var second = await ProgramAsync(data);

        var run = await second.Client.RunAsync(
            order with { PaidTokens = killed.LastId, MostTokens = order.MostTokens - killed.LastId }, Guid.NewGuid());

        Assert.True(run.IsDone, run.Text);
        Assert.InRange(killed.LastId, 1, expected.TrainedTokens);
        Assert.InRange(killed.LastId + run.LastId, 1, expected.TrainedTokens);
        Assert.Equal(
            await File.ReadAllBytesAsync(Path.Combine(undisturbed.Output, "model.onnx")),
            FileOf(_learning.Results[order.Job.ToString("N")], "model.onnx"));
    }

    private static TrainingOrder Order(string model, string method, int epochs = 8) => new()
    {
        Model = model,
        Stream = true,
        Job = Guid.NewGuid(),
        Numbers = new TrainingNumbers
        {
            Method = method, Seed = 1, Epochs = epochs, BatchSize = 8, CheckpointEvery = 5, StopsEarly = method == "lstm" ? null : false,
        },
    };

    private static string[] Names(byte[] archive) => [.. Entries(archive).Select(entry => entry.Name).Order(StringComparer.Ordinal)];

    private static byte[] FileOf(byte[] archive, string name) => Entries(archive).Single(entry => entry.Name == name).Bytes;

    private static List<(string Name, byte[] Bytes)> Entries(byte[] archive)
    {
        var entries = new List<(string, byte[])>();
        using var reader = new TarReader(new MemoryStream(archive));
        while (reader.GetNextEntry() is { } entry)
        {
            using var bytes = new MemoryStream();
            entry.DataStream?.CopyTo(bytes);
            entries.Add((entry.Name, bytes.ToArray()));
        }

        return entries;
    }

    private string FolderOf(Guid job) => Path.Combine(_data, "jobs", $"{job:N}");

    private string[] Settings(string? data = null) =>
    [
        $"--Services:learning={_learning.Url}", "--Worker:Id=trainer-1", $"--Worker:DataDirectory={data ?? _data}",
        $"--Models:Directory={_repository}", "--Models:ScanInterval=00:00:00.050",
        "--Trainer:LowestPriority=false", // Other tests would leave it no time.
    ];

    /// <summary>Starts the trainer as a process of its own.</summary>
    private async Task<TrainerProcess> ProgramAsync(string data)
    {
        var url = $"http://127.0.0.1:{FreePort.Next()}";
        var start = new ProcessStartInfo(
            "dotnet",
            [
                Path.Combine(AppContext.BaseDirectory, "Tollgate.Training.dll"), "serve", .. Settings(data), $"--Listen:Internal={url}",
                TestBearers.Argument("inference"),
            ])
        {
            RedirectStandardOutput = true,
        };
        var process = new TrainerProcess(Process.Start(start)!, new TrainerClient(url));
        process.Process.BeginOutputReadLine();
        await Until.TrueAsync(
            async () =>
            {
                try
                {
                    return (await process.Client.StatusAsync()).Models.Count > 0;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            "the process answers", TimeSpan.FromMinutes(2));
        return process;
    }

    private sealed record TrainerProcess(Process Process, TrainerClient Client) : IDisposable
    {
        public void Dispose()
        {
            Client.Dispose();
            Process.Kill();
            Process.Dispose();
        }
    }
}
