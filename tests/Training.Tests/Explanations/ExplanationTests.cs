using System.Text.Json.Nodes;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Explanations;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Sessions;
using Tollgate.Testing;
using Tollgate.Training.Methods;
using Tollgate.Training.Runs;
using Tollgate.Training.Tests.Export;
using Tollgate.Training.Tests.Runs;

namespace Tollgate.Training.Tests.Explanations;

/// <summary>Trained models are explained, and a worker that serves them gives the same explanations.</summary>
public sealed class ExplanationTests(ServedWorker worker) : IClassFixture<ServedWorker>
{
    private const int Rows = 240;

    [Theory]
    [InlineData(TrainingMethod.Encoder, false)]
    [InlineData(TrainingMethod.Lstm, false)]
    [InlineData(TrainingMethod.Encoder, true)]
    [InlineData(TrainingMethod.Lstm, true)]
    public async Task IntegratedGradients_divide_the_score_and_point_at_the_word_that_decides(TrainingMethod method, bool int8)
    {
        var folder = await TrainAsync(method, int8);
        var name = $"{method}-{(int8 ? "int8" : "float")}".ToLowerInvariant();
        await worker.ImportAsync(folder, name);

        foreach (var (word, label) in ((string, int)[])[("awful", 0), ("lovely", 1)]) // Labels in ordinal order: bad, good.
        {
            var text = $"The soup and the song were {word}, not like that road";
            var (found, tokens) = TrainedExplanation.Of(folder, text, label);
            var served = (await worker.ClassifyAsync(name, [text], explain: true))[0]["explanation"]!;

            var difference = Math.Max(IntegratedGradients.SmallestDifference, Math.Abs(found.Score - found.Baseline));
            Assert.InRange(found.Error, 0, IntegratedGradients.Tolerance * difference);
            Assert.Equal(found.Score - found.Baseline, found.Parts[0].Sum(), found.Error + 1e-9);
            Assert.Equal(word, tokens[Array.IndexOf(found.Parts[0], found.Parts[0].Max())]);
            CheckServed(found, served, label);
        }
    }

    [Fact]
    public async Task LinearContributions_sum_to_the_logit_exactly()
    {
        const string Text = "The soup and the song were awful, not like that road";
        var folder = await TrainAsync(TrainingMethod.Head);
        await worker.ImportAsync(folder, "head");

        var (found, _) = TrainedExplanation.Of(folder, Text, label: 0, ExplanationMethod.Linear);
        var served = (await worker.ClassifyAsync("head", [Text], new JsonObject { ["label"] = "bad", ["method"] = "linear" }))[0];

        Assert.InRange(found.Error, 0, 1e-4);
        Assert.Equal(12, found.Parts[0].Length);
        Assert.True(found.Parts[0].Distinct().Count() >= 11); // "the" stands there twice.
        CheckServed(found, served["explanation"]!, label: 0);
    }

    [Fact]
    public async Task LinearContributions_refuse_another_model()
    {
        var folder = await TrainAsync(TrainingMethod.Lstm);

        Assert.Throws<GradientException>(
            () => LinearContributions.Open(Path.Combine(folder, "model.onnx"), "logits", new SessionFactory(ExecutionProvider.Cpu)));
    }

    private static void CheckServed(TextExplanation found, JsonNode served, int label)
    {
        Assert.Equal(label, (int)served["label_id"]!);
        Assert.Equal(found.Steps, (int)served["steps"]!);
        Assert.Equal(found.Score, (double)served["score"]!, 1e-4);
        Assert.Equal(found.Baseline, (double)served["baseline_score"]!, 1e-4);
        Assert.Equal(
            found.Parts[0], served["tokens"]!.AsArray().Select(token => (double)token!["attribution"]!), (a, b) => Math.Abs(a - b) < 1e-4);
    }

    private static async Task<string> TrainAsync(TrainingMethod method, bool int8 = false)
    {
        var folder = TestFolder.Create("run");
        var request = new TrainingRequest
        {
            BaseModel = method == TrainingMethod.Lstm ? null : await TinyBase.InstallAsync(SmallFile.Rows(Rows, 2).Select(row => row.Text)),
            TrainingFile = SmallFile.Write(Rows, 2),
            Output = Path.Combine(folder, "out"),
            WorkFolder = Path.Combine(folder, "work"),
            Settings = new TrainingSettings
            {
                Method = method, Epochs = 10, BatchSize = 8, LearningRateMultiplier = method == TrainingMethod.Encoder ? 20 : 1,
                Int8 = int8,
            },
        };
        await TrainingRun.RunAsync(request, null, default);
        return request.Output;
    }
}
