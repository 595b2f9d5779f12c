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
        var source = new DecoderSource(checkpoint, stopping => DescribeAsync(job.Path, stopping), checkpoint.Notes)
        {
            Tokenizer = Describe(checkpoint.Tokenizer),
        };
        return await new GgufImport(source, job.Draft, job.Options, job.Progress).RunAsync(cancellationToken);
    }

    private static GgufTokenizer Describe(CheckpointTokenizer read)
    {
        var ids = Enumerable.Range(0, read.Tokenizer.VocabularySize).ToArray();
        return new GgufTokenizer(
            read.Tokenizer, TokenizerFile.HuggingFace, read.File, [.. ids.Select(read.TextOf)], [.. ids.Where(read.Tokenizer.IsSpecial)],
            read.AddsStart);
    }

    private static async Task<ModelSource> DescribeAsync(string path, CancellationToken cancellationToken) =>
        new(ModelFolder.NameOf(path), "safetensors", await ModelFolder.HashAsync(path, cancellationToken));
}
