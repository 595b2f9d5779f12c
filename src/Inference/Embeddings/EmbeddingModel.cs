using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Embeddings;

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

    private EmbeddingModel(InstalledModel installed, InferenceSession session, WordPieceTokenizer tokenizer, GenerationOptions options)
    {
        Turns = new FairTurns(new QueuePlaces(options.QueueLength, options.QueueLengthPerOrganization));
        Installed = installed;
        _session = session;
        _tokenizer = tokenizer;
        _embedding = installed.Manifest.Embedding!;
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
    /// <param name="options">Of its queue; null for the defaults.</param>
    /// <exception cref="ModelImportException">The version is damaged, or is not an embedding model.</exception>
    public static async Task<EmbeddingModel> LoadAsync(
        InstalledModel installed, SessionFactory sessions, CancellationToken cancellationToken, GenerationOptions? options = null)
    {
        if (installed.Manifest.Embedding is null)
        {
            throw new ModelImportException(
                $"The model '{installed.Manifest.Name}' {installed.Manifest.Version} is not an embedding model.");
        }

        await ModelStore.VerifyAsync(installed, cancellationToken);
        if (installed.Manifest.Embedding.Pooling is not (OnnxImport.NoPooling or OnnxImport.FirstPooling or OnnxImport.MeanPooling))
        {
            throw new ModelImportException(
                $"The manifest of '{installed.Manifest.Name}' asks for the pooling '{installed.Manifest.Embedding.Pooling}', which is unknown.");
        }

        return TokenizerFile.Load(installed) is WordPieceTokenizer tokenizer
            ? new EmbeddingModel(
                installed, sessions.Open(installed.PathOf(installed.Manifest.Graph)), tokenizer, options ?? new GenerationOptions())
            : throw new ModelImportException($"The tokenizer of '{installed.Manifest.Name}' is not WordPiece.");
    }

    /// <summary>Embeds inputs; the order of the vectors is that of the inputs, whatever order they ran in.</summary>
    /// <exception cref="EmbeddingInputException">An input is empty, too long, or has ids
    /// outside the vocabulary; nothing has run then.</exception>
    public async Task<EmbeddingResult> EmbedAsync(IReadOnlyList<EmbeddingInput> inputs, CancellationToken cancellationToken)
    {
        using var place = Turns.TryJoin(Guid.Empty) ?? throw new InvalidOperationException("Too many requests wait for the model.");
        return (await EmbedAsync(inputs, place, mayRun: _ => true, ran: _ => { }, cancellationToken))!;
    }

    /// <summary>The same for a request that has its place in the line; null when it may not run.</summary>
    /// <param name="mayRun">Asked once, before anything runs, with the tokens of all inputs together.</param>
    /// <param name="ran">Told of the tokens of each run that is done. A run that has begun is not stopped, so that what was computed is
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

/// <summary>One run of an embedding graph over padded rows.</summary>
internal static class EmbeddingRun
{
    /// <param name="given">Stops the run from outside; null where it is not to be stopped.</param>
    public static float[][] Run(
        InferenceSession session, string[] inputNames, ModelEmbedding embedding, int[][] rows, RunOptions? given = null)
    {
        var width = Math.Max(rows.Max(r => r.Length), 1);
        var (ids, mask) = (new long[rows.Length * width], new long[rows.Length * width]);
        for (var row = 0; row < rows.Length; row++)
        {
            for (var i = 0; i < rows[row].Length; i++)
            {
                ids[(row * width) + i] = rows[row][i];
                mask[(row * width) + i] = 1;
            }
        }

        var inputs = inputNames.Select(name => OrtValue.CreateTensorValueFromMemory(
            name switch { "input_ids" => ids, "attention_mask" => mask, _ => new long[ids.Length] }, [rows.Length, width])).ToArray();
        try
        {
            using var options = given is null ? new RunOptions() : null;
            using var outputs = session.Run(given ?? options, inputNames, inputs, [embedding.Output]);
            var numbers = outputs[0].GetTensorDataAsSpan<float>();
            var vectors = new float[rows.Length][];
            for (var row = 0; row < rows.Length; row++)
            {
                vectors[row] = embedding.Pooling switch
                {
                    OnnxImport.NoPooling => numbers.Slice(row * embedding.Width, embedding.Width).ToArray(),
                    OnnxImport.FirstPooling => Pool(numbers.Slice(row * width * embedding.Width, embedding.Width), 1, embedding.Width),
                    OnnxImport.MeanPooling => Pool(
                        numbers.Slice(row * width * embedding.Width, width * embedding.Width), rows[row].Length, embedding.Width),
                    var other => throw new InvalidOperationException($"The pooling '{other}' is unknown."),
                };
            }

            return vectors;
        }
        finally
        {
            foreach (var input in inputs)
            {
                input.Dispose();
            }
        }
    }

    /// <summary>Averages the vectors of a row's tokens, leaving padding out, and scales the result to length 1.</summary>
    /// <remarks>Reimers and Gurevych, Sentence-BERT (2019), section 3.</remarks>
    private static float[] Pool(ReadOnlySpan<float> hidden, int tokens, int width)
    {
        var sum = new float[width];
        for (var i = 0; i < tokens; i++)
        {
            TensorPrimitives.Add(sum, hidden.Slice(i * width, width), sum);
        }

        var norm = TensorPrimitives.Norm<float>(sum);
        TensorPrimitives.Divide(sum, Math.Max(norm, 1e-12f), sum);
        return sum;
    }
}
