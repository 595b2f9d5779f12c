using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>A sentence-embedding model as ONNX, with a <c>tokenizer.json</c> of WordPiece or Unigram:
/// taken as it is, after it has shown what it does.</summary>
internal sealed class OnnxImport(string path, ModelDraft draft, ModelImportOptions options, IProgress<ModelImportProgress>? progress)
{
    /// <summary>Longest input of a model without a table of positions, tokens.</summary>
    private const int UnboundedContext = 8192;

    /// <summary>Difference between a text alone and in a padded batch that still counts as the same vector.</summary>
    private const float BatchingTolerance = 1e-4f;

    public async Task<InstalledModel> RunAsync(CancellationToken cancellationToken)
    {
        progress?.Report(new("reading the file", 0));
        if (options.Pooling is not (null or SentencePooling.FirstPooling or SentencePooling.LastPooling or SentencePooling.MeanPooling))
        {
            throw new ModelImportException($"The pooling '{options.Pooling}' is not supported; 'cls', 'last' and 'mean' are.");
        }

        var files = await EncoderFiles.TakeAsync(path, options.TokenizerFile, draft, CheckTask, cancellationToken);
        var pooling = options.Pooling ?? SentencePooling.Read(Path.GetDirectoryName(Path.GetFullPath(path))!);
        progress?.Report(new("trying it", 0));
        using var session = files.Open(options.Sessions);
        var embedding = (Try(session, files, pooling, out var batching, cancellationToken) with
        {
            Dimensions = options.Dimensions is [_, ..] widths ? [.. widths.Order()] : null,
            QueryPrefix = options.QueryPrefix,
            DocumentPrefix = options.DocumentPrefix,
        }).Check(draft.Name);

        var context = files.FindContext(
            session, embedding.Output, options.ContextLength ?? files.Inspection.Positions ?? UnboundedContext, cancellationToken);

        // Activations quantised per tensor share a scale over the whole batch: who is in it changes everybody's result.
        batching &= !files.Inspection.Operators.Contains("DynamicQuantizeLinear");
        progress?.Report(new("installing", 0));
        var described = await ModelStore.DescribeAsync(
            Path.Combine(draft.Folder, EncoderFiles.GraphName), cancellationToken);
        return await draft.InstallAsync((version, installed) => embedding.WriteTo(new ModelManifest
        {
            Name = draft.Name,
            Version = version,
            Task = ModelTask.Embeddings.Name,
            Description = options.Description,
            Licence = options.Licence,
            Source = new ModelSource(Path.GetFileName(path), "onnx", described.Sha256),
            Created = options.Clock.GetUtcNow(),
            Files = installed,
            Graph = EncoderFiles.GraphName,
            Tokenizer = EncoderFiles.ManifestTokenizer,
            Limits = new ModelLimits(context, 0),
            Batching = batching,
        }), cancellationToken);
    }

    private static void CheckTask(OnnxInspection inspection)
    {
        if (OnnxTask.Recognize(inspection.Inputs, inspection.Outputs) is { } task)
        {
            throw new ModelImportException(
                $"This is a model for {task}: its inputs are {string.Join(", ", inspection.Inputs)}, "
                + $"its outputs {string.Join(", ", inspection.Outputs)}. "
                + "ONNX files beside a tokenizer are taken for sentence embeddings, and for the classification of text when the exporter's "
                + "config.json lies beside them; --task tensors takes any.");
        }
    }

    /// <summary>Finds out the output, the pooling and the width by running it, and whether padding changes a result.</summary>
    private ModelEmbedding Try(
        InferenceSession session, EncoderFiles files, string? pooling, out bool batching, CancellationToken cancellationToken)
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
                "assuming mean pooling, because there is no 1_Pooling/config.json beside the model; --pooling cls|last|mean names it", 0));
        }

        var (brief, lengthy) = (files.Encode("A toll gate."), files.Encode("The quick brown fox jumps over the lazy dog, once more."));
        var graph = new EncoderGraph(session, output);
        var same = false;
        EncoderFiles.Try(
            run =>
            {
                var alone = First([brief], run);
                if (!Array.TrueForAll(alone, float.IsFinite) || TensorPrimitives.Norm<float>(alone) < 1e-6f)
                {
                    throw new ModelImportException("The model gives no usable vector for a short sentence.");
                }

                var padded = First([brief, lengthy], run);
                same = TensorPrimitives.Distance<float>(alone, padded) <= BatchingTolerance;
            },
            cancellationToken);
        batching = same;
        return embedding;

        float[] First(EncoderRow[] rows, RunOptions run)
        {
            var vectors = new float[rows.Length][];
            graph.Run(rows, (row, numbers) => vectors[row] = SentenceVector.Pool(numbers, embedding), run);
            return vectors[0];
        }
    }
}
