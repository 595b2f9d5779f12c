using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>A loaded sentence-embedding model. Thread-safe; an organization's runs go one at a time, two organizations' at once.</summary>
public sealed class EmbeddingModel : IDisposable
{
    /// <summary>Most ids of one run, padding included. Larger runs gain nothing on a CPU and make others wait.</summary>
    private const int PaddedTokensPerRun = 2048;

    /// <summary>Characters that take about as long to cut into ids as a token takes to run.</summary>
    private const int CharactersPerToken = 64;

    private readonly InferenceSession _session;
    private readonly WordPieceTokenizer _tokenizer;
    private readonly ModelEmbedding _embedding;
    private readonly string[] _inputNames;

    private EmbeddingModel(
        InstalledModel installed, ModelEmbedding embedding, InferenceSession session, WordPieceTokenizer tokenizer, FairTurns turns)
    {
        Turns = turns;
        Installed = installed;
        _session = session;
        _tokenizer = tokenizer;
        _embedding = embedding;
        _inputNames = [.. session.InputMetadata.Keys];
    }

    public InstalledModel Installed { get; }

    /// <summary>Who runs next.</summary>
    internal FairTurns Turns { get; }

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
    /// <param name="queue">Its queue; null for the defaults.</param>
    /// <exception cref="ModelImportException">The version is damaged, or is not an embedding model.</exception>
    internal static async Task<EmbeddingModel> LoadAsync(
        InstalledModel installed, SessionFactory sessions, QuietOrganizations quiet, CancellationToken cancellationToken,
        QueueOptions? queue = null)
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

        queue ??= new QueueOptions();
        var turns = new FairTurns(new QueuePlaces(queue.QueueLength, queue.QueueLengthPerOrganization), quiet, TimeProvider.System);
        return new EmbeddingModel(installed, embedding, sessions.Open(installed.PathOf(installed.Manifest.Graph)), tokenizer, turns);
    }

    /// <summary>
    /// Embeds the inputs of a request that has its place in the line; the order of the vectors is that of the inputs, whatever order they
    /// ran in. Null when it may not run.
    /// </summary>
    /// <exception cref="EmbeddingInputException">An input is empty, too long, or has ids outside the vocabulary; nothing has run
    /// then.</exception>
    /// <param name="mayRun">Asked once, before anything runs, with the tokens of all inputs together.</param>
    /// <param name="ran">Receives the tokens of each run that is done. A run that has begun is not stopped, so that what was computed is
    /// known.</param>
    /// <exception cref="DisplacedException">The place was given to another organization's request; nothing has run then.</exception>
    internal async Task<EmbeddingResult?> EmbedAsync(
        IReadOnlyList<EmbeddingInput> inputs, FairTurns.Place place, Func<long, bool> mayRun, Action<int> ran,
        CancellationToken cancellationToken)
    {
        FairTurns.Turn? turn = await place.TakeTurnAsync(cancellationToken);
        try
        {
            // Cutting texts into ids belongs to the turn too: a long one takes its time, and most of the longest are refused then.
            turn.Charge(inputs.Sum(input => input.Text?.Length ?? input.Ids!.Count) / CharactersPerToken);
            var ids = await Task.Run(() => inputs.Select(Encode).ToArray(), cancellationToken);
            var lengths = ids.Select(i => i.Length).ToArray();
            if (!mayRun(lengths.Sum(length => (long)length)))
            {
                return null;
            }

            var vectors = new float[inputs.Count][];
            foreach (var batch in Batches(lengths))
            {
                turn ??= await place.TakeTurnAsync(cancellationToken);
                var found = await Task.Run(() => EmbeddingRun.Run(_session, _inputNames, _embedding, [.. batch.Select(i => ids[i])]));
                var tokens = batch.Sum(i => lengths[i]);
                ran(tokens);
                turn.Charge(tokens);
                turn.Dispose();
                turn = null;
                for (var row = 0; row < batch.Length; row++)
                {
                    vectors[batch[row]] = found[row];
                }
            }

            return new EmbeddingResult(vectors, lengths);
        }
        finally
        {
            turn?.Dispose();
        }
    }

    public void Dispose() => _session.Dispose();

    private IEnumerable<int[]> Batches(int[] lengths) => Manifest.Batching
        ? EmbeddingBatches.Plan(lengths, PaddedTokensPerRun) : Enumerable.Range(0, lengths.Length).Select(i => new[] { i });

    private int[] Encode(EmbeddingInput input, int index)
    {
        List<int> ids = [.. _tokenizer.Prefix];
        if (input.Text is { } text)
        {
            _tokenizer.Encode(text, allowSpecial: false, ids);
        }
        else
        {
            ids.AddRange(input.Ids!);
        }

        if (ids.Exists(id => id < 0 || id >= _tokenizer.VocabularySize))
        {
            throw new EmbeddingInputException(index, $"Input {index} has a token outside the vocabulary of {_tokenizer.VocabularySize}.");
        }

        ids.AddRange(_tokenizer.Suffix);
        var most = Manifest.Limits.ContextLength;
        return ids.Count <= most
            ? [.. ids]
            : throw new EmbeddingInputException(
                index, $"This model's maximum context length is {most} tokens, however input {index} has {ids.Count}.");
    }
}
