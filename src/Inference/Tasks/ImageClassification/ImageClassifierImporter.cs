using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Pictures;
using Tollgate.Inference.TensorFlowJs;

namespace Tollgate.Inference.Tasks.ImageClassification;

/// <summary>Takes folders as Optimum exports image classifiers: the graph beside its two configurations, or in <c>onnx/</c> below
/// them. A TF.js graph model with one row of scores for each picture may stand in the graph's place.</summary>
internal sealed class ImageClassifierImporter : IModelImporter
{
    public string Files =>
        "a folder of an image classifier (model.onnx or TF.js's model.json, config.json, preprocessor_config.json)";

    public bool Takes(string path) => TakesOnnx(path) || TakesTensorFlowJs(path);

    public Task<InstalledModel> ImportAsync(ImportJob job, CancellationToken cancellationToken) => new ImageClassifierImport(
        job, TakesOnnx(job.Path) ? OnnxGraphFile.Find(job.Path)! : GraphModel.Find(job.Path)!).RunAsync(cancellationToken);

    private static bool TakesOnnx(string path) => OnnxGraphFile.Find(path) is not null
        && File.Exists(Path.Combine(path, PreprocessorConfig.FileName)) && File.Exists(Path.Combine(path, LabelConfig.FileName));

    private static bool TakesTensorFlowJs(string path)
    {
        if (GraphModel.Find(path) is not { } file)
        {
            return false;
        }

        using var model = GraphModel.Read(file);
        return ImageClassifierImport.FindScores(model) is not null;
    }
}
