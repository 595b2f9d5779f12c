using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Rerank;

/// <summary>Takes folders of the usual exporters, and their ONNX files, whose <c>config.json</c> describes a classifier of sequences with
/// one label.</summary>
internal sealed class CrossEncoderImporter : IModelImporter
{
    public string Files => "a folder with model.onnx, config.json and tokenizer.json of a cross-encoder";

    public bool Takes(string path) => FindGraph(path) is { } graph && CrossEncoderConfig.FindFolder(graph) is not null;

    public Task<InstalledModel> ImportAsync(ImportJob job, CancellationToken cancellationToken) =>
        new CrossEncoderImport(FindGraph(job.Path)!, job).RunAsync(cancellationToken);

    /// <summary>The graph: the file itself, or the one in a folder; null where there is none.</summary>
    private static string? FindGraph(string path) => Directory.Exists(path)
        ? Array.Find([Path.Combine(path, EncoderFiles.GraphName), Path.Combine(path, "onnx", EncoderFiles.GraphName)], File.Exists)
        : File.Exists(path) && Path.GetExtension(path).Equals(".onnx", StringComparison.OrdinalIgnoreCase) ? path : null;
}
