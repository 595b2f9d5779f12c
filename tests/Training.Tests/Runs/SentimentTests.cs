using Tollgate.Inference.Import;
using Tollgate.Inference.Tasks;
using Tollgate.Testing;
using Tollgate.Training.Methods;
using Tollgate.Training.Runs;
using Xunit.Abstractions;

namespace Tollgate.Training.Tests.Runs;

/// <summary>Real sentences, a real encoder.</summary>
public sealed class SentimentTests(ITestOutputHelper output)
{
    private const string Sentences = "data/sentiment/train.jsonl";
    private const string Encoder = "models/all-minilm-l6-v2/model.onnx";

    [SharedFact(Encoder)]
    public async Task Head_learns_sentiment_over_a_quantized_encoder()
    {
        var installed = await ModelImport.RunAsync(
            SharedFiles.At(Encoder), "minilm", TestFolder.Create("repository"), new ModelImportOptions(), null, default);

        await TrainAsync(TrainingMethod.Head, installed.Folder, least: 0.86); // 0.895 as the mean of five seeds
    }

    [SharedFact(Sentences)]
    public async Task Lstm_learns_sentiment_from_nothing() =>
        await TrainAsync(TrainingMethod.Lstm, null, least: 0.72); // 0.796 as the mean of five seeds

    private async Task TrainAsync(TrainingMethod method, string? model, double least)
    {
        var folder = TestFolder.Create("sentiment");
        var result = await TrainingRun.RunAsync(
            new TrainingRequest
            {
                BaseModel = model,
                TrainingFile = SharedFiles.At(Sentences),
                Output = Path.Combine(folder, "out"),
                WorkFolder = Path.Combine(folder, "work"),
                Settings = new TrainingSettings { Method = method, Seed = 1 },
            },
            null, default);

        output.WriteLine($"{method}: {result.Evaluation.Metrics.Accuracy:0.0000}");
        Assert.InRange(result.Evaluation.Metrics.Accuracy, least, 1);
        Assert.InRange(result.Evaluation.RocAuc!.Value, least, 1);
    }
}
