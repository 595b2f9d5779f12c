using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Tasks.Moderation;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary>A classifier as ONNX, in the layout of the usual exporters: taken as it is, after it has shown what it does.</summary>
/// <param name="graph">Path of the graph.</param>
internal sealed class ClassifierImport(string graph, ImportJob job)
{
    private const string Output = "logits";
    private const string TokenizerName = "tokenizer.json";

    /// <summary>Longest input of a model that names none, tokens.</summary>
    private const int UnboundedContext = 8192;

    /// <summary>Difference between a text's logits alone and in a padded batch that still counts as none.</summary>
    private const float BatchingTolerance = 1e-4f;

    public async Task<InstalledModel> RunAsync(CancellationToken cancellationToken)
    {
        job.Progress?.Report(new("reading the file", 0));
        var folder = ClassifierConfig.FindFolder(graph) ?? throw new ModelImportException(
            $"There is no {ClassifierConfig.FileName} of a text classifier beside '{graph}'.");
        var config = ClassifierConfig.Read(folder);
        var moderation = ModerationFile.Read(folder);
        var files = await EncoderFiles.TakeAsync(
            graph, job.Options.TokenizerFile ?? Path.Combine(folder, TokenizerName), job.Draft, CheckOutputs, cancellationToken);
        if (config.Vocabulary < files.Tokenizer.VocabularySize)
        {
            throw new ModelImportException(
                $"The tokenizer has {files.Tokenizer.VocabularySize} ids, the model {config.Vocabulary}: they do not belong together.");
        }

        job.Progress?.Report(new("trying it", 0));
        using var session = files.Open(job.Options.Sessions);
        var (width, batching) = Try(session, files, cancellationToken);
        var labels = config.Labels ?? [.. Enumerable.Range(0, width).Select(number => $"LABEL_{number}")];
        if (labels.Count != width)
        {
            throw new ModelImportException($"The model gives {width} logits, and its config.json names {labels.Count} labels.");
        }

        if (width == 1)
        {
            throw new ModelImportException("The model gives one logit: it ranks texts, and does not tell labels apart.");
        }

        moderation?.Check(labels);
        var classification = new ModelClassification(
            labels, Output, config.MultiLabel ? ModelClassification.Sigmoid : ModelClassification.Softmax) { Moderation = moderation };

        // Activations quantised per tensor share a scale over the whole batch: who is in it changes everybody's result.
        batching &= !files.Inspection.Operators.Contains("DynamicQuantizeLinear");
        return await InstallAsync(classification, batching, ContextOf(config, files.Inspection), cancellationToken);
    }

    private static void CheckOutputs(OnnxInspection inspection)
    {
        if (!inspection.Outputs.Contains(Output))
        {
            throw new ModelImportException(
                $"The model's outputs are {string.Join(", ", inspection.Outputs)}; a classifier's is {Output}.");
        }
    }

    private int ContextOf(ClassifierConfig config, OnnxInspection inspection)
    {
        int?[] bounds = [job.Options.ContextLength, config.Positions, inspection.Positions];
        var context = bounds.Min() ?? UnboundedContext;
        return context > 0 ? context : throw new ModelImportException($"The longest input of the model is {context} tokens.");
    }

    private async Task<InstalledModel> InstallAsync(
        ModelClassification classification, bool batching, int context, CancellationToken cancellationToken)
    {
        job.Progress?.Report(new("installing", 0));
        var hash = Directory.Exists(job.Path)
            ? await ModelFolder.HashAsync(job.Path, cancellationToken)
            : (await ModelStore.DescribeAsync(Path.Combine(job.Draft.Folder, EncoderFiles.GraphName), cancellationToken)).Sha256;
        return await job.Draft.InstallAsync((version, installed) => classification.WriteTo(new ModelManifest
        {
            Name = job.Draft.Name,
            Version = version,
            Task = ModelTask.Classification.Name,
            Description = job.Options.Description,
            Licence = job.Options.Licence,
            Source = new ModelSource(ModelFolder.NameOf(job.Path), "onnx", hash),
            Created = job.Options.Clock.GetUtcNow(),
            Files = installed,
            Graph = EncoderFiles.GraphName,
            Tokenizer = EncoderFiles.ManifestTokenizer,
            Limits = new ModelLimits(context, 0),
            Batching = batching,
        }), cancellationToken);
    }

    /// <summary>Finds out by running it how many logits it gives, and whether padding leaves them as they are.</summary>
    private static (int Width, bool Batching) Try(InferenceSession session, EncoderFiles files, CancellationToken cancellationToken)
    {
        var shape = session.OutputMetadata[Output];
        if (shape.Dimensions.Length != 2 || shape.ElementType != typeof(float))
        {
            throw new ModelImportException($"The model's output '{Output}' is not float32 of rank 2.");
        }

        var (brief, lengthy) = (files.Encode("A toll gate."), files.Encode("The quick brown fox jumps over the lazy dog, once more."));
        var graph = new EncoderGraph(session, Output); // The session stays the caller's.
        float[] alone = [], padded = [];
        EncoderFiles.Try(
            run =>
            {
                graph.Run([brief], (_, logits) => alone = logits.ToArray(), run);
                graph.Run([brief, lengthy], (row, logits) => padded = row == 0 ? logits.ToArray() : padded, run);
            },
            cancellationToken);
        return alone.Length is > 0 and <= ModelClassification.MostLabels && Array.TrueForAll(alone, float.IsFinite)
            ? (alone.Length, alone.Zip(padded, (one, other) => Math.Abs(one - other)).All(apart => apart <= BatchingTolerance))
            : throw new ModelImportException("The model gives no usable logits for a short sentence.");
    }
}
