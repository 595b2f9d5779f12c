using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>Takes ONNX files.</summary>
internal sealed class OnnxImporter : IModelImporter
{
    public string Files => "an .onnx of sentence embeddings";

    public bool Takes(string file) => Path.GetExtension(file).Equals(".onnx", StringComparison.OrdinalIgnoreCase);

    public Task<InstalledModel> ImportAsync(ImportJob job, CancellationToken cancellationToken) =>
        new OnnxImport(job.File, job.Draft, job.Options, job.Progress).RunAsync(cancellationToken);
}
