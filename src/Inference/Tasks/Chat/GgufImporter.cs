using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>Takes GGUF files.</summary>
internal sealed class GgufImporter : IModelImporter
{
    public string Files => "a .gguf of text generation";

    public bool Takes(string path) => File.Exists(path) && Path.GetExtension(path).Equals(".gguf", StringComparison.OrdinalIgnoreCase);

    public Task<InstalledModel> ImportAsync(ImportJob job, CancellationToken cancellationToken) =>
        new GgufImport(job.Path, job.Draft, job.Options, job.Progress).RunAsync(cancellationToken);
}
