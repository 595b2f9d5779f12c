using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Rerank;

/// <summary>A loaded model with one logit for two texts that it reads as one sequence. Thread-safe.</summary>
internal sealed class CrossEncoder : IDisposable
{
    private readonly WordPieceTokenizer _tokenizer;
    private readonly InferenceSession _session;

    private CrossEncoder(
        InstalledModel installed, InferenceSession session, WordPieceTokenizer tokenizer, PairFrame frame, EncoderEngine engine)
    {
        Installed = installed;
        Frame = frame;
        Engine = engine;
        _session = session;
        _tokenizer = tokenizer;
    }

    public InstalledModel Installed { get; }

    /// <summary>What joins the two texts.</summary>
    public PairFrame Frame { get; }

    /// <summary>Runs the requests.</summary>
    public EncoderEngine Engine { get; }

    /// <summary>Longest pair, tokens, the frame included.</summary>
    public int ContextLength => Installed.Manifest.Limits.ContextLength;

    /// <summary>What the tokenizer adds to a pair.</summary>
    public PromptMeasure Measure => new(
        ((ITokenizer)_tokenizer).MostTokensPerByte, TextTokens: Frame.Length, IdTokens: Frame.Length, Chat: null)
    {
        PairTokens = Frame.Length,
    };

    /// <summary>Verifies the version's files and loads it.</summary>
    /// <exception cref="ModelImportException">The version is damaged, or is not a cross-encoder.</exception>
    public static async Task<CrossEncoder> LoadAsync(InstalledModel installed, EncoderHost host, CancellationToken cancellationToken)
    {
        var manifest = installed.Manifest;
        await ModelStore.VerifyAsync(installed, cancellationToken);
        if (TokenizerFile.Load(installed) is not WordPieceTokenizer { Pair: { } frame } tokenizer)
        {
            throw new ModelImportException($"The tokenizer of '{manifest.Name}' is not WordPiece with a form for two texts.");
        }

        var session = host.Sessions.Open(installed.PathOf(manifest.Graph));
        var engine = host.Start(new EncoderGraph(session, CrossEncoderImport.Output), manifest.Batching);
        return new CrossEncoder(installed, session, tokenizer, frame, engine);
    }

    /// <summary>Cuts a text into ids, without a frame.</summary>
    public int[] Encode(string text)
    {
        var ids = new List<int>();
        _tokenizer.Encode(text, allowSpecial: false, ids);
        return [.. ids];
    }

    public void Dispose() => _session.Dispose();
}
