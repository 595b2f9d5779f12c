using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Pictures;

namespace Tollgate.Inference.Tasks.ImageClassification;

/// <summary>Takes folders as Optimum exports image classifiers: the graph beside its two configurations, or in <c>onnx/</c> below
/// them.</summary>
internal sealed class ImageClassifierImporter : IModelImporter
{
    public string Files => "a folder of an image classifier (model.onnx, config.json, preprocessor_config.json)";

    public bool Takes(string path) => OnnxGraphFile.Find(path) is not null
        && File.Exists(Path.Combine(path, PreprocessorConfig.FileName)) && File.Exists(Path.Combine(path, LabelConfig.FileName));

    public Task<InstalledModel> ImportAsync(ImportJob job, CancellationToken cancellationToken) =>
        new ImageClassifierImport(OnnxGraphFile.Find(job.Path)!, job).RunAsync(cancellationToken);
}
