using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary>Takes folders of the usual exporters, and their ONNX files, whose <c>config.json</c> describes a classifier of
/// sequences.</summary>
/// <param name="ranks">Whether it takes those with one label, which rank, or else those with several.</param>
internal sealed class SequenceImporter(bool ranks) : IModelImporter
{
    public string Files =>
        $"a folder with model.onnx, config.json and tokenizer.json of {(ranks ? "a cross-encoder" : "text classification")}";

    public bool Takes(string path) => FindGraph(path) is { } graph && SequenceConfig.Find(graph) is { } config && config.Ranks == ranks;

    public Task<InstalledModel> ImportAsync(ImportJob job, CancellationToken cancellationToken)
    {
        var graph = FindGraph(job.Path)!;
        return new SequenceImport(graph, SequenceConfig.Find(graph)!, job).RunAsync(cancellationToken);
    }

    private static string? FindGraph(string path) => Directory.Exists(path) ? OnnxGraphFile.Find(path)
        : File.Exists(path) && Path.GetExtension(path).Equals(".onnx", StringComparison.OrdinalIgnoreCase) ? path : null;
}
