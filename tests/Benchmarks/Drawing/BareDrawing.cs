using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Diffusion;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks.Drawing;

namespace Tollgate.Benchmarks.Drawing;

/// <summary>The bare loop: texts, calls of the denoiser with the rows of all pictures, the scheduler, the decoder, PNG files. No queue,
/// no turns, no threads of its own, no HTTP.</summary>
internal sealed class BareDrawing(string folder, int steps) : IDisposable
{
    private readonly Painter _painter = Painter.Open(folder, new SessionFactory(ExecutionProvider.Cpu));

    public void Draw()
    {
        var (graphs, layout) = (_painter.Graphs, _painter.Layout);
        var shape = new LatentShape(layout.Channels, _painter.NativeHeight, _painter.NativeWidth);
        var text = new LatentText(
            _painter.EncodeText(_painter.Tokenize(DrawingBench.Prompt)), _painter.EncodeText(_painter.Tokenize("")));
        var pictures = Enumerable.Range(0, DrawingBench.Pictures).Select(index => new LatentPicture(
            text, shape, guidance: 7.5, layout.Scheduler.Begin(steps), new PictureNoise(1, (uint)index))).ToArray();
        while (!pictures[0].Finished)
        {
            var rows = new List<DenoiserRow>();
            Array.ForEach(pictures, picture => picture.AddRows(rows));
            var outputs = graphs.Denoise(rows, shape.Height, shape.Width, ownTimesteps: false);
            for (var i = 0; i < pictures.Length; i++)
            {
                pictures[i].Step(outputs.AsSpan(i * 2, 2));
            }
        }

        foreach (var picture in pictures)
        {
            PictureFile.Encode(
                graphs.DecodePicture(picture.Sample, shape.Height, shape.Width), shape.Width * layout.Factor, shape.Height * layout.Factor,
                ImageOutputFormat.Png, 100);
        }
    }

    public void Dispose() => _painter.Dispose();
}
