using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Embeddings;

/// <summary>A loaded sentence-embedding model. Thread-safe; runs go one at a time, requests take turns between them.</summary>
public sealed class EmbeddingModel : IDisposable
{
    /// <summary>Most ids of one run, padding included. Larger runs gain nothing on a CPU and make others wait.</summary>
    private const int PaddedTokensPerRun = 2048;

    private readonly InferenceSession _session;
    private readonly WordPieceTokenizer _tokenizer;
    private readonly ModelEmbedding _embedding;
    private readonly string[] _inputNames;
    private readonly SemaphoreSlim _turn = new(1, 1);

    private EmbeddingModel(InstalledModel installed, InferenceSession session, WordPieceTokenizer tokenizer)
    {
        Installed = installed;
        _session = session;
        _tokenizer = tokenizer;
        _embedding = installed.Manifest.Embedding!;
        _inputNames = [.. session.InputMetadata.Keys];
    }

    public InstalledModel Installed { get; }

    public ModelManifest Manifest => Installed.Manifest;

    public ITokenizer Tokenizer => _tokenizer;

    /// <summary>Numbers in a vector.</summary>
    public int Width => _embedding.Width;

    /// <summary>Verifies the version's files and loads it.</summary>
    /// <exception cref="ModelImportException">The version is damaged, or is not an embedding model.</exception>
    public static async Task<EmbeddingModel> LoadAsync(
        InstalledModel installed, SessionFactory sessions, CancellationToken cancellationToken)
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
            ? new EmbeddingModel(installed, sessions.Open(installed.PathOf(installed.Manifest.Graph)), tokenizer)
            : throw new ModelImportException($"The tokenizer of '{installed.Manifest.Name}' is not WordPiece.");
    }

    /// <summary>Embeds inputs; the order of the vectors is that of the inputs, whatever order they ran in.</summary>
    /// <exception cref="EmbeddingInputException">An input is empty, too long, or has ids
    /// outside the vocabulary; nothing has run then.</exception>
    public async Task<EmbeddingResult> EmbedAsync(IReadOnlyList<EmbeddingInput> inputs, CancellationToken cancellationToken)
    {
        var ids = inputs.Select(Encode).ToArray();
        var lengths = ids.Select(i => i.Length).ToArray();
        var vectors = new float[inputs.Count][];
        var batches = Manifest.Batching
            ? EmbeddingBatches.Plan(lengths, PaddedTokensPerRun) : Enumerable.Range(0, ids.Length).Select(i => new[] { i });
        foreach (var batch in batches)
        {
            await _turn.WaitAsync(cancellationToken);
            try
            {
                var found = await Task.Run(() => Run([.. batch.Select(i => ids[i])], cancellationToken), cancellationToken);
                for (var row = 0; row < batch.Length; row++)
                {
                    vectors[batch[row]] = found[row];
                }
            }
            finally
            {
                _turn.Release();
            }
        }

        return new EmbeddingResult(vectors, lengths);
    }

    public void Dispose()
    {
        _session.Dispose();
        _turn.Dispose();
    }

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

    private float[][] Run(int[][] rows, CancellationToken cancellationToken)
    {
        using var options = new RunOptions();
        using var stop = cancellationToken.Register(() => options.Terminate = true);
        try
        {
            return EmbeddingRun.Run(_session, _inputNames, _embedding, rows, options);
        }
        catch (OnnxRuntimeException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }
}

/// <summary>One run of an embedding graph over padded rows.</summary>
internal static class EmbeddingRun
{
    public static float[][] Run(InferenceSession session, string[] inputNames, ModelEmbedding embedding, int[][] rows, RunOptions options)
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
            using var outputs = session.Run(options, inputNames, inputs, [embedding.Output]);
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
