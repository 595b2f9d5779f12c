using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Pictures;
using Tollgate.Inference.Tasks.Moderation;
using Tollgate.Inference.TensorFlowJs;

namespace Tollgate.Inference.Tasks.ImageClassification;

/// <summary>One import of an image classifier: an ONNX graph is taken as it is, one of TF.js is converted; either classifies two pictures
/// before it is installed.</summary>
/// <param name="graph">Path of the ONNX graph, or of the JSON of a TF.js model.</param>
internal sealed class ImageClassifierImport(ImportJob job, string graph)
{
    private const string GraphName = OnnxGraphFile.UsualName;

    /// <summary>Difference between a picture alone and beside another that still counts as the same result.</summary>
    private const float BatchingTolerance = 1e-4f;

    /// <summary>How long the trial may take.</summary>
    private static readonly TimeSpan LongestTrial = TimeSpan.FromSeconds(60);

    public async Task<InstalledModel> RunAsync(CancellationToken cancellationToken)
    {
        job.Progress?.Report(new("reading the files", 0));
        var folder = Directory.Exists(job.Path) ? job.Path : Path.GetDirectoryName(Path.GetFullPath(job.Path))!;
        using var labels = await ConfigFile.TakeAsync(
            folder, LabelConfig.FileName, "id2label, the names of the labels by number", job.Draft.Folder, cancellationToken);
        using var processor = await ConfigFile.TakeAsync(
            folder, PreprocessorConfig.FileName, "what is done to a picture", job.Draft.Folder, cancellationToken);
        var config = LabelConfig.Read(labels.RootElement);
        var moderation = ModerationFile.Read(folder);
        moderation?.Check(config.RequiredNames);
        var source = await TakeGraphAsync(config, cancellationToken);

        job.Progress?.Report(new("trying it", 0));
        using var session = job.Options.Sessions.Open(Path.Combine(job.Draft.Folder, GraphName));
        var preparation = PreprocessorConfig.Read(processor.RootElement, ReadsChannelsLast(session));
        CheckShapes(session, preparation, config.RequiredNames.Count);
        var batching = Try(session, preparation, config, cancellationToken)
            && !source.SpansBatch;

        job.Progress?.Report(new("installing", 0));
        return await job.Draft.InstallAsync(
            (version, files) => new ModelImageClassification(preparation, config.Independent) { Moderation = moderation }.WriteTo(
                new ModelManifest
            {
                Name = job.Draft.Name,
                Version = version,
                Task = ModelTask.ImageClassification.Name,
                Description = job.Options.Description,
                Licence = job.Options.Licence,
                Source = new ModelSource(ModelFolder.NameOf(job.Path), source.Format, source.Sha256),
                Created = job.Options.Clock.GetUtcNow(),
                Files = files,
                Graph = GraphName,
                Limits = new ModelLimits(0, 0),
                Batching = batching,
            }), cancellationToken);
    }

    /// <summary>The output with one score for each label of a picture; null where a model has none, or several outputs.</summary>
    public static GraphOutput? FindScores(GraphModel model) =>
        model.Outputs is [{ Shape: null or { Length: 2 } } output] ? output : null;

    /// <summary>Brings the graph into the draft.</summary>
    /// <returns>The format and hash of the source, and whether the graph has scales that span a run: who else is in it would change every
    /// result.</returns>
    private async Task<(string Format, string Sha256, bool SpansBatch)> TakeGraphAsync(
        LabelConfig config, CancellationToken cancellationToken)
    {
        if (Path.GetExtension(graph) == ".onnx")
        {
            var file = await OnnxGraphFile.ReadAsync(graph, cancellationToken);
            await file.CopyAsync(
                job.Draft.Folder, GraphName, [LabelConfig.FileName, PreprocessorConfig.FileName], cancellationToken);
            var described = await ModelStore.DescribeAsync(Path.Combine(job.Draft.Folder, GraphName), cancellationToken);
            return ("onnx", described.Sha256, file.Inspection.Operators.Contains("DynamicQuantizeLinear"));
        }

        // Scores are made of logits here, so what makes them at the graph's end is left out.
        using var model = GraphModel.Read(graph);
        var hash = await GraphConverter.WriteAsync(
            model, FindScores(model)!, config.Independent ? "Sigmoid" : "Softmax", job.Draft.Folder,
            new OnnxNames(GraphName, ModelImageClassification.Input, ModelImageClassification.Output), cancellationToken);
        return ("tfjs", hash, false);
    }

    private static bool ReadsChannelsLast(InferenceSession session)
    {
        if (session.InputMetadata.Count != 1 || !session.InputMetadata.TryGetValue(ModelImageClassification.Input, out var input)
            || input.ElementType != typeof(float) || input.Dimensions.Length != 4)
        {
            throw new ModelImportException(
                $"The model's inputs are {string.Join(", ", session.InputMetadata.Keys)}; supported is {ModelImageClassification.Input} "
                + "alone, float32 of four dimensions.");
        }

        return input.Dimensions[3] == 3 && input.Dimensions[1] != 3;
    }

    private static void CheckShapes(InferenceSession session, PicturePreparation preparation, int labels)
    {
        var input = session.InputMetadata[ModelImageClassification.Input].Dimensions;
        if (input[0] is not (-1 or 1)
            || preparation.Shape(1).Zip(input).Skip(1).Any(pair => pair.Second != -1 && pair.First != pair.Second))
        {
            throw new ModelImportException(
                $"The model's input {ModelImageClassification.Input} has the shape {string.Join(" x ", input)}, and "
                + $"'{PreprocessorConfig.FileName}' makes {string.Join(" x ", preparation.Shape(1))}.");
        }

        if (!session.OutputMetadata.TryGetValue(ModelImageClassification.Output, out var output) || output.ElementType != typeof(float)
            || output.Dimensions.Length != 2 || (output.Dimensions[1] != -1 && output.Dimensions[1] != labels))
        {
            throw new ModelImportException(
                $"The model's outputs are {string.Join(", ", session.OutputMetadata.Keys)}; supported is "
                + $"{ModelImageClassification.Output}, float32 of two dimensions, the second one the {labels} labels of "
                + $"'{LabelConfig.FileName}'.");
        }
    }

    /// <summary>Classifies a dark and a striped picture, alone and together; returns whether pictures may share a run.</summary>
    private static bool Try(
        InferenceSession session, PicturePreparation preparation, LabelConfig config, CancellationToken cancellationToken)
    {
        var dark = new byte[preparation.Width * preparation.Height * Picture.BytesPerPixel];
        var striped = Array.ConvertAll([.. Enumerable.Range(0, dark.Length)], i => (byte)(i * 7));
        var run = new ClassifierRun(session, preparation, config.RequiredNames.Count);
        using var options = new RunOptions();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var stop = limit.Token.Register(() => options.Terminate = true); // A graph may hold a loop without end.
        limit.CancelAfter(LongestTrial);
        try
        {
            float[][] alone = [run.Run([dark], options)[0], run.Run([striped], options)[0]];
            if (session.InputMetadata[ModelImageClassification.Input].Dimensions[0] == 1)
            {
                return false;
            }

            var together = run.Run([dark, striped], options);
            return alone.Zip(together).All(pair =>
                pair.First.Zip(pair.Second).All(logit => Math.Abs(logit.First - logit.Second) <= BatchingTolerance));
        }
        catch (ModelRunException exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new ModelImportException($"The model fails on a picture: {exception.Message}", exception);
        }
    }
}
