using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>Takes GGUF files.</summary>
internal sealed class GgufImporter : IModelImporter
{
    public string Files => "a .gguf of text generation";

    public bool Takes(string file) => Path.GetExtension(file).Equals(".gguf", StringComparison.OrdinalIgnoreCase);

    public Task<InstalledModel> ImportAsync(ImportJob job, CancellationToken cancellationToken) =>
        new GgufImport(job.File, job.Draft, job.Options, job.Progress).RunAsync(cancellationToken);
}
