using System.Text.Json.Nodes;
using Tollgate.Learning.Tests.Deployments;
using Tollgate.Testing;
using Tollgate.Training.Methods;
using Tollgate.Training.Runs;

namespace Tollgate.Gateway.Tests.Deployments;

/// <summary>A small LSTM that is trained once in this process, as the tar that a trainer leaves.</summary>
internal static class SmallClassifier
{
    private static readonly string[] Things = ["phone", "soup", "film", "song", "room", "road", "train"];
    private static readonly Lazy<Task<string>> Trained = new(TrainAsync);

    /// <summary>The tar; the label of good texts has the given name.</summary>
    public static async Task<byte[]> TarAsync(string good)
    {
        var folder = TestFolder.Create("classifier");
        foreach (var file in Directory.GetFiles(await Trained.Value))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        var path = Path.Combine(folder, "config.json");
        var config = JsonNode.Parse(await File.ReadAllTextAsync(path))!;
        var labels = config["id2label"]!.AsObject();
        labels[labels.Single(label => (string)label.Value! == "good").Key] = good;
        await File.WriteAllTextAsync(path, config.ToJsonString());
        return await PlantedModel.TarOfAsync(folder);
    }

    private static async Task<string> TrainAsync()
    {
        var folder = TestFolder.Create("training");
        var examples = Path.Combine(folder, "train.jsonl");
        await File.WriteAllLinesAsync(examples, Enumerable.Range(0, 84).Select(i => new JsonObject
        {
            ["text"] = $"The {Things[i % 7]} and the {Things[i / 7 % 7]} were {(i % 2 == 0 ? "lovely" : "awful")}{new string('!', i / 42)}",
            ["label"] = i % 2 == 0 ? "good" : "bad",
        }.ToJsonString()));
        var output = Path.Combine(folder, "model");
        await TrainingRun.RunAsync(
            new TrainingRequest
            {
                TrainingFile = examples, Output = output, WorkFolder = Path.Combine(folder, "work"),
                Settings = new TrainingSettings { Method = TrainingMethod.Lstm, Epochs = 8, StopsEarly = false },
            },
            null, default);
        return output;
    }
}
