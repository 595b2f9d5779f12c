using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>Takes ONNX files.</summary>
internal sealed class OnnxImporter : IModelImporter
{
    public string Files => "an .onnx of sentence embeddings";

    public bool Takes(string path) => File.Exists(path) && Path.GetExtension(path).Equals(".onnx", StringComparison.OrdinalIgnoreCase);

    public Task<InstalledModel> ImportAsync(ImportJob job, CancellationToken cancellationToken) =>
        new OnnxImport(job.Path, job.Draft, job.Options, job.Progress).RunAsync(cancellationToken);
}
