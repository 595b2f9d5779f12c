using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Models;
using Tollgate.Inference.TensorFlowJs;

namespace Tollgate.Inference.Tasks.Detection;

/// <summary>One import of an object detector: converted from TF.js, and tried on two pictures before it is installed.</summary>
/// <param name="graph">Path of the JSON.</param>
internal sealed class DetectionImport(ImportJob job, string graph)
{
    private const string GraphName = "model.onnx";
    private const int LongestSide = 1024;

    /// <summary>What the authors of CenterNet's TF.js model use; a request may name another threshold.</summary>
    private const double Threshold = 0.2;

    private const double Overlap = 0.4;

    /// <summary>How long the trial may take.</summary>
    private static readonly TimeSpan LongestTrial = TimeSpan.FromSeconds(60);

    public async Task<InstalledModel> RunAsync(CancellationToken cancellationToken)
    {
        job.Progress?.Report(new("reading the files", 0));
        using var model = GraphModel.Read(graph);
        var output = FindBoxes(model);
        using var labels = await ConfigFile.TakeAsync(
            Path.GetDirectoryName(Path.GetFullPath(graph))!, LabelConfig.FileName,
            "id2label, the names of the labels by number", job.Draft.Folder, cancellationToken);
        var count = LabelConfig.Read(labels.RootElement).RequiredNames.Count;

        job.Progress?.Report(new("converting", 0));
        var hash = await GraphConverter.WriteAsync(
            model, output, beforeActivation: null, job.Draft.Folder,
            new OnnxNames(GraphName, ModelDetection.Input, ModelDetection.Output), cancellationToken);

        job.Progress?.Report(new("trying it", 0));
        using var session = job.Options.Sessions.Open(Path.Combine(job.Draft.Folder, GraphName));
        var detection = Describe(session);
        Try(session, detection, count, cancellationToken);

        job.Progress?.Report(new("installing", 0));
        return await job.Draft.InstallAsync(
            (version, files) => detection.WriteTo(new ModelManifest
            {
                Name = job.Draft.Name,
                Version = version,
                Task = ModelTask.ImageDetection.Name,
                Description = job.Options.Description,
                Licence = job.Options.Licence,
                Source = new ModelSource(ModelFolder.NameOf(job.Path), "tfjs", hash),
                Created = job.Options.Clock.GetUtcNow(),
                Files = files,
                Graph = GraphName,
                Limits = new ModelLimits(0, 0),
                Batching = false,
            }), cancellationToken);
    }

    private static GraphOutput FindBoxes(GraphModel model)
    {
        var found = model.Outputs.Where(output => output.Shape is [_, _, ModelDetection.RowLength]).ToArray();
        return found.Length == 1 ? found[0] : throw new ModelImportException(
            $"The TF.js model gives {string.Join(", ", model.Outputs.Take(10))}. Supported are one output of the shape batch x labels (an "
            + "image classifier) and one of batch x boxes x 6 (an object detector: left, top, right, bottom, score, label).");
    }

    private static ModelDetection Describe(InferenceSession session)
    {
        var shape = session.InputMetadata[ModelDetection.Input].Dimensions;
        return shape is [-1 or 1, 3, > 0 and <= LongestSide and var height, > 0 and <= LongestSide and var width]
            ? new ModelDetection(width, height, Threshold, Overlap)
            : throw new ModelImportException(
                $"The model reads pictures of the shape {string.Join(" x ", shape)}; sides of 1 to {LongestSide} that are stated are "
                + "supported.");
    }

    /// <summary>Runs a dark and a striped picture.</summary>
    private static void Try(InferenceSession session, ModelDetection detection, int labels, CancellationToken cancellationToken)
    {
        var dark = new float[3 * detection.Width * detection.Height];
        var striped = Array.ConvertAll([.. Enumerable.Range(0, dark.Length)], i => (float)(byte)(i * 7));
        using var options = new RunOptions();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var stop = limit.Token.Register(() => options.Terminate = true); // A large graph may run very long.
        limit.CancelAfter(LongestTrial);
        try
        {
            foreach (var pixels in new[] { dark, striped })
            {
                var rows = DetectionRows.Run(session, detection, pixels, options);
                if (rows.Chunk(ModelDetection.RowLength).FirstOrDefault(row => row[5] < 0 || row[5] >= labels) is { } row)
                {
                    throw new ModelImportException(
                        $"The model names the label {row[5]}, and '{LabelConfig.FileName}' has {labels} labels.");
                }
            }
        }
        catch (ModelRunException exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new ModelImportException($"The model fails on a picture: {exception.Message}", exception);
        }
    }
}
