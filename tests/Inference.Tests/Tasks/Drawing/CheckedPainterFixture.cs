using System.Text.Json.Nodes;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tests.Diffusion;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Tests.Tasks.Classification;
using Tollgate.Inference.Tests.Tasks.ImageClassification;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Drawing;

/// <summary>
/// A worker with tiny-painter under several names, six steps each: plain; checked, whose prompts may not begin with <c>bad</c> and whose
/// pictures may not be green; orphan, whose classifier of prompts is not installed; mislabelled and unseen, whose classifier of prompts or
/// of pictures has no such label.
/// </summary>
public sealed class CheckedPainterFixture() : ImportedWorker("--Generation:QueueTimeout=00:10:00")
{
    public const double LeastGreen = 0.7;

    /// <summary>Drawing takes processors that other tests use too.</summary>
    protected override TimeSpan Patience => TimeSpan.FromMinutes(10);

    protected override async Task<IReadOnlyList<string>> ImportAsync()
    {
        var sources = TestFolder.Create("exported");
        var words = ClassifierFolder.WriteSettings(Path.Combine(sources, "words"), ["fine", "bad"]);
        ClassifierFolder.WriteTable(words, 2, new Dictionary<string, float[]> { ["bad"] = [0, 4] });
        await ClassifierFolder.ImportAsync(words, "words", Repository);
        await ClassifierFolder.ImportAsync(ColourClassifier.Write(Path.Combine(sources, "colours")), "colours", Repository);
        var painter = await ModelImport.RunAsync(
            PainterFiles.Root, "checked", Repository,
            new()
            {
                Steps = 6,
                Guidance = 3,
                PromptCheck = new ContentCheck("words", new Dictionary<string, double> { ["bad"] = 0.9 }),
                PictureCheck = new ContentCheck("colours", new Dictionary<string, double> { ["green"] = LeastGreen }),
            },
            progress: null, CancellationToken.None);
        Copy(painter, "plain", prompts: null, pictures: null);
        Copy(painter, "orphan", """{"model":"nobody","refuse":{"bad":0.9}}""", pictures: null);
        Copy(painter, "mislabelled", """{"model":"words","refuse":{"worse":0.9}}""", pictures: null);
        Copy(painter, "unseen", prompts: null, """{"model":"colours","refuse":{"violet":0.9}}""");
        return ["words", "colours", "checked", "plain", "orphan", "mislabelled", "unseen"];
    }

    public Task<HttpResponseMessage> PostAsync(
        string model, string prompt, Guid? request = null, params (string Name, JsonNode? Value)[] members)
    {
        var body = new JsonObject { ["model"] = model, ["prompt"] = prompt };
        foreach (var (name, value) in members)
        {
            body[name] = value;
        }

        return SendAsync("/v1/images/generations", body, request);
    }

    /// <summary>Installs the model once more with other checks.</summary>
    private void Copy(InstalledModel model, string name, string? prompts, string? pictures)
    {
        var target = Path.Combine(Repository, name, model.Manifest.Version);
        foreach (var file in Directory.EnumerateFiles(model.Folder, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(target, Path.GetRelativePath(model.Folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        var path = Path.Combine(target, ModelManifest.FileName);
        var manifest = JsonNode.Parse(File.ReadAllText(path))!;
        manifest["name"] = name;
        manifest["drawing"]!["prompts"] = prompts is null ? null : JsonNode.Parse(prompts);
        manifest["drawing"]!["pictures"] = pictures is null ? null : JsonNode.Parse(pictures);
        File.WriteAllText(path, manifest.ToJsonString());
    }
}
