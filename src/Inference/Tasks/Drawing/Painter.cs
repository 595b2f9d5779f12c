using Tollgate.Inference.Diffusion;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Drawing;

/// <summary>A text-to-image model in memory: its folder's configuration, its tokenizer and its graphs. Thread-safe.</summary>
internal sealed class Painter : IDisposable
{
    private Painter(DiffusionLayout layout, DiffusionGraphs graphs, ClipTokenizer tokenizer)
    {
        (Layout, Graphs, Tokenizer) = (layout, graphs, tokenizer);
        (NativeHeight, NativeWidth) = graphs.LatentSize ?? (layout.NativeHeight, layout.NativeWidth);
    }

    public DiffusionLayout Layout { get; }

    public DiffusionGraphs Graphs { get; }

    public ClipTokenizer Tokenizer { get; }

    /// <summary>Latent height of a picture of no stated size.</summary>
    public int NativeHeight { get; }

    public int NativeWidth { get; }

    /// <param name="folder">In the Diffusers layout.</param>
    /// <exception cref="ModelImportException">The folder is unsound, or asks for what is not supported.</exception>
    public static Painter Open(string folder, SessionFactory sessions)
    {
        var layout = DiffusionLayout.Read(folder);
        var graphs = new DiffusionGraphs(folder, layout, sessions);
        try
        {
            return new Painter(
                layout, graphs, ClipTokenizer.Read(Path.Combine(folder, DiffusionLayout.TokenizerFolder), graphs.TextLength));
        }
        catch
        {
            graphs.Dispose();
            throw;
        }
    }

    public void Dispose() => Graphs.Dispose();
}
