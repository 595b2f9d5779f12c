using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Pictures;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Import;
using Tollgate.Inference.Pictures;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tasks.ImageClassification;
using Tollgate.Inference.Tests.Models;
using Tollgate.Inference.Tests.TensorFlowJs;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.ImageClassification;

/// <summary>The moderation model of npm nsfwjs, against the same model in TF.js.</summary>
public sealed class NsfwTests
{
    private const int Side = 224;
    private const string Photographs = "models/efficientnet-lite0/images";

    [SharedFact(Photographs)]
    public async Task Photographs_get_the_scores_of_TensorFlow_js()
    {
        using var folder = new TemporaryFolder();
        var source = await TensorFlowOracle.WriteModerationAsync(folder.File("nsfw"));
        await File.WriteAllTextAsync(
            Path.Combine(source, "moderation.json"), """{"labels":{"Porn":"sexual","Hentai":"sexual","Sexy":"sexual"}}""");
        var installed = await ModelImport.RunAsync(
            source, "nsfw", folder.File("models"), new ModelImportOptions(), progress: null, CancellationToken.None);
        using var model = await ImageClassifier.LoadAsync(
            installed, new SessionFactory(ExecutionProvider.Cpu), new QuietOrganizations(), CancellationToken.None);
        Assert.True(installed.Manifest.Batching);
        Assert.Equal(3, model.Classification.Moderation!.Labels.Count);
        var names = new[] { "coffee-224.png", "chelsea-224.png", "rocket-224.png" };
        var inputs = new List<PictureInput>();
        var expected = new List<float[]>();
        foreach (var name in names)
        {
            var file = await File.ReadAllBytesAsync(SharedFiles.At($"{Photographs}/{name}"));
            PictureHeader.Read(file, out var header);
            inputs.Add(new PictureInput(header, "image", file, Part: null));
            expected.Add(await RunAsync(source, file, header));
        }

        using var place = model.Turns.TryJoin(new Party(Guid.NewGuid()))!;
        var fitted = await model.FitAsync(inputs, place, CancellationToken.None);
        var logits = await model.ClassifyAsync(fitted.Value!, place, _ => { }, CancellationToken.None);

        Assert.All(expected.Zip(logits.Select(row => model.Score(row))), pair => Assert.All(
            pair.First.Zip(pair.Second), score => Assert.Equal(score.First, score.Second, 1e-3)));
        Assert.Equal("Neutral", model.Rank(logits[0], 1)[0].Label); // A cup of coffee.
    }

    private static async Task<float[]> RunAsync(string source, byte[] file, PictureHeader header)
    {
        using var picture = PictureDecoder.Decode(file, header)!;
        var first = PictureSampler.Sample(picture, Side, Side);
        float[] input = [.. Enumerable.Range(0, first.Length).Select(i => first[(i % 3 * Side * Side) + (i / 3)] / 255)];
        return (await TensorFlowOracle.RunAsync(
            Path.Combine(source, "model.json"), "wasm", [1, Side, Side, 3], input, resize: null, "Identity"))["Identity"];
    }
}
