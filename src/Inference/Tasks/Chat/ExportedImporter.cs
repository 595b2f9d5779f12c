using Tollgate.Inference.Exported;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>Takes folders of ready graphs of decoders, as Optimum and onnxruntime-genai export them.</summary>
internal sealed class ExportedImporter : IModelImporter
{
    public string Files => "a folder of a decoder with its exported .onnx and config.json or genai_config.json";

    public bool Takes(string path) => ExportedFolder.Is(path);

    public async Task<InstalledModel> ImportAsync(ImportJob job, CancellationToken cancellationToken)
    {
        job.Progress?.Report(new("reading the graph", 0));
        using var folder = ExportedFolder.Open(job.Path);
        var source = new DecoderSource(
            folder.Weights, stopping => CheckpointImporter.DescribeAsync(job.Path, "onnx", stopping), folder.Notes)
        {
            Tokenizer = CheckpointImporter.Describe(folder.Tokenizer),
            Verify = (weights, prompt, stopping) => ExportedCheck.Run(folder, weights, prompt, job.Options.Sessions, stopping),
        };
        return await new GgufImport(source, job.Draft, job.Options, job.Progress).RunAsync(cancellationToken);
    }
}
