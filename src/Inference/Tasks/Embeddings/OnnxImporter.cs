using Tollgate.Contracts.Metering;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>Takes ONNX files beside whose graph a tokenizer lies, or for which one is named.</summary>
internal sealed class OnnxImporter : IModelImporter
{
    public string Files => "an .onnx of sentence embeddings";

    public bool Takes(string path) => IsGraph(path) && EncoderFiles.HasTokenizer(path);

    /// <summary>The operator may say in other ways that it is a model of this task.</summary>
    public bool Takes(string path, ModelImportOptions options) => IsGraph(path)
        && (EncoderFiles.HasTokenizer(path) || options.TokenizerFile is not null || options.Pooling is not null
            || options.Task == ModelTask.Embeddings.Name);

    private static bool IsGraph(string path) =>
        File.Exists(path) && Path.GetExtension(path).Equals(".onnx", StringComparison.OrdinalIgnoreCase);

    public Task<InstalledModel> ImportAsync(ImportJob job, CancellationToken cancellationToken) =>
        new OnnxImport(job.Path, job.Draft, job.Options, job.Progress).RunAsync(cancellationToken);
}
