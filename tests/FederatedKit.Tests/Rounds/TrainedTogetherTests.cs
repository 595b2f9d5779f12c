using System.Text.Json.Nodes;
using Tollgate.Contracts.Federated;
using Tollgate.FederatedKit.Export;
using Tollgate.FederatedKit.Local;
using Tollgate.FederatedKit.Rounds;
using Tollgate.Inference.Import;
using Tollgate.Inference.Tasks;
using Tollgate.Testing;
using Tollgate.Training.Methods;
using Tollgate.Training.Runs;
using Tollgate.Training.Tests.Runs;
using Xunit.Abstractions;

namespace Tollgate.FederatedKit.Tests.Rounds;

/// <summary>A head trained by eight participants, two of whom leave, beside one trained on all rows in one place.</summary>
public sealed class TrainedTogetherTests(FederatedFixture fixture, ITestOutputHelper output) : IClassFixture<FederatedFixture>
{
    private const string Encoder = "models/all-minilm-l6-v2/model.onnx";
    private const string Sentences = "data/sentiment/train.jsonl";
    private const int Participants = 8;

    [Fact]
    public async Task Eight_participants_learn_what_one_place_learns_and_the_export_is_importable()
    {
        var rows = SmallFile.Rows(560, labels: 3).ToArray();
        var model = await TinyBase.InstallAsync(rows.Select(row => row.Text));

        await CompareAsync(
            model, [.. rows.Select(row => new JsonObject { ["text"] = row.Text, ["label"] = row.Label }.ToJsonString())],
            ["bad", "good", "unsure"], rounds: 8, most: 0.05);
    }

    [SharedFact(Encoder)]
    public async Task Eight_participants_learn_sentiment()
    {
        var installed = await ModelImport.RunAsync(
            SharedFiles.At(Encoder), "minilm", TestFolder.Create("repository"), new ModelImportOptions(), null, default);

        // A third of the sentences: the vectors of all take a minute, and decision 47 has their figures.
        string[] lines = [.. File.ReadLines(SharedFiles.At(Sentences)).Where((_, line) => line % 3 == 0)];
        await CompareAsync(installed.Folder, lines, ["negative", "positive"], rounds: 3, most: 0.05);
    }

    private async Task CompareAsync(string model, string[] lines, string[] labels, int rounds, double most)
    {
        var from = await BaseModel.ReadAsync(model, default);
        await using var training = await TestTraining.CreateAsync(
            fixture, TestTraining.NewKeys(Participants),
            new JsonObject { ["minimum"] = 5, ["rounds"] = rounds },
            new FederatedBase("base", from.Hash, from.Width), labels);
        var layer = await SharedLayer.OpenAsync(model, training.Task, threads: 1, default);
        var folder = TestFolder.Create("participants");
        var all = new List<LocalRows>();
        for (var number = 1; number <= Participants; number++)
        {
            var path = Path.Combine(folder, $"{number}.jsonl");
            await File.WriteAllLinesAsync(path, lines.Where((_, line) => line % Participants == number - 1));
            all.Add(await LocalRows.ReadAsync(from, training.Task, path, threads: 1, default));
        }

        var survivors = Enumerable.Range(1, 6).Select(number => training.Start(number, Work(number))).ToArray();
        _ = training.Start(7, Work(7), new DropOut(FederatedPhase.Shares));
        _ = training.Start(8, Work(8), new DropOut(FederatedPhase.Masked));
        await training.EndPhaseAsync(FederatedPhase.Shares, 7);
        await training.EndPhaseAsync(FederatedPhase.Masked, 6);
        await Task.WhenAll(survivors).WaitAsync(TimeSpan.FromMinutes(5));

        var result = await training.ResultAsync();
        var central = Central(from, all, labels);
        output.WriteLine($"federated {result.Evaluation!.Accuracy:0.0000} on {result.Evaluation.Rows} rows, central {central:0.0000}");
        Assert.Equal(all.Take(6).Sum(one => Math.Min(200, one.Set.HeldOut.Length)), result.Evaluation.Rows);
        Assert.InRange(result.Evaluation.Accuracy, central - most, 1);

        var exported = Path.Combine(folder, "model");
        await ExportCommand.WriteAsync(result, model, exported, default);
        var served = await ModelImport.RunAsync(
            exported, "together", TestFolder.Create("repository"), new ModelImportOptions(), null, default);
        Assert.Equal("together", served.Manifest.Name);

        LocalWork Work(int number) => new(training.Task, layer, all[number - 1]);
    }

    /// <summary>Accuracy on the survivors' held-out rows of a head that is trained on the rows of all.</summary>
    private static double Central(BaseModel from, List<LocalRows> parts, string[] names)
    {
        var starts = parts.Select((_, place) => parts.Take(place).Sum(part => part.Tokens.Length)).ToArray();
        int[] Rows(Func<RowSet, int[]> choose, int most) =>
            [.. parts.Take(most).SelectMany((part, place) => choose(part.Set).Select(row => row + starts[place]))];
        var set = new RowSet(
            [.. parts.SelectMany(part => part.Set.Texts)], [.. parts.SelectMany(part => part.Set.Labels)], names,
            Rows(part => part.Train, Participants), [], Rows(part => part.HeldOut, 6));
        var head = new HeadModel(
            from, [.. parts.SelectMany(part => part.Tokens)], [.. parts.SelectMany(part => part.Vectors)], set, threads: 1);
        var numbers = Hyperparameters.Of(TrainingMethod.Head, set.Train.Length, null, null, null);
        var loop = new TrainingLoop(head, set, numbers, new TrainingSettings(), checkpoints: null);
        using var trainer = loop.Run(null, default);
        var scores = loop.Predict(trainer, set.HeldOut, default);
        return set.HeldOut.Where((row, place) => scores[place][set.Labels[row]] == scores[place].Max()).Count()
            / (double)set.HeldOut.Length;
    }
}
