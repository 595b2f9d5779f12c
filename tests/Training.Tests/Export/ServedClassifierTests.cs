using Tollgate.Inference.Explanations;
using Tollgate.Inference.Import;
using Tollgate.Inference.Tasks;
using Tollgate.Testing;
using Tollgate.Training.Methods;
using Tollgate.Training.Runs;
using Tollgate.Training.Tests.Explanations;
using Tollgate.Training.Tests.Runs;

namespace Tollgate.Training.Tests.Export;

/// <summary>A worker gives the scores that the trainer gave.</summary>
public sealed class ServedClassifierTests(ServedWorker worker) : IClassFixture<ServedWorker>
{
    private const int Rows = 240;

    [Theory]
    [InlineData(TrainingMethod.Head, 3)]
    [InlineData(TrainingMethod.Encoder, 2)]
    [InlineData(TrainingMethod.Lstm, 3)]
    public async Task A_trained_model_is_imported_and_served(TrainingMethod method, int labels)
    {
        var (result, folder) = await TrainAsync(method, labels);

        var worst = await WorstDifferenceAsync(result, folder, $"{method}".ToLowerInvariant());

        Assert.InRange(worst, 0, 1e-4);
    }

    [Theory]
    [InlineData(TrainingMethod.Encoder)]
    [InlineData(TrainingMethod.Lstm)]
    public async Task A_model_in_8_bits_is_served_as_its_report_promises(TrainingMethod method)
    {
        var (result, folder) = await TrainAsync(method, labels: 2, int8: true);
        var parity = result.Int8!;

        var worst = await WorstDifferenceAsync(result, folder, $"{method}-int8".ToLowerInvariant());

        Assert.InRange(parity.LargestDifference, 0, 0.05);
        Assert.Equal(parity.LargestDifference, worst, 1e-4);
        Assert.True(parity.Bytes < parity.TrainedBytes, $"{parity}");
        Assert.Equal(parity.Bytes, new FileInfo(Path.Combine(folder, "model.onnx")).Length);
    }

    [SharedFact("models/all-minilm-l6-v2/model.onnx")]
    public async Task A_quantized_encoder_is_trained_as_float32_and_served()
    {
        var installed = await ModelImport.RunAsync(
            SharedFiles.At("models/all-minilm-l6-v2/model.onnx"), "minilm", TestFolder.Create("repository"), new ModelImportOptions(), null,
            default);
        var folder = TestFolder.Create("run");
        var request = new TrainingRequest
        {
            BaseModel = installed.Folder,
            TrainingFile = SmallFile.Write(90),
            Output = Path.Combine(folder, "out"),
            WorkFolder = Path.Combine(folder, "work"),
            Settings = new TrainingSettings { Method = TrainingMethod.Encoder, Epochs = 1 },
        };

        var result = await TrainingRun.RunAsync(request, null, default);
        var worst = await WorstDifferenceAsync(result, request.Output, "trained-minilm");

        var (found, _) = TrainedExplanation.Of(request.Output, "The soup and the song were awful, not like that road", label: 0);

        Assert.InRange(worst, 0, 1e-4);
        Assert.InRange(found.Error, 0, IntegratedGradients.Tolerance * Math.Abs(found.Score - found.Baseline));
    }

    private async Task<double> WorstDifferenceAsync(TrainingResult result, string folder, string name)
    {
        await worker.ImportAsync(folder, name);
        var answers = await worker.ScoreAsync(name, [.. result.HeldOut.Select(row => row.Text)]);
        var labels = result.Evaluation.Metrics.Labels.Select(label => label.Label).ToArray();
        return result.HeldOut
            .Zip(answers, (row, answer) => labels.Select((label, i) => Math.Abs(answer[label] - row.Scores[i])).Max())
            .Max();
    }

    private static async Task<(TrainingResult Result, string Folder)> TrainAsync(TrainingMethod method, int labels, bool int8 = false)
    {
        var folder = TestFolder.Create("run");
        var request = new TrainingRequest
        {
            BaseModel = method == TrainingMethod.Lstm
                ? null
                : await TinyBase.InstallAsync(SmallFile.Rows(Rows, labels).Select(row => row.Text)),
            TrainingFile = SmallFile.Write(Rows, labels),
            Output = Path.Combine(folder, "out"),
            WorkFolder = Path.Combine(folder, "work"),
            Settings = new TrainingSettings { Method = method, Epochs = 6, BatchSize = 8, Int8 = int8 },
        };
        return (await TrainingRun.RunAsync(request, null, default), request.Output);
    }
}
