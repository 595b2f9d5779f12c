using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Pictures;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Import;
using Tollgate.Inference.Pictures;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tasks.Detection;
using Tollgate.Inference.Tests.Models;
using Tollgate.Inference.Tests.TensorFlowJs;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Detection;

/// <summary>CenterNet from npm @vladmandic/human, against the same model in TF.js.</summary>
public sealed class CenterNetTests
{
    private const int Side = 512;
    private const string Photographs = "models/efficientnet-lite0/images";

    [SharedFact(Photographs)]
    public async Task Photographs_get_the_boxes_and_scores_of_TensorFlow_js()
    {
        using var folder = new TemporaryFolder();
        var source = TensorFlowOracle.WriteCenterNet(folder.File("centernet"));
        var installed = await ModelImport.RunAsync(
            source, "centernet", folder.File("models"), new ModelImportOptions(), progress: null, CancellationToken.None);
        using var detector = await Detector.LoadAsync(
            installed, new SessionFactory(ExecutionProvider.Cpu), new QuietOrganizations(), new QueueOptions(), CancellationToken.None);
        var labels = new HashSet<string>(StringComparer.Ordinal);

        Assert.Equal((80, "person", "toothbrush"), (detector.Labels.Count, detector.Labels[0], detector.Labels[79]));
        foreach (var name in new[] { "coffee.jpg", "coffee-turned.jpg", "chelsea.jpg", "rocket.jpg" })
        {
            var file = await File.ReadAllBytesAsync(SharedFiles.At($"{Photographs}/{name}"));
            PictureHeader.Read(file, out var header);
            var (width, height, pixels) = Decode(file, header);
            var rows = (await TensorFlowOracle.RunAsync(
                Path.Combine(source, "model.json"), "wasm", [1, height, width, 3], pixels, [Side, Side], "tower_0/detections"))
                ["tower_0/detections"].Chunk(6).Where(row => row[4] >= 0.2f).ToArray();

            var found = await DetectAsync(detector, new PictureInput(header, "image", file, Part: null));

            Assert.NotEmpty(found);
            labels.UnionWith(found.Select(one => one.Label));
            foreach (var one in found)
            {
                var row = rows.MinBy(row => Math.Abs(row[4] - one.Score) + (row[5] == one.Index ? 0 : 1))!;
                Assert.Equal(row[5], one.Index);
                Assert.Equal(row[4], one.Score, 1e-3f);
                Assert.Equal(row[0] / Side * width, one.Box.Left, 1f);
                Assert.Equal(row[1] / Side * height, one.Box.Top, 1f);
                Assert.Equal(row[2] / Side * width, one.Box.Right, 1f);
                Assert.Equal(row[3] / Side * height, one.Box.Bottom, 1f);
            }

            // What is missing shares much of its place with a better one of its label.
            Assert.All(rows, row => Assert.Contains(found, one => one.Index == row[5] && one.Score >= row[4] - 1e-3f));
        }

        Assert.Contains("cup", labels);
    }

    private static async Task<IReadOnlyList<FoundObject>> DetectAsync(Detector detector, PictureInput input)
    {
        using var place = detector.Turns.TryJoin(new Party(Guid.NewGuid()))!;
        var fitted = await detector.FitAsync([input], place, CancellationToken.None);
        return await detector.DetectAsync(fitted.Value![0], threshold: null, place, () => { }, CancellationToken.None);
    }

    /// <summary>The upright pixels of a file, red, green and blue of 0 to 255.</summary>
    private static (int Width, int Height, float[] Pixels) Decode(byte[] file, PictureHeader header)
    {
        using var picture = PictureDecoder.Decode(file, header)!;
        var (area, first) = (picture.Width * picture.Height, PictureSampler.Sample(picture, picture.Width, picture.Height));
        return (picture.Width, picture.Height, [.. Enumerable.Range(0, first.Length).Select(i => first[(i % 3 * area) + (i / 3)])]);
    }
}
