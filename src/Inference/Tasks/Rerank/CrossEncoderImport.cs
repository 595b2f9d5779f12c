using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Rerank;

/// <summary>A cross-encoder as ONNX, in the layout of the usual exporters: taken as it is, after it has shown what it does.</summary>
/// <param name="graph">Path of the graph.</param>
internal sealed class CrossEncoderImport(string graph, ImportJob job)
{
    /// <summary>Name of the graph's output, float32 of shape <c>[rows, 1]</c>.</summary>
    public const string Output = "logits";

    private const string TokenizerName = "tokenizer.json";

    /// <summary>Longest pair of a model that names none, tokens.</summary>
    private const int UnboundedContext = 8192;

    /// <summary>Difference between a pair's logit alone and in a padded batch that still counts as none.</summary>
    private const float BatchingTolerance = 1e-4f;

    public async Task<InstalledModel> RunAsync(CancellationToken cancellationToken)
    {
        job.Progress?.Report(new("reading the file", 0));
        var folder = CrossEncoderConfig.FindFolder(graph) ?? throw new ModelImportException(
            $"There is no {CrossEncoderConfig.FileName} of a cross-encoder beside '{graph}'.");
        var config = CrossEncoderConfig.Read(folder);
        var files = await EncoderFiles.TakeAsync(
            graph, job.Options.TokenizerFile ?? Path.Combine(folder, TokenizerName), job.Draft, CheckOutputs, cancellationToken);
        if (config.Vocabulary < files.Tokenizer.VocabularySize)
        {
            throw new ModelImportException(
                $"The tokenizer has {files.Tokenizer.VocabularySize} ids, the model {config.Vocabulary}: they do not belong together.");
        }

        var frame = files.Tokenizer.Pair ?? throw new ModelImportException(
            "The post-processor of the tokenizer has no form for two texts after each other, which a cross-encoder needs.");
        job.Progress?.Report(new("trying it", 0));
        using var session = files.Open(job.Options.Sessions);

        // Activations quantised per tensor share a scale over the whole batch: who is in it changes everybody's result.
        var batching = Try(session, files.Tokenizer, frame, cancellationToken)
            && !files.Inspection.Operators.Contains("DynamicQuantizeLinear");
        return await InstallAsync(batching, ContextOf(config, files.Inspection, frame), cancellationToken);
    }

    private static void CheckOutputs(OnnxInspection inspection)
    {
        if (!inspection.Outputs.Contains(Output))
        {
            throw new ModelImportException(
                $"The model's outputs are {string.Join(", ", inspection.Outputs)}; a cross-encoder's is {Output}.");
        }
    }

    private int ContextOf(CrossEncoderConfig config, OnnxInspection inspection, PairFrame frame)
    {
        int?[] bounds = [job.Options.ContextLength, config.Positions, inspection.Positions];
        var context = bounds.Min() ?? UnboundedContext;
        return context >= frame.Length + 2 ? context : throw new ModelImportException(
            $"The longest pair of the model is {context} tokens, of which the frame takes {frame.Length}.");
    }

    private async Task<InstalledModel> InstallAsync(bool batching, int context, CancellationToken cancellationToken)
    {
        job.Progress?.Report(new("installing", 0));
        var hash = Directory.Exists(job.Path)
            ? await ModelFolder.HashAsync(job.Path, cancellationToken)
            : (await ModelStore.DescribeAsync(Path.Combine(job.Draft.Folder, EncoderFiles.GraphName), cancellationToken)).Sha256;
        return await job.Draft.InstallAsync(
            (version, installed) => new ModelManifest
            {
                Name = job.Draft.Name,
                Version = version,
                Task = ModelTask.Rerank.Name,
                Description = job.Options.Description,
                Licence = job.Options.Licence,
                Source = new ModelSource(ModelFolder.NameOf(job.Path), "onnx", hash),
                Created = job.Options.Clock.GetUtcNow(),
                Files = installed,
                Graph = EncoderFiles.GraphName,
                Tokenizer = EncoderFiles.ManifestTokenizer,
                Limits = new ModelLimits(context, 0),
                Batching = batching,
            },
            cancellationToken);
    }

    /// <summary>Finds out by running it whether it gives one logit, and whether padding leaves it as it is.</summary>
    private static bool Try(
        InferenceSession session, WordPieceTokenizer tokenizer, PairFrame frame, CancellationToken cancellationToken)
    {
        var shape = session.OutputMetadata[Output];
        if (shape.Dimensions.Length != 2 || shape.ElementType != typeof(float))
        {
            throw new ModelImportException($"The model's output '{Output}' is not float32 of rank 2.");
        }

        var brief = Row("A gate?", "A toll gate.");
        var lengthy = Row("Which animal?", "The quick brown fox jumps over the lazy dog, once more.");
        var encoder = new EncoderGraph(session, Output); // The session stays the caller's.
        float[] alone = [], padded = [];
        EncoderFiles.Try(
            run =>
            {
                encoder.Run([brief], (_, logits) => alone = logits.ToArray(), run);
                encoder.Run([brief, lengthy], (row, logits) => padded = row == 0 ? logits.ToArray() : padded, run);
            },
            cancellationToken);
        return alone is [var logit] && float.IsFinite(logit)
            ? Math.Abs(logit - padded[0]) <= BatchingTolerance
            : throw new ModelImportException(
                $"The model gives {alone.Length} logits for a pair of texts, or none that is a number; 1 is expected.");

        EncoderRow Row(string query, string document)
        {
            var (ids, types) = frame.Join(Cut(query), Cut(document));
            return new EncoderRow(ids, types);
        }

        int[] Cut(string text)
        {
            var ids = new List<int>();
            tokenizer.Encode(text, allowSpecial: false, ids);
            return [.. ids];
        }
    }
}
