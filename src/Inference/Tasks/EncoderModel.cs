using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks;

/// <summary>An encoder in memory: its tokenizer, and the engine that runs its graph. Owns the session. Thread-safe.</summary>
internal sealed class EncoderModel : IDisposable
{
    private readonly InferenceSession _session;

    private EncoderModel(InstalledModel installed, IFramedTokenizer tokenizer, InferenceSession session, EncoderEngine engine)
    {
        Installed = installed;
        Tokenizer = tokenizer;
        Engine = engine;
        _session = session;
    }

    public InstalledModel Installed { get; }

    public IFramedTokenizer Tokenizer { get; }

    /// <summary>Runs the requests.</summary>
    public EncoderEngine Engine { get; }

    /// <summary>Longest row, tokens, the frame included.</summary>
    public int ContextLength => Installed.Manifest.Limits.ContextLength;

    /// <summary>Verifies the version's files and loads it.</summary>
    /// <param name="output">Name of the graph's output to read.</param>
    /// <exception cref="ModelImportException">The version is damaged, or its tokenizer is none of an encoder.</exception>
    public static async Task<EncoderModel> LoadAsync(
        InstalledModel installed, string output, EncoderHost host, CancellationToken cancellationToken)
    {
        await ModelStore.VerifyAsync(installed, cancellationToken);
        var tokenizer = TokenizerFile.Load(installed) as IFramedTokenizer ?? throw new ModelImportException(
            $"The tokenizer of '{installed.Manifest.Name}' is none of an encoder.");
        var session = host.Sessions.Open(installed.PathOf(installed.Manifest.Graph));
        return new EncoderModel(
            installed, tokenizer, session, host.Start(new EncoderGraph(session, output), installed.Manifest.Batching));
    }

    /// <inheritdoc cref="LoadedModel.WarmUpAsync"/>
    public Task WarmUpAsync(CancellationToken cancellationToken) => EncoderWarmUp.RunAsync(Engine, ContextLength, cancellationToken);

    /// <summary>What is added to an input at most, text or ids.</summary>
    /// <param name="added">Tokens, those that the tokenizer itself adds to a text left out.</param>
    public PromptMeasure Measure(int added) => new(
        Tokenizer.MostTokensPerByte, added + Tokenizer.MostExtraTokens, IdTokens: added + Tokenizer.MostExtraTokens, Chat: null);

    /// <summary>Ids that frame a text.</summary>
    public int FrameLength => Tokenizer.Frame.Prefix.Count + Tokenizer.Frame.Suffix.Count;

    /// <summary>The ids of a text and, behind it, those that are given; no frame.</summary>
    public int[] Cut(string? text, IReadOnlyList<int>? tokenIds) => [.. Tokenizer.Cut(text ?? ""), .. tokenIds ?? []];

    /// <summary>The row of ids between those that frame a text.</summary>
    public EncoderRow Frame(ReadOnlySpan<int> ids) => new([.. Tokenizer.Frame.Prefix, .. ids, .. Tokenizer.Frame.Suffix]);

    public void Dispose() => _session.Dispose();
}
