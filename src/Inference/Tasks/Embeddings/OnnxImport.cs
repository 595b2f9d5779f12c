using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>A sentence-embedding model as ONNX, with a WordPiece <c>tokenizer.json</c>:
/// taken as it is, after it has shown what it does.</summary>
internal sealed class OnnxImport(string path, ModelDraft draft, ModelImportOptions options, IProgress<ModelImportProgress>? progress)
{
    private const string GraphName = "model.onnx";
    private const string TokenizerName = "tokenizer.json";
    private const long MostBytes = 2_000_000_000;

    /// <summary>Longest input of a model without a table of positions, tokens.</summary>
    private const int UnboundedContext = 8192;

    /// <summary>How long the runs on short sentences may take together.</summary>
    private static readonly TimeSpan LongestTrial = TimeSpan.FromSeconds(30);

    /// <summary>Difference between a text alone and in a padded batch that still counts as the same vector.</summary>
    private const float BatchingTolerance = 1e-4f;

    public async Task<InstalledModel> RunAsync(CancellationToken cancellationToken)
    {
        progress?.Report(new("reading the file", 0));
        if (new FileInfo(path).Length > MostBytes)
        {
            throw new ModelImportException("The ONNX file is larger than 2 GB; weights of that size belong in a file beside it.");
        }

        // The bytes that were inspected are the ones that are installed: the file may change in between.
        var model = await File.ReadAllBytesAsync(path, cancellationToken);
        if (options.Pooling is not (null or SentencePooling.FirstPooling or SentencePooling.MeanPooling))
        {
            throw new ModelImportException($"The pooling '{options.Pooling}' is not supported; 'cls' and 'mean' are.");
        }

        var inspection = OnnxInspection.Read(model);
        CheckOperators(inspection);
        CheckTask(inspection);
        var tokenizer = await TakeTokenizerAsync(cancellationToken);
        var source = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var pooling = options.Pooling ?? SentencePooling.Read(source);
        await File.WriteAllBytesAsync(Path.Combine(draft.Folder, GraphName), model, cancellationToken);
        foreach (var (file, bytes) in inspection.ExternalFiles)
        {
            TakeWeights(source, file, bytes);
        }

        progress?.Report(new("trying it", 0));
        using var session = options.Sessions.Open(Path.Combine(draft.Folder, GraphName));
        CheckInputs(session);
        var embedding = Try(session, tokenizer, pooling, out var batching, cancellationToken);

        // Activations quantised per tensor share a scale over the whole batch: who is in it changes everybody's result.
        batching &= !inspection.Operators.Contains("DynamicQuantizeLinear");
        progress?.Report(new("installing", 0));
        var described = await ModelStore.DescribeAsync(Path.Combine(draft.Folder, GraphName), cancellationToken);
        return await draft.InstallAsync((version, files) => embedding.WriteTo(new ModelManifest
        {
            Name = draft.Name,
            Version = version,
            Task = ModelTask.Embeddings.Name,
            Description = options.Description,
            Licence = options.Licence,
            Source = new ModelSource(Path.GetFileName(path), "onnx", described.Sha256),
            Created = options.Clock.GetUtcNow(),
            Files = files,
            Graph = GraphName,
            Tokenizer = new ModelTokenizer { Kind = TokenizerFile.WordPiece, File = TokenizerName },
            Limits = new ModelLimits(options.ContextLength ?? inspection.Positions ?? UnboundedContext, 0),
            Batching = batching,
        }), cancellationToken);
    }

    private static void CheckOperators(OnnxInspection inspection)
    {
        var foreign = inspection.Domains.FirstOrDefault(d => d is not ("" or "ai.onnx" or "ai.onnx.ml" or "com.microsoft"));
        if (foreign is not null)
        {
            throw new ModelImportException($"The model uses operators of the domain '{foreign}', which ONNX Runtime does not have.");
        }
    }

    private static void CheckTask(OnnxInspection inspection)
    {
        if (OnnxTask.Recognize(inspection.Inputs, inspection.Outputs) is { } task)
        {
            throw new ModelImportException(
                $"This is a model for {task}: its inputs are {string.Join(", ", inspection.Inputs)}, "
                + $"its outputs {string.Join(", ", inspection.Outputs)}. "
                + "ONNX files are taken for sentence embeddings.");
        }
    }

    private async Task<WordPieceTokenizer> TakeTokenizerAsync(CancellationToken cancellationToken)
    {
        var file = options.TokenizerFile ?? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, TokenizerName);
        if (!File.Exists(file))
        {
            throw new ModelImportException($"There is no tokenizer '{file}'; name it with --tokenizer FILE.");
        }

        var json = await File.ReadAllBytesAsync(file, cancellationToken);
        var tokenizer = TokenizerFile.ReadWordPiece(json);
        await File.WriteAllBytesAsync(Path.Combine(draft.Folder, TokenizerName), json, cancellationToken);
        return tokenizer;
    }

    /// <summary>Copies a file of weights; only a plain name beside the model is followed.</summary>
    private void TakeWeights(string folder, string file, long leastBytes)
    {
        var source = Path.Combine(folder, file);
        if (!ModelName.IsValid(file) || file is GraphName or TokenizerName or ModelManifest.FileName)
        {
            throw new ModelImportException($"The model keeps weights in '{file}', which is not a plain lower-case file name beside it.");
        }

        if (!File.Exists(source) || new FileInfo(source).LinkTarget is not null)
        {
            throw new ModelImportException($"The file of weights '{file}' is not beside the model.");
        }

        if (new FileInfo(source).Length < leastBytes)
        {
            throw new ModelImportException(
                $"The file of weights '{file}' is shorter than the {leastBytes} bytes that the model uses of it.");
        }

        File.Copy(source, Path.Combine(draft.Folder, file));
    }

    private static void CheckInputs(InferenceSession session)
    {
        var inputs = session.InputMetadata;
        var unknown = inputs.Keys.FirstOrDefault(n => n is not ("input_ids" or "attention_mask" or "token_type_ids"));
        if (unknown is not null || !inputs.ContainsKey("input_ids") || !inputs.ContainsKey("attention_mask"))
        {
            throw new ModelImportException(
                $"The model's inputs are {string.Join(", ", inputs.Keys)}; supported are input_ids, attention_mask and token_type_ids.");
        }

        if (inputs.FirstOrDefault(i => i.Value.ElementType != typeof(long)) is { Key: { } other })
        {
            throw new ModelImportException($"The model's input '{other}' is not int64.");
        }
    }

    /// <summary>Finds out the output, the pooling and the width by running it, and whether padding changes a result.</summary>
    private ModelEmbedding Try(
        InferenceSession session, WordPieceTokenizer tokenizer, string? pooling, out bool batching, CancellationToken cancellationToken)
    {
        var (output, found, rank) =
            session.OutputMetadata.ContainsKey("sentence_embedding") ? ("sentence_embedding", SentencePooling.NoPooling, 2)
            : session.OutputMetadata.ContainsKey("last_hidden_state") ? ("last_hidden_state", pooling ?? SentencePooling.MeanPooling, 3)
            : throw new ModelImportException(
                $"The model's outputs are {string.Join(", ", session.OutputMetadata.Keys)}; "
                + "supported are sentence_embedding and last_hidden_state.");
        var dimensions = session.OutputMetadata[output].Dimensions;
        if (dimensions.Length != rank || dimensions[^1] is < 1 or > 65_536 || session.OutputMetadata[output].ElementType != typeof(float))
        {
            throw new ModelImportException($"The model's output '{output}' is not float32 of rank {rank} with a fixed last dimension.");
        }

        var embedding = new ModelEmbedding(dimensions[^1], output, found);
        if (rank == 3 && pooling is null)
        {
            progress?.Report(new(
                "assuming mean pooling, because there is no 1_Pooling/config.json beside the model; --pooling cls|mean names it", 0));
        }

        var (brief, lengthy) = (Row("A toll gate."), Row("The quick brown fox jumps over the lazy dog, once more."));
        var graph = new EncoderGraph(session, output);
        using var run = new RunOptions();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var stop = limit.Token.Register(() => run.Terminate = true); // a graph may hold a loop without end
        limit.CancelAfter(LongestTrial);
        try
        {
            var alone = First([brief]);
            if (!Array.TrueForAll(alone, float.IsFinite) || TensorPrimitives.Norm<float>(alone) < 1e-6f)
            {
                throw new ModelImportException("The model gives no usable vector for a short sentence.");
            }

            var padded = First([brief, lengthy]);
            batching = TensorPrimitives.Distance<float>(alone, padded) <= BatchingTolerance;
        }
        catch (Exception exception) when (exception is OnnxRuntimeException or InvalidOperationException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new ModelImportException($"The model fails on a short sentence: {exception.Message}", exception);
        }

        return embedding;

        EncoderRow Row(string text)
        {
            List<int> ids = [.. tokenizer.Prefix];
            tokenizer.Encode(text, allowSpecial: false, ids);
            return new EncoderRow([.. ids, .. tokenizer.Suffix]);
        }

        float[] First(EncoderRow[] rows)
        {
            var vectors = new float[rows.Length][];
            graph.Run(rows, (row, numbers) => vectors[row] = SentenceVector.Pool(numbers, embedding), run);
            return vectors[0];
        }
    }
}
