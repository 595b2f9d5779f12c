using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Pictures;

namespace Tollgate.Inference.Tasks.ImageClassification;

/// <summary>One import of an image classifier: its files are taken as they are, after the graph has classified two pictures.</summary>
/// <param name="graph">Path of the graph in the folder.</param>
internal sealed class ImageClassifierImport(string graph, ImportJob job)
{
    private const string GraphName = OnnxGraphFile.UsualName;
    private const long MostConfigBytes = 16 << 20;

    /// <summary>Difference between a picture alone and beside another that still counts as the same result.</summary>
    private const float BatchingTolerance = 1e-4f;

    /// <summary>How long the trial may take.</summary>
    private static readonly TimeSpan LongestTrial = TimeSpan.FromSeconds(60);

    public async Task<InstalledModel> RunAsync(CancellationToken cancellationToken)
    {
        job.Progress?.Report(new("reading the files", 0));
        var file = await OnnxGraphFile.ReadAsync(graph, cancellationToken);
        await file.CopyAsync(
            job.Draft.Folder, GraphName, [LabelConfig.FileName, PreprocessorConfig.FileName], cancellationToken);
        using var labels = await TakeConfigAsync(LabelConfig.FileName, cancellationToken);
        using var processor = await TakeConfigAsync(PreprocessorConfig.FileName, cancellationToken);
        var config = LabelConfig.Read(labels.RootElement);

        job.Progress?.Report(new("trying it", 0));
        using var session = job.Options.Sessions.Open(Path.Combine(job.Draft.Folder, GraphName));
        var preparation = PreprocessorConfig.Read(processor.RootElement, ReadsChannelsLast(session));
        CheckShapes(session, preparation, config.RequiredNames.Count);
        var batching = Try(session, preparation, config, cancellationToken)
            && !file.Inspection.Operators.Contains("DynamicQuantizeLinear"); // Its scale spans the batch: who is in it changes results.

        job.Progress?.Report(new("installing", 0));
        var described = await ModelStore.DescribeAsync(Path.Combine(job.Draft.Folder, GraphName), cancellationToken);
        return await job.Draft.InstallAsync(
            (version, files) => new ModelImageClassification(preparation, config.Independent).WriteTo(new ModelManifest
            {
                Name = job.Draft.Name,
                Version = version,
                Task = ModelTask.ImageClassification.Name,
                Description = job.Options.Description,
                Licence = job.Options.Licence,
                Source = new ModelSource(ModelFolder.NameOf(job.Path), "onnx", described.Sha256),
                Created = job.Options.Clock.GetUtcNow(),
                Files = files,
                Graph = GraphName,
                Limits = new ModelLimits(0, 0),
                Batching = batching,
            }), cancellationToken);
    }

    private async Task<JsonDocument> TakeConfigAsync(string name, CancellationToken cancellationToken)
    {
        var path = Path.Combine(job.Path, name);
        if (new FileInfo(path).Length > MostConfigBytes)
        {
            throw new ModelImportException($"'{name}' is longer than {MostConfigBytes} bytes.");
        }

        var json = await File.ReadAllBytesAsync(path, cancellationToken);
        await File.WriteAllBytesAsync(Path.Combine(job.Draft.Folder, name), json, cancellationToken);
        return SettingsFile.Parse(json, name);
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
