using System.Text.Json.Nodes;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Pictures;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Pictures;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tasks.ImageClassification;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.ImageClassification;

public sealed class ImageClassifierTests
{
    private const string EfficientNet = "models/efficientnet-lite0";

    [SharedFact(EfficientNet)]
    public async Task Every_reference_picture_gets_the_references_labels_and_scores()
    {
        using var folder = new TemporaryFolder();
        using var model = await ImportAsync(SharedFiles.At(EfficientNet), folder);
        var cases = JsonNode.Parse(await File.ReadAllTextAsync(SharedFiles.At($"{EfficientNet}/reference.json")))!["cases"]!.AsArray();

        Assert.Equal(10, cases.Count);
        Assert.True(model.Installed.Manifest.Batching);
        foreach (var reference in cases)
        {
            var name = (string)reference!["image"]!;
            var logits = (await ClassifyAsync(model, File.ReadAllBytes(SharedFiles.At($"{EfficientNet}/{name}"))))[0];
            var (top, expected) = (model.Rank(logits, 5), reference["top"]!.AsArray());
            if (name.EndsWith("-224.png", StringComparison.Ordinal))
            {
                CheckUnresized(reference, logits, top);
                continue;
            }

            Assert.Equal((string)expected[0]!["label"]!, top[0].Label);
            Assert.InRange(top[0].Score, (float)expected[0]!["score"]! - 0.05f, (float)expected[0]!["score"]! + 0.05f);
        }
    }

    /// <summary>The label of a picture without much colour would not show that red and blue are swapped.</summary>
    [SharedFact(EfficientNet)]
    public async Task Swapping_red_and_blue_changes_the_label_or_score_of_a_reference_picture()
    {
        using var folder = new TemporaryFolder();
        using var model = await ImportAsync(SharedFiles.At(EfficientNet), folder);
        var changed = new List<string>();
        foreach (var file in Directory.EnumerateFiles(SharedFiles.At($"{EfficientNet}/images"), "*-224.png").Order())
        {
            var right = Fit(model, await File.ReadAllBytesAsync(file));
            var swapped = (byte[])right.Clone();
            for (var pixel = 0; pixel < swapped.Length; pixel += Picture.BytesPerPixel)
            {
                (swapped[pixel], swapped[pixel + 2]) = (swapped[pixel + 2], swapped[pixel]);
            }

            var logits = await RunAsync(model, [right, swapped]);
            var (first, other) = (model.Rank(logits[0], 1)[0], model.Rank(logits[1], 1)[0]);
            if (first.Label != other.Label || Math.Abs(first.Score - other.Score) > 0.1f)
            {
                changed.Add(Path.GetFileName(file));
            }
        }

        Assert.NotEmpty(changed);
        Assert.DoesNotContain("camera-224.png", changed); // It is grey.
    }

    [SharedFact(EfficientNet)]
    public async Task Pictures_in_one_run_get_the_results_of_runs_alone()
    {
        using var folder = new TemporaryFolder();
        using var model = await ImportAsync(SharedFiles.At(EfficientNet), folder);
        byte[][] files = [.. Directory.EnumerateFiles(SharedFiles.At($"{EfficientNet}/images")).Order().Select(File.ReadAllBytes)];

        var together = await ClassifyAsync(model, files);

        for (var i = 0; i < files.Length; i++)
        {
            var alone = (await ClassifyAsync(model, files[i]))[0];
            Assert.All(alone.Zip(together[i]), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
            Assert.Equal(model.Rank(alone, 5).Select(label => label.Label), model.Rank(together[i], 5).Select(label => label.Label));
        }
    }

    [Fact]
    public async Task Rank_orders_by_score_then_index_and_gives_all_labels_at_most()
    {
        using var folder = new TemporaryFolder();
        using var model = await ImportAsync(ColourClassifier.Write(folder.File("colours")), folder);

        var ranked = model.Rank([1, 3, 1], 1000);

        Assert.Equal(["green", "red", "blue"], ranked.Select(label => label.Label));
        Assert.Equal(1, ranked.Sum(label => label.Score), 1e-6f);
        Assert.Equal(0.787f, ranked[0].Score, 1e-3f); // e³ / (e¹ + e³ + e¹)
        Assert.Equal("green", Assert.Single(model.Rank([1, 3, 1], 1)).Label);
        Assert.Equal(1f, model.Rank([-1000, 88, 500], 1)[0].Score);
    }

    [Fact]
    public async Task Labels_of_a_multi_label_model_have_scores_of_their_own()
    {
        using var folder = new TemporaryFolder();
        var config = ColourClassifier.Change(ColourClassifier.Config, "problem_type", "\"multi_label_classification\"");
        using var model = await ImportAsync(ColourClassifier.Write(folder.File("colours"), config: config), folder);

        var ranked = model.Rank([0, 3, 3], 3);

        Assert.Equal(["green", "blue", "red"], ranked.Select(label => label.Label));
        Assert.Equal([0.9526f, 0.9526f, 0.5f], ranked.Select(label => MathF.Round(label.Score, 4))); // 1 / (1 + e⁻³)
    }

    [Fact]
    public async Task A_graph_that_takes_one_picture_runs_them_one_by_one()
    {
        using var folder = new TemporaryFolder();
        using var model = await ImportAsync(ColourClassifier.Write(folder.File("colours"), batch: 1), folder);

        var logits = await ClassifyAsync(model, PictureBytes.Plain(4, 4, 255, 0, 0), PictureBytes.Plain(4, 4, 0, 0, 255));

        Assert.False(model.Installed.Manifest.Batching);
        Assert.Equal(["red", "blue"], logits.Select(row => model.Rank(row, 1)[0].Label));
    }

    [Fact]
    public async Task Numbers_that_are_not_finite_fail_the_run()
    {
        using var folder = new TemporaryFolder();
        using var model = await ImportAsync(ColourClassifier.Write(folder.File("colours"), failsOnWhite: true), folder);

        await Assert.ThrowsAsync<ModelRunException>(() => ClassifyAsync(model, PictureBytes.Plain(4, 4, 255, 255, 255)));

        Assert.Equal("green", model.Rank((await ClassifyAsync(model, PictureBytes.Plain(4, 4, 0, 200, 0)))[0], 1)[0].Label);
    }

    [Theory]
    [InlineData("config.json", "id2label", null, "has no id2label")]
    [InlineData("config.json", "id2label", "[]", "does not name 1 to")]
    [InlineData("config.json", "id2label", "{}", "does not name 1 to")]
    [InlineData("config.json", "id2label", """{"0":"red","2":"blue"}""", "labels from 0 on")]
    [InlineData("config.json", "id2label", """{"0":"red","00":"blue"}""", "labels from 0 on")]
    [InlineData("config.json", "id2label", """{"0":"red","1":7,"2":"blue"}""", "Label 1 in 'config.json'")]
    [InlineData("config.json", "id2label", """{"0":"red","1":"blue"}""", "the second one the 2 labels")]
    [InlineData("config.json", "problem_type", "\"regression\"", "'config.json' has the problem_type 'regression'")]
    [InlineData("preprocessor_config.json", "do_resize", "false", "'do_resize' of 'preprocessor_config.json'")]
    [InlineData("preprocessor_config.json", "rescale_factor", "1e300", "fails on a picture: it gave a number that is not finite")]
    public async Task ImportAsync_refuses_what_it_cannot_serve(string file, string member, string? json, string reason)
    {
        using var folder = new TemporaryFolder();
        var processor = file == "config.json" ? ColourClassifier.Processor
            : ColourClassifier.Change(ColourClassifier.Processor, member, json);
        var config = file == "config.json" ? ColourClassifier.Change(ColourClassifier.Config, member, json) : ColourClassifier.Config;

        var exception = await Assert.ThrowsAsync<ModelImportException>(
            () => ImportAsync(ColourClassifier.Write(folder.File("colours"), processor, config), folder));

        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        Assert.Empty(new ModelStore(folder.File("models")).List());
    }

    [Fact]
    public async Task ImportAsync_takes_a_graph_in_the_folder_onnx()
    {
        using var folder = new TemporaryFolder();
        var source = ColourClassifier.Write(folder.File("colours"));
        Directory.CreateDirectory(Path.Combine(source, "onnx"));
        File.Move(Path.Combine(source, "model.onnx"), Path.Combine(source, "onnx", "model.onnx"));

        using var model = await ImportAsync(source, folder);

        Assert.Equal("image-classification", model.Installed.Manifest.Task);
        Assert.Equal(["red", "green", "blue"], model.Labels);
    }

    private static void CheckUnresized(JsonNode reference, float[] logits, IReadOnlyList<PictureLabel> top)
    {
        Assert.All(
            reference["logits_first_8"]!.AsArray().Select(logit => (float)logit!).Zip(logits),
            pair => Assert.Equal(pair.First, pair.Second, 1e-3f));
        foreach (var (expected, label) in reference["top"]!.AsArray().Zip(top))
        {
            Assert.Equal(((int)expected!["index"]!, (string)expected["label"]!), (label.Index, label.Label));
            Assert.Equal((float)expected["score"]!, label.Score, 1e-4f);
            Assert.Equal((float)expected["logit"]!, logits[label.Index], 1e-3f);
        }
    }

    private static async Task<ImageClassifier> ImportAsync(string source, TemporaryFolder folder)
    {
        var installed = await ModelImport.RunAsync(
            source, "classifier", folder.File("models"), new ModelImportOptions(), progress: null, CancellationToken.None);
        return await ImageClassifier.LoadAsync(
            installed, new SessionFactory(ExecutionProvider.Cpu), new QuietOrganizations(), CancellationToken.None);
    }

    private static async Task<IReadOnlyList<float[]>> ClassifyAsync(ImageClassifier model, params byte[][] files)
    {
        using var place = model.Turns.TryJoin(new Party(Guid.NewGuid()))!;
        var fitted = await model.FitAsync([.. files.Select(Input)], place, CancellationToken.None);
        Assert.Null(fitted.Refusal);
        return await model.ClassifyAsync(fitted.Value!, place, _ => { }, CancellationToken.None);
    }

    private static async Task<IReadOnlyList<float[]>> RunAsync(ImageClassifier model, byte[][] fitted)
    {
        using var place = model.Turns.TryJoin(new Party(Guid.NewGuid()))!;
        return await model.ClassifyAsync(fitted, place, _ => { }, CancellationToken.None);
    }

    private static byte[] Fit(ImageClassifier model, byte[] file)
    {
        using var picture = PictureDecoder.Decode(file, Input(file).Header)!;
        return ModelImageClassification.Of(model.Installed.Manifest)!.Preparation.Fit(picture);
    }

    private static PictureInput Input(byte[] file)
    {
        Assert.Equal(PictureFault.None, PictureHeader.Read(file, out var header));
        return new PictureInput(header, "image", file, Part: null);
    }
}
