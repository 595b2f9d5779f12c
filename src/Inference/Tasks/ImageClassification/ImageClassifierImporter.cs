using Tollgate.Inference.Models;
using Tollgate.Inference.Pictures;

namespace Tollgate.Inference.Tasks.ImageClassification;

/// <summary>Takes folders as Optimum exports image classifiers: the graph beside its two configurations, or in <c>onnx/</c> below
/// them.</summary>
internal sealed class ImageClassifierImporter : IModelImporter
{
    private const string GraphName = "model.onnx";

    public string Files => "a folder of an image classifier (model.onnx, config.json, preprocessor_config.json)";

    public bool Takes(string path) => FindGraph(path) is not null
        && File.Exists(Path.Combine(path, PreprocessorConfig.FileName)) && File.Exists(Path.Combine(path, ClassifierConfig.FileName));

    public Task<InstalledModel> ImportAsync(ImportJob job, CancellationToken cancellationToken) =>
        new ImageClassifierImport(FindGraph(job.Path)!, job).RunAsync(cancellationToken);

    private static string? FindGraph(string folder) =>
        new[] { Path.Combine(folder, GraphName), Path.Combine(folder, "onnx", GraphName) }.FirstOrDefault(File.Exists);
}
