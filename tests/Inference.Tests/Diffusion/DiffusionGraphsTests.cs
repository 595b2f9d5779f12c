using System.Text;
using System.Text.Json;
using SkiaSharp;
using Tollgate.Inference.Diffusion;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tests.Diffusion;

/// <summary>tiny-painter against pictures of ONNX Runtime in Python with Diffusers' schedulers.</summary>
public sealed class DiffusionGraphsTests
{
    private const float LatentTolerance = 2e-3f; // The references are rounded to five digits after twenty steps.
    private const int PixelTolerance = 2;

    [Fact]
    public void Pictures_from_the_given_latents_equal_the_twelve_references()
    {
        var layout = DiffusionLayout.Read(PainterFiles.Root);
        using var graphs = new DiffusionGraphs(PainterFiles.Root, layout, new SessionFactory(ExecutionProvider.Cpu, 1));
        var tokenizer = ClipTokenizer.Read(Path.Combine(PainterFiles.Root, "tokenizer"), graphs.TextLength);
        var cases = PainterFiles.Cases;

        Assert.Equal(12, cases.Count);
        Assert.Equal((8, 8), graphs.LatentSize);
        Assert.All(cases, reference =>
        {
            var drawing = Begin(graphs, tokenizer, layout, reference);
            Assert.Equal(PainterFiles.Numbers(reference, "timesteps").Length, drawing.Calls);

            Finish(graphs, layout, [drawing]);

            var wanted = PainterFiles.Numbers(reference, "final_latents");
            Assert.All(
                wanted.Zip(drawing.Sample.ToArray()),
                pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, LatentTolerance));
            var pixels = graphs.DecodePicture(drawing.Sample, 8, 8);
            AssertEqual(Path.Combine(PainterFiles.Root, "reference", reference.GetProperty("picture").GetString()!), pixels);
        });
    }

    [Theory]
    [InlineData("DDIMScheduler")]
    [InlineData("EulerAncestralDiscreteScheduler")] // Adds noise at each step.
    public void Pictures_that_share_calls_at_their_own_timesteps_equal_those_drawn_alone_bit_for_bit(string scheduler)
    {
        var layout = DiffusionLayout.Read(PainterFiles.Root) with
        {
            Scheduler = SchedulerConfig.Read(DiffusersJson.Read(
                Encoding.UTF8.GetBytes($$"""{"_class_name":"{{scheduler}}","timestep_spacing":"trailing"}"""), scheduler)),
        };
        using var graphs = new DiffusionGraphs(PainterFiles.Root, layout, new SessionFactory(ExecutionProvider.Cpu));
        var tokenizer = ClipTokenizer.Read(Path.Combine(PainterFiles.Root, "tokenizer"), graphs.TextLength);
        LatentPicture Start(int index)
        {
            var text = MakeText(graphs, tokenizer, index % 2 == 0 ? "a red car" : "a green tree in the snow", index == 2 ? null : "");
            return new LatentPicture(
                text, new LatentShape(16, 8, 8), 3, layout.Scheduler.Begin(6 + index), new PictureNoise(5, (uint)index));
        }

        var together = Enumerable.Range(0, 4).Select(Start).ToArray();
        Finish(graphs, layout, together);

        Assert.True(graphs.MayTakeTimesteps);
        for (var i = 0; i < together.Length; i++)
        {
            var alone = Start(i);
            Finish(graphs, layout, [alone]);
            Assert.Equal(alone.Sample.ToArray(), together[i].Sample.ToArray());
            Assert.Equal(graphs.DecodePicture(alone.Sample, 8, 8), graphs.DecodePicture(together[i].Sample, 8, 8));
        }
    }

    private static void Finish(DiffusionGraphs graphs, DiffusionLayout layout, LatentPicture[] drawings)
    {
        while (drawings.Where(drawing => !drawing.Finished).ToArray() is { Length: > 0 } open)
        {
            var rows = new List<DenoiserRow>();
            Array.ForEach(open, drawing => drawing.AddRows(rows));
            var outputs = graphs.Denoise(rows, layout.NativeHeight, layout.NativeWidth, ownTimesteps: open.Length > 1);
            var first = 0;
            foreach (var drawing in open)
            {
                drawing.Step(outputs.AsSpan(first, drawing.Rows));
                first += drawing.Rows;
            }
        }
    }

    private static LatentPicture Begin(DiffusionGraphs graphs, ClipTokenizer tokenizer, DiffusionLayout layout, JsonElement reference)
    {
        var text = MakeText(
            graphs, tokenizer, reference.GetProperty("prompt").GetString()!, reference.GetProperty("negative_prompt").GetString()!);
        var scheduler = SchedulerConfig.Read(reference.GetProperty("scheduler")).Begin(reference.GetProperty("steps").GetInt32());
        return new LatentPicture(
            text, new LatentShape(layout.Channels, 8, 8), reference.GetProperty("guidance").GetDouble(), scheduler, null,
            PainterFiles.Numbers(reference, "latents"));
    }

    private static LatentText MakeText(DiffusionGraphs graphs, ClipTokenizer tokenizer, string prompt, string? negative) => new(
        graphs.EncodeText(tokenizer.Encode(prompt).Ids), negative is null ? null : graphs.EncodeText(tokenizer.Encode(negative).Ids));

    private static void AssertEqual(string path, byte[] pixels)
    {
        using var reference = SKBitmap.Decode(path);
        var wanted = reference.Pixels.SelectMany(pixel => (byte[])[pixel.Red, pixel.Green, pixel.Blue]).ToArray();
        Assert.Equal(wanted.Length, pixels.Length);
        Assert.InRange(wanted.Zip(pixels).Max(pair => Math.Abs(pair.First - pair.Second)), 0, PixelTolerance);
    }
}
