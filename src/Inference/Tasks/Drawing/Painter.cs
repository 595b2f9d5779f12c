using Tollgate.Inference.Diffusion;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Drawing;

/// <summary>A text-to-image model in memory: its folder's configuration, its tokenizers and its graphs. Thread-safe.</summary>
internal sealed class Painter : IDisposable
{
    private readonly ClipTokenizer _tokenizer;
    private readonly ClipTokenizer? _secondTokenizer;

    private Painter(DiffusionLayout layout, DiffusionGraphs graphs, ClipTokenizer tokenizer, ClipTokenizer? secondTokenizer)
    {
        (Layout, Graphs) = (layout, graphs);
        (_tokenizer, _secondTokenizer) = (tokenizer, secondTokenizer);
        (NativeHeight, NativeWidth) = graphs.LatentSize ?? (layout.NativeHeight, layout.NativeWidth);
    }

    public DiffusionLayout Layout { get; }

    public DiffusionGraphs Graphs { get; }

    /// <summary>Tokens of a text that are read.</summary>
    public int TextLength => _tokenizer.Length;

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
            var tokenizer = ClipTokenizer.Read(Path.Combine(folder, DiffusionLayout.TokenizerFolder), graphs.TextLength);
            return new Painter(layout, graphs, tokenizer, layout.HasSecondEncoder
                ? ClipTokenizer.Read(Path.Combine(folder, DiffusionLayout.SecondTokenizerFolder), tokenizer.Length) : null);
        }
        catch
        {
            graphs.Dispose();
            throw;
        }
    }

    /// <summary>Cuts a text into what the encoders read.</summary>
    public PromptIds Tokenize(string text) => new(_tokenizer.Encode(text), _secondTokenizer?.Encode(text));

    /// <summary>Runs the text encoders.</summary>
    public TextStates EncodeText(PromptIds text) => Graphs.EncodeText(text.First.Ids, text.Second?.Ids);

    public void Dispose() => Graphs.Dispose();
}
