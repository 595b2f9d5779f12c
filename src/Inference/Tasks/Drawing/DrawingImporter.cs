using Tollgate.Inference.Diffusion;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Drawing;

/// <summary>Takes text-to-image folders in the Diffusers ONNX layout.</summary>
internal sealed class DrawingImporter : IModelImporter
{
    public string Files => "a folder of image generation with model_index.json";

    public bool Takes(string path) => Directory.Exists(path) && File.Exists(Path.Combine(path, DiffusionLayout.IndexFile));

    public Task<InstalledModel> ImportAsync(ImportJob job, CancellationToken cancellationToken) =>
        new DrawingImport(job).RunAsync(cancellationToken);
}
