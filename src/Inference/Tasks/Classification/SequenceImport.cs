using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Tasks.Moderation;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary>A classifier of sequences as ONNX, in the layout of the usual exporters: taken as it is, after it has shown what it does. Its
/// configuration decides whether it labels texts or, with one label, ranks them.</summary>
/// <param name="graph">Path of the graph.</param>
internal sealed class SequenceImport(string graph, SequenceConfig config, ImportJob job)
{
    /// <summary>Name of the graph's output, float32 of shape <c>[rows, labels]</c>.</summary>
    public const string Output = "logits";

    private const string TokenizerName = "tokenizer.json";

    /// <summary>Longest input of a model that names none, tokens.</summary>
    private const int UnboundedContext = 8192;

    /// <summary>Difference between a row's logits alone and in a padded batch that still counts as none.</summary>
    private const float BatchingTolerance = 1e-4f;

    public async Task<InstalledModel> RunAsync(CancellationToken cancellationToken)
    {
        job.Progress?.Report(new("reading the file", 0));
        var details = config.Read();
        var moderation = config.Ranks ? null : ModerationFile.Read(config.Folder);
        var files = await EncoderFiles.TakeAsync(
            graph, job.Options.TokenizerFile ?? Path.Combine(config.Folder, TokenizerName), job.Draft, CheckOutputs, cancellationToken);
        if (details.Vocabulary < files.Tokenizer.VocabularySize)
        {
            throw new ModelImportException(
                $"The tokenizer has {files.Tokenizer.VocabularySize} ids, the model {details.Vocabulary}: they do not belong together.");
        }

        var frame = !config.Ranks ? null : files.Tokenizer.Frame.Pair ?? throw new ModelImportException(
            "The post-processor of the tokenizer has no form for two texts after each other, which a cross-encoder needs.");
        job.Progress?.Report(new("trying it", 0));
        using var session = files.Open(job.Options.Sessions);
        var bound = FindBound(details, files, frame);
        var (width, batching) = Try(session, files, frame, bound, cancellationToken);

        // Activations quantised per tensor share a scale over the whole batch: who is in it changes everybody's result.
        batching &= !files.Inspection.Operators.Contains("DynamicQuantizeLinear");
        var classification = CheckLabels(details.Labels, width);
        moderation?.Check(classification!.Labels);
        var context = files.FindContext(session, Output, bound, cancellationToken);
        return await InstallAsync(
            classification is null ? null : classification with { Moderation = moderation }, batching, context, cancellationToken);
    }

    private static void CheckOutputs(OnnxInspection inspection)
    {
        if (!inspection.Outputs.Contains(Output))
        {
            throw new ModelImportException(
                $"The model's outputs are {string.Join(", ", inspection.Outputs)}; a classifier's is {Output}.");
        }
    }

    /// <summary>What the manifest states of the labels; null for a model that ranks.</summary>
    private ModelClassification? CheckLabels(LabelConfig? labels, int width)
    {
        if (config.LabelCount is { } count && count != width)
        {
            throw new ModelImportException($"The model gives {width} logits, and its {LabelConfig.FileName} names {count} labels.");
        }

        if (labels is null)
        {
            return null;
        }

        return width > 1
            ? new ModelClassification(
                labels.Names ?? [.. Enumerable.Range(0, width).Select(number => $"LABEL_{number}")], Output,
                labels.Independent ? ModelClassification.Sigmoid : ModelClassification.Softmax)
            : throw new ModelImportException(
                $"The model gives one logit, and its {LabelConfig.FileName} does not name one label, as that of a model that ranks does.");
    }

    private int FindBound(SequenceDetails details, EncoderFiles files, PairFrame? frame)
    {
        int?[] bounds = [job.Options.ContextLength, details.Positions, files.Inspection.Positions];
        var context = bounds.Min() ?? UnboundedContext;
        var framing = frame?.Length + 1 ?? files.Tokenizer.Frame.Prefix.Count + files.Tokenizer.Frame.Suffix.Count;
        return context > framing ? context : throw new ModelImportException(
            $"The longest input of the model is {context} tokens, of which {framing} are no part of a text.");
    }

    private async Task<InstalledModel> InstallAsync(
        ModelClassification? classification, bool batching, int context, CancellationToken cancellationToken)
    {
        job.Progress?.Report(new("installing", 0));
        var hash = Directory.Exists(job.Path)
            ? await ModelFolder.HashAsync(job.Path, cancellationToken)
            : (await ModelStore.DescribeAsync(Path.Combine(job.Draft.Folder, EncoderFiles.GraphName), cancellationToken)).Sha256;
        return await job.Draft.InstallAsync(
            (version, installed) =>
            {
                var manifest = new ModelManifest
                {
                    Name = job.Draft.Name,
                    Version = version,
                    Task = (classification is null ? ModelTask.Rerank : ModelTask.Classification).Name,
                    Description = job.Options.Description,
                    Licence = job.Options.Licence,
                    Source = new ModelSource(ModelFolder.NameOf(job.Path), "onnx", hash),
                    Created = job.Options.Clock.GetUtcNow(),
                    Files = installed,
                    Graph = EncoderFiles.GraphName,
                    Tokenizer = EncoderFiles.ManifestTokenizer,
                    Limits = new ModelLimits(context, 0),
                    Batching = batching,
                };
                return classification?.WriteTo(manifest) ?? manifest;
            },
            cancellationToken);
    }

    /// <summary>Finds out by running it how many logits it gives, and whether padding leaves them as they are.</summary>
    /// <param name="bound">Longest row that the files promise, tokens.</param>
    private static (int Width, bool Batching) Try(
        InferenceSession session, EncoderFiles files, PairFrame? frame, int bound, CancellationToken cancellationToken)
    {
        var shape = session.OutputMetadata[Output];
        if (shape.Dimensions.Length != 2 || shape.ElementType != typeof(float))
        {
            throw new ModelImportException($"The model's output '{Output}' is not float32 of rank 2.");
        }

        var brief = Row("A toll gate.", "A gate.");
        var lengthy = Row("The quick brown fox jumps over the lazy dog, once more.", "Which animal?");
        var encoder = new EncoderGraph(session, Output); // The session stays the caller's.
        float[] alone = [], padded = [];
        EncoderFiles.Try(
            run =>
            {
                encoder.Run([brief], (_, logits) => alone = logits.ToArray(), run);
                encoder.Run([brief, lengthy], (row, logits) => padded = row == 0 ? logits.ToArray() : padded, run);
            },
            cancellationToken);
        return alone.Length is > 0 and <= LabelConfig.MostLabels && Array.TrueForAll(alone, float.IsFinite)
            ? (alone.Length, alone.Zip(padded, (one, other) => Math.Abs(one - other)).All(apart => apart <= BatchingTolerance))
            : throw new ModelImportException("The model gives no usable logits for a short text: none at all, too many, or no numbers.");

        EncoderRow Row(string text, string document)
        {
            if (frame is null)
            {
                return new EncoderRow([.. files.Encode(text).Ids.Take(bound)]);
            }

            var (ids, types) = frame.Join(files.Tokenizer.Cut(text), files.Tokenizer.Cut(document));
            return new EncoderRow([.. ids.Take(bound)], [.. types.Take(bound)]);
        }
    }
}
