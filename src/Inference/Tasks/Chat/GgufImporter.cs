using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>Takes GGUF files: one, a part of several, or the folder that holds them.</summary>
internal sealed class GgufImporter : IModelImporter
{
    public string Files => "a .gguf of text generation";

    public bool Takes(string path) => GgufParts.IsFolder(path)
        || (File.Exists(path) && Path.GetExtension(path).Equals(".gguf", StringComparison.OrdinalIgnoreCase));

    public async Task<InstalledModel> ImportAsync(ImportJob job, CancellationToken cancellationToken)
    {
        job.Progress?.Report(new("reading the file", 0));
        using var parts = GgufParts.Open(job.Path);
        var source = new DecoderSource(parts, stopping => DescribeAsync(parts, job.Path, stopping), Notes: []);
        return await new GgufImport(source, job.Draft, job.Options, job.Progress).RunAsync(cancellationToken);
    }

    private static async Task<ModelSource> DescribeAsync(GgufParts parts, string path, CancellationToken cancellationToken)
    {
        var hash = Directory.Exists(path) ? await ModelFolder.HashAsync(path, cancellationToken)
            : parts.Paths.Count == 1 ? (await ModelStore.DescribeAsync(path, cancellationToken)).Sha256
            : await ModelFolder.HashAsync(
                Path.GetDirectoryName(Path.GetFullPath(path))!, parts.Paths.Select(Path.GetFullPath), cancellationToken);
        return new ModelSource(ModelFolder.NameOf(path), "gguf", hash);
    }
}
