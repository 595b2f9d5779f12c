using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary>A loaded classifier of texts. Thread-safe.</summary>
internal sealed class Classifier : IDisposable
{
    private readonly WordPieceTokenizer _tokenizer;
    private readonly InferenceSession _session;

    private Classifier(
        InstalledModel installed, ModelClassification classification, InferenceSession session, WordPieceTokenizer tokenizer,
        EncoderEngine engine)
    {
        Installed = installed;
        Classification = classification;
        Engine = engine;
        _session = session;
        _tokenizer = tokenizer;
    }

    public InstalledModel Installed { get; }

    public ModelClassification Classification { get; }

    /// <summary>Runs the requests.</summary>
    public EncoderEngine Engine { get; }

    /// <summary>What the tokenizer adds to an input at most, text or ids.</summary>
    public PromptMeasure Measure
    {
        get
        {
            var frame = _tokenizer.Prefix.Count + _tokenizer.Suffix.Count;
            return new PromptMeasure(((ITokenizer)_tokenizer).MostTokensPerByte, TextTokens: frame, IdTokens: frame, Chat: null);
        }
    }

    /// <summary>Verifies the version's files and loads it.</summary>
    /// <exception cref="ModelImportException">The version is damaged, or is not a classifier.</exception>
    public static async Task<Classifier> LoadAsync(InstalledModel installed, EncoderHost host, CancellationToken cancellationToken)
    {
        var classification = ModelClassification.Of(installed.Manifest) ?? throw new ModelImportException(
            $"The model '{installed.Manifest.Name}' {installed.Manifest.Version} is not a classifier.");
        await ModelStore.VerifyAsync(installed, cancellationToken);
        if (TokenizerFile.Load(installed) is not WordPieceTokenizer tokenizer)
        {
            throw new ModelImportException($"The tokenizer of '{installed.Manifest.Name}' is not WordPiece.");
        }

        var session = host.Sessions.Open(installed.PathOf(installed.Manifest.Graph));
        var engine = host.Start(new EncoderGraph(session, classification.Output), installed.Manifest.Batching);
        return new Classifier(installed, classification, session, tokenizer, engine);
    }

    /// <summary>Cuts inputs into rows, in their order.</summary>
    /// <param name="param">Name of the member that holds the inputs, for the refusal.</param>
    public OrRefusal<IReadOnlyList<EncoderRow>> Encode(IReadOnlyList<PromptInput> inputs, string param)
    {
        var rows = new EncoderRow[inputs.Count];
        for (var index = 0; index < rows.Length; index++)
        {
            var ids = Encode(inputs[index]);
            var at = inputs.Count == 1 ? param : $"{param}[{index}]";
            var most = Installed.Manifest.Limits.ContextLength;
            if (ids.Count > most)
            {
                return OpenAiError.ContextLengthExceeded(most, ids.Count, 0, at);
            }

            if (ids.Exists(id => id < 0 || id >= _tokenizer.VocabularySize))
            {
                return OpenAiError.InvalidValue(at, $"ids of the model's vocabulary, 0 to {_tokenizer.VocabularySize - 1}");
            }

            rows[index] = new EncoderRow([.. ids]);
        }

        return rows;
    }

    /// <summary>Cuts a text into rows as long as the model reads.</summary>
    public IReadOnlyList<EncoderRow> EncodeParts(string text)
    {
        var (prefix, suffix) = (_tokenizer.Prefix, _tokenizer.Suffix);
        List<int> ids = [];
        _tokenizer.Encode(text, allowSpecial: false, ids);
        var room = Installed.Manifest.Limits.ContextLength - prefix.Count - suffix.Count;
        return ids.Count <= room
            ? [new EncoderRow([.. prefix, .. ids, .. suffix])]
            : [.. ids.Chunk(room).Select(part => new EncoderRow([.. prefix, .. part, .. suffix]))];
    }

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
