using System.Text;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>A loaded sentence-embedding model. Thread-safe.</summary>
internal sealed class EmbeddingModel : IDisposable
{
    private readonly WordPieceTokenizer _tokenizer;
    private readonly ModelEmbedding _embedding;
    private readonly InferenceSession _session;

    private EmbeddingModel(
        InstalledModel installed, ModelEmbedding embedding, InferenceSession session, WordPieceTokenizer tokenizer, EncoderEngine engine)
    {
        Installed = installed;
        Engine = engine;
        _session = session;
        _tokenizer = tokenizer;
        _embedding = embedding;
    }

    public InstalledModel Installed { get; }

    /// <summary>Runs the requests.</summary>
    public EncoderEngine Engine { get; }

    public ModelManifest Manifest => Installed.Manifest;

    public ITokenizer Tokenizer => _tokenizer;

    public ModelEmbedding Embedding => _embedding;

    /// <summary>What the tokenizer and a prefix add to an input at most, text or ids.</summary>
    public PromptMeasure Measure
    {
        get
        {
            var bytes = Math.Max(
                Encoding.UTF8.GetByteCount(_embedding.QueryPrefix ?? ""), Encoding.UTF8.GetByteCount(_embedding.DocumentPrefix ?? ""));
            var added = _tokenizer.Prefix.Count + _tokenizer.Suffix.Count + (bytes * Tokenizer.MostTokensPerByte);
            return new PromptMeasure(Tokenizer.MostTokensPerByte, TextTokens: added, IdTokens: added, Chat: null);
        }
    }

    /// <summary>Verifies the version's files and loads it.</summary>
    /// <exception cref="ModelImportException">The version is damaged, or is not an embedding model.</exception>
    public static async Task<EmbeddingModel> LoadAsync(InstalledModel installed, EncoderHost host, CancellationToken cancellationToken)
    {
        var embedding = ModelEmbedding.Of(installed.Manifest)?.Check(installed.Manifest.Name) ?? throw new ModelImportException(
            $"The model '{installed.Manifest.Name}' {installed.Manifest.Version} is not an embedding model.");
        await ModelStore.VerifyAsync(installed, cancellationToken);
        if (TokenizerFile.Load(installed) is not WordPieceTokenizer tokenizer)
        {
            throw new ModelImportException($"The tokenizer of '{installed.Manifest.Name}' is not WordPiece.");
        }

        var session = host.Sessions.Open(installed.PathOf(installed.Manifest.Graph));
        var engine = host.Start(new EncoderGraph(session, embedding.Output), installed.Manifest.Batching);
        return new EmbeddingModel(installed, embedding, session, tokenizer, engine);
    }

    /// <summary>Cuts inputs into rows, in their order.</summary>
    public OrRefusal<IReadOnlyList<EncoderRow>> Encode(IReadOnlyList<PromptInput> inputs, EmbeddingPurpose purpose)
    {
        var rows = new EncoderRow[inputs.Count];
        for (var index = 0; index < rows.Length; index++)
        {
            rows[index] = Frame(inputs[index], purpose);
            var most = Manifest.Limits.ContextLength;
            var wrong = Array.Exists(rows[index].Ids, id => id < 0 || id >= _tokenizer.VocabularySize)
                ? $"Input {index} has a token outside the vocabulary of {_tokenizer.VocabularySize}."
                : rows[index].Length > most
                    ? $"This model's maximum context length is {most} tokens, however input {index} has {rows[index].Length}." : null;
            if (wrong is not null)
            {
                return new OpenAiError(400, "invalid_request_error", null, wrong, "input");
            }
        }

        return rows;
    }

    /// <summary>The row of one input: its prefix and the tokens that frame a text are added.</summary>
    public EncoderRow Frame(PromptInput input, EmbeddingPurpose purpose)
    {
        List<int> ids = [.. _tokenizer.Prefix];
        var prefix = _embedding.PrefixOf(purpose);
        _tokenizer.Encode(prefix + input.Text, allowSpecial: false, ids);
        ids.AddRange(input.TokenIds ?? []);
        ids.AddRange(_tokenizer.Suffix);
        return new EncoderRow([.. ids]);
    }

    /// <summary>Tokens that <see cref="Frame"/> adds to a text.</summary>
    public int FrameLength(EmbeddingPurpose purpose) => Frame(new PromptInput("", null), purpose).Length;

    /// <summary>Cuts the end of a row's text, so that so many tokens are left.</summary>
    public EncoderRow Shorten(EncoderRow row, int tokens) => tokens >= row.Length
        ? row : new EncoderRow([.. row.Ids.AsSpan(0, tokens - _tokenizer.Suffix.Count), .. _tokenizer.Suffix]);

    /// <summary>Makes the vector of a row from what the graph computed for it.</summary>
    public float[] Pool(ReadOnlySpan<float> output) => SentenceVector.Pool(output, _embedding);

    public void Dispose() => _session.Dispose();
}
