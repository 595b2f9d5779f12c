using System.Text.Json.Nodes;
using Tollgate.Testing;
using Tollgate.Training.Methods;
using Tollgate.Training.Runs;

namespace Tollgate.Training.Tests.Runs;

public sealed class TrainingRunTests
{
    private const int Rows = 240;

    [Fact]
    public async Task RunAsync_counts_tokens_exactly_and_bounds_them_before_the_start()
    {
        var request = Request(new TrainingSettings { Method = TrainingMethod.Lstm, Epochs = 3, StopsEarly = false });

        var bound = await TrainingRun.BoundTokensAsync(request, default);
        var result = await TrainingRun.RunAsync(request, null, default);

        // Of 240 rows 80 of each label, 16 of them held out. A row has 12 words and punctuation marks, and 0 to 3 more marks.
        Assert.Equal((192, 0, 48), (result.Rows.Train, result.Rows.Watch, result.Rows.HeldOut));
        var marks = (result.TrainedTokens / 3) - (192 * 12);
        Assert.InRange(marks, 192, 192 * 2);
        Assert.Equal(bound, result.TrainedTokens);
        Assert.Equal(bound, result.TokenBound);
    }

    [Fact]
    public async Task RunAsync_reports_steps_tokens_and_time()
    {
        var reports = new List<TrainingProgress>();

        var result = await TrainingRun.RunAsync(
            Request(new TrainingSettings { Method = TrainingMethod.Lstm, Epochs = 2, BatchSize = 16 }), new Kept(reports), default);

        var steps = reports.Where(report => report.Step > 0).ToArray();
        Assert.Equal(Enumerable.Range(1, steps.Length).Select(step => (long)step), steps.Select(report => report.Step));
        Assert.Equal(2, steps.Count(report => report.Epoch is not null));
        Assert.Equal(steps[^1].Steps, steps[^1].Step);
        Assert.Equal(result.TrainedTokens, steps[^1].TrainedTokens);
        Assert.All(steps, report => Assert.Equal(result.TokenBound, report.TokenBound));
        Assert.All(steps, report => Assert.NotNull(report.TimeLeft));
        Assert.Equal(TimeSpan.Zero, steps[^1].TimeLeft);
    }

    [Fact]
    public async Task RunAsync_learns_and_evaluates()
    {
        var request = Request(new TrainingSettings { Method = TrainingMethod.Lstm, BalancesLabels = true });

        var result = await TrainingRun.RunAsync(request, null, default);

        Assert.InRange(result.Evaluation.Metrics.Accuracy, 0.9, 1);
        Assert.Equal("majority", result.Evaluation.Baselines[0].Name);
        Assert.InRange(result.Evaluation.Baselines[0].Accuracy, 0.3, 0.4);
        Assert.Equal(0, result.Evaluation.Leaks.Exact + result.Evaluation.Leaks.Similar);
        var written = JsonNode.Parse(File.ReadAllText(Path.Combine(request.Output, TrainingRun.ResultName)))!;
        Assert.Equal("lstm", (string)written["method"]!);
        Assert.Equal(result.Evaluation.Metrics.Accuracy, (double)written["evaluation"]!["metrics"]!["accuracy"]!);
    }

    [Theory]
    [InlineData(TrainingMethod.Encoder)]
    [InlineData(TrainingMethod.Lstm)]
    public async Task RunAsync_compares_a_method_with_the_linear_head(TrainingMethod method)
    {
        var request = Request(new TrainingSettings { Method = method, Epochs = 1 }) with
        {
            BaseModel = await TinyBase.InstallAsync(SmallFile.Rows(Rows).Select(row => row.Text)),
        };

        var result = await TrainingRun.RunAsync(request, null, default);

        Assert.Equal(["majority", "linear head"], result.Evaluation.Baselines.Select(baseline => baseline.Name));
        Assert.NotNull(result.Evaluation.Metrics);
    }

    [Fact]
    public async Task RunAsync_finds_leaks_of_a_validation_file()
    {
        var folder = TestFolder.Create("validation");
        var validation = Path.Combine(folder, "validation.jsonl");
        await File.WriteAllLinesAsync(
            validation,
            [
                """{"text":"The phone and the phone were fine, not like that phone","label":"good"}""",
                """{"text":"THE PHONE and the phone were fine - not like that phone","label":"bad"}""",
                """{"text":"Nothing of that kind","label":"unsure"}""",
            ]);

        var result = await TrainingRun.RunAsync(
            Request(new TrainingSettings { Method = TrainingMethod.Lstm, Epochs = 1 }) with { ValidationFile = validation }, null, default);

        Assert.Equal((1, 1), (result.Evaluation.Leaks.Exact, result.Evaluation.Leaks.Similar));
        Assert.Equal(3, result.Evaluation.Rows);
        Assert.Contains(result.Evaluation.LabelNoise, warning => warning.Code == "label_noise");
    }

    [Fact]
    public async Task RunAsync_refuses_what_does_not_fit_together()
    {
        var folder = TestFolder.Create("validation");
        var stranger = Path.Combine(folder, "stranger.jsonl");
        await File.WriteAllLinesAsync(stranger, ["""{"text":"a","label":"good"}""", """{"text":"b","label":"other"}"""]);
        async Task<string> RefusalAsync(TrainingRequest request) =>
            (await Assert.ThrowsAsync<TrainingException>(() => TrainingRun.RunAsync(request, null, default))).Message;
        var lstm = new TrainingSettings { Method = TrainingMethod.Lstm };

        Assert.Equal(
            "Line 2 of the validation file has the label 'other', which no row of the training file has.",
            await RefusalAsync(Request(lstm) with { ValidationFile = stranger }));
        Assert.Equal(
            "The method head needs a base model.", await RefusalAsync(Request(new TrainingSettings { Method = TrainingMethod.Head })));
        Assert.Equal("n_epochs must be between 1 and 1000, or auto.", await RefusalAsync(Request(lstm with { Epochs = 0 })));
        Assert.StartsWith("The training needs ", await RefusalAsync(Request(lstm with { TokenBudget = 10 })), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, 10_000, 0, null, TrainingMethod.Lstm)]
    [InlineData(true, 49, 0, null, TrainingMethod.Head)]
    [InlineData(true, 50, 3_000, null, TrainingMethod.Encoder)]
    [InlineData(true, 50, 3_000, 3_000L, TrainingMethod.Encoder)]
    [InlineData(true, 50, 3_000, 2_999L, TrainingMethod.Head)]
    public void Supervised_picks_by_base_rows_and_budget(bool hasBase, int rows, long tokens, long? budget, TrainingMethod expected)
    {
        var choice = MethodChoice.Of(TrainingMethod.Supervised, hasBase, rows, tokens, budget);

        Assert.Equal(expected, choice.Method);
        Assert.NotEqual("The settings name it.", choice.Reason);
    }

    private static TrainingRequest Request(TrainingSettings settings)
    {
        var folder = TestFolder.Create("run");
        return new TrainingRequest
        {
            TrainingFile = SmallFile.Write(Rows),
            Output = Path.Combine(folder, "out"),
            WorkFolder = Path.Combine(folder, "work"),
            Settings = settings,
        };
    }

    private sealed class Kept(List<TrainingProgress> reports) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => reports.Add(value);
    }
}
