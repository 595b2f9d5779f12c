using Tollgate.Contracts.Metering;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Tasks.Tensors;

/// <summary>Takes ONNX files of any kind, and folders with one. Asked last: it takes what no other task takes. A folder that states in a
/// <c>config.json</c> what its model is for was meant for another task, unless the operator names this one.</summary>
internal sealed class TensorsImporter : IModelImporter
{
    private const string ConfigName = "config.json";

    public string Files => $"an .onnx of any kind, or a folder with a model.onnx and no {ConfigName}";

    public bool Takes(string path) => GraphOf(path) is not null && !File.Exists(Path.Combine(path, ConfigName));

    public bool Takes(string path, ModelImportOptions options) =>
        Takes(path) || (options.Task == ModelTask.Tensors.Name && GraphOf(path) is not null);

    public Task<InstalledModel> ImportAsync(ImportJob job, CancellationToken cancellationToken) =>
        new TensorsImport(job, GraphOf(job.Path)!).RunAsync(cancellationToken);

    private static string? GraphOf(string path) => Directory.Exists(path) ? OnnxGraphFile.Find(path)
        : Path.GetExtension(path).Equals(".onnx", StringComparison.OrdinalIgnoreCase) && File.Exists(path) ? path : null;
}
