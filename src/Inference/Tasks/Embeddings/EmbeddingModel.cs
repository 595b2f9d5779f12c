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

    /// <summary>Numbers in a vector.</summary>
    public int Width => _embedding.Width;

    /// <summary>What the tokenizer adds to an input at most, text or ids.</summary>
    public PromptMeasure Measure
    {
        get
        {
            var frame = _tokenizer.Prefix.Count + _tokenizer.Suffix.Count;
            return new PromptMeasure(Tokenizer.MostTokensPerByte, TextTokens: frame, IdTokens: frame, Chat: null);
        }
    }

    /// <summary>Verifies the version's files and loads it.</summary>
    /// <exception cref="ModelImportException">The version is damaged, or is not an embedding model.</exception>
    public static async Task<EmbeddingModel> LoadAsync(InstalledModel installed, EncoderHost host, CancellationToken cancellationToken)
    {
        var embedding = ModelEmbedding.Of(installed.Manifest) ?? throw new ModelImportException(
            $"The model '{installed.Manifest.Name}' {installed.Manifest.Version} is not an embedding model.");

        await ModelStore.VerifyAsync(installed, cancellationToken);
        if (embedding.Pooling is not (SentencePooling.NoPooling or SentencePooling.FirstPooling or SentencePooling.MeanPooling))
        {
            throw new ModelImportException(
                $"The manifest of '{installed.Manifest.Name}' asks for the pooling '{embedding.Pooling}', which is unknown.");
        }

        if (TokenizerFile.Load(installed) is not WordPieceTokenizer tokenizer)
        {
            throw new ModelImportException($"The tokenizer of '{installed.Manifest.Name}' is not WordPiece.");
        }

        var session = host.Sessions.Open(installed.PathOf(installed.Manifest.Graph));
        var engine = host.Start(new EncoderGraph(session, embedding.Output), installed.Manifest.Batching);
        return new EmbeddingModel(installed, embedding, session, tokenizer, engine);
    }

    /// <summary>Cuts inputs into rows, in their order.</summary>
    /// <param name="param">Name of the member that holds the inputs, for the refusal.</param>
    public OrRefusal<IReadOnlyList<EncoderRow>> Encode(IReadOnlyList<PromptInput> inputs, string param)
    {
        var rows = new EncoderRow[inputs.Count];
        for (var index = 0; index < rows.Length; index++)
        {
            var ids = Encode(inputs[index]);
            var most = Manifest.Limits.ContextLength;
            var wrong = ids.Exists(id => id < 0 || id >= _tokenizer.VocabularySize)
                ? $"Input {index} has a token outside the vocabulary of {_tokenizer.VocabularySize}."
                : ids.Count > most
                    ? $"This model's maximum context length is {most} tokens, however input {index} has {ids.Count}." : null;
            if (wrong is not null)
            {
                return new OpenAiError(400, "invalid_request_error", null, wrong, param);
            }

            rows[index] = new EncoderRow([.. ids]);
        }

        return rows;
    }

    /// <summary>Makes the vector of a row from what the graph computed for it.</summary>
    public float[] Pool(ReadOnlySpan<float> output) => SentenceVector.Pool(output, _embedding);

    public void Dispose() => _session.Dispose();

    private List<int> Encode(PromptInput input)
    {
        List<int> ids = [.. _tokenizer.Prefix];
        if (input.Text is { } text)
        {
            _tokenizer.Encode(text, allowSpecial: false, ids);
        }
        else
        {
            ids.AddRange(input.TokenIds!);
        }

        ids.AddRange(_tokenizer.Suffix);
        return ids;
    }
}
