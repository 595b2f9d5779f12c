using System.Text;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>A loaded sentence-embedding model. Thread-safe.</summary>
internal sealed class EmbeddingModel(EncoderModel model, ModelEmbedding embedding) : IDisposable
{
    public InstalledModel Installed => model.Installed;

    /// <summary>Runs the requests.</summary>
    public EncoderEngine Engine => model.Engine;

    public ModelManifest Manifest => Installed.Manifest;

    public ITokenizer Tokenizer => model.Tokenizer;

    public ModelEmbedding Embedding => embedding;

    /// <summary>What the tokenizer and a prefix add to an input at most, text or ids.</summary>
    public PromptMeasure Measure
    {
        get
        {
            var bytes = Math.Max(
                Encoding.UTF8.GetByteCount(embedding.QueryPrefix ?? ""), Encoding.UTF8.GetByteCount(embedding.DocumentPrefix ?? ""));
            return model.Measure(model.FrameLength + (bytes * model.Tokenizer.MostTokensPerByte));
        }
    }

    /// <summary>Verifies the version's files and loads it.</summary>
    /// <exception cref="ModelImportException">The version is damaged, or is not an embedding model.</exception>
    public static async Task<EmbeddingModel> LoadAsync(InstalledModel installed, EncoderHost host, CancellationToken cancellationToken)
    {
        var embedding = ModelEmbedding.Of(installed.Manifest)?.Check(installed.Manifest.Name) ?? throw new ModelImportException(
            $"The model '{installed.Manifest.Name}' {installed.Manifest.Version} is not an embedding model.");
        return new EmbeddingModel(await EncoderModel.LoadAsync(installed, embedding.Output, host, cancellationToken), embedding);
    }

    /// <inheritdoc cref="LoadedModel.WarmUpAsync"/>
    public Task WarmUpAsync(CancellationToken cancellationToken) => model.WarmUpAsync(cancellationToken);

    /// <summary>Cuts inputs into rows, in their order.</summary>
    public OrRefusal<IReadOnlyList<EncoderRow>> Encode(IReadOnlyList<PromptInput> inputs, EmbeddingPurpose purpose)
    {
        var rows = new EncoderRow[inputs.Count];
        for (var index = 0; index < rows.Length; index++)
        {
            rows[index] = Frame(inputs[index], purpose);
            var most = model.ContextLength;
            var wrong = Array.Exists(rows[index].Ids, id => id < 0 || id >= model.Tokenizer.VocabularySize)
                ? $"Input {index} has a token outside the vocabulary of {model.Tokenizer.VocabularySize}."
                : rows[index].Length > most
                    ? $"This model's maximum context length is {most} tokens, however input {index} has {rows[index].Length}." : null;
            if (wrong is not null)
            {
                return new OpenAiError(400, "invalid_request_error", null, wrong, "input");
            }
        }

        return rows;
    }

    /// <summary>The row of one input: its prefix and the tokens that frame a text are added.</summary>
    public EncoderRow Frame(PromptInput input, EmbeddingPurpose purpose) =>
        model.Frame(model.Cut(embedding.PrefixOf(purpose) + input.Text, input.TokenIds));

    /// <summary>Tokens that <see cref="Frame"/> adds to a text.</summary>
    public int FrameLength(EmbeddingPurpose purpose) => Frame(new PromptInput("", null), purpose).Length;

    /// <summary>Cuts the end of a row's text, so that so many tokens are left.</summary>
    public EncoderRow Shorten(EncoderRow row, int tokens) => tokens >= row.Length
        ? row : new EncoderRow([.. row.Ids.AsSpan(0, tokens - model.Tokenizer.Frame.Suffix.Count), .. model.Tokenizer.Frame.Suffix]);

    /// <summary>Makes the vector of a row from what the graph computed for it.</summary>
    public float[] Pool(ReadOnlySpan<float> output) => SentenceVector.Pool(output, embedding);

    public void Dispose() => model.Dispose();
}
