using Tollgate.Inference.Checkpoints;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>Takes folders of safetensors, as Hugging Face has them.</summary>
internal sealed class CheckpointImporter : IModelImporter
{
    public string Files => "a folder of a decoder with config.json and safetensors";

    public bool Takes(string path) => CheckpointFolder.Is(path);

    public async Task<InstalledModel> ImportAsync(ImportJob job, CancellationToken cancellationToken)
    {
        job.Progress?.Report(new("reading the folder", 0));
        using var checkpoint = Checkpoint.Open(job.Path);
        var source = new DecoderSource(checkpoint, stopping => DescribeAsync(job.Path, "safetensors", stopping), checkpoint.Notes)
        {
            Tokenizer = Describe(checkpoint.Tokenizer),
        };
        return await new GgufImport(source, job.Draft, job.Options, job.Progress).RunAsync(cancellationToken);
    }

    public static GgufTokenizer Describe(CheckpointTokenizer read)
    {
        var ids = Enumerable.Range(0, read.Tokenizer.VocabularySize).ToArray();
        return new GgufTokenizer(
            read.Tokenizer, TokenizerFile.HuggingFace, read.File, [.. ids.Select(read.TextOf)], [.. ids.Where(read.Tokenizer.IsSpecial)],
            read.AddsStart);
    }

    /// <param name="format">How its weights are stored, for the manifest.</param>
    public static async Task<ModelSource> DescribeAsync(string path, string format, CancellationToken cancellationToken) =>
        new(ModelFolder.NameOf(path), format, await ModelFolder.HashAsync(path, cancellationToken));
}
