using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks.Embeddings;

namespace Tollgate.Inference.Tests.Tasks.Embeddings;

/// <summary>Embeds without a gateway: no organization, no hold.</summary>
internal static class EmbeddingAlone
{
    public static EncoderHost Host { get; } =
        new(new SessionFactory(ExecutionProvider.Cpu), new QueueOptions(), new QuietOrganizations(), TimeProvider.System);

    public static Task<EmbeddingModel> LoadAsync(InstalledModel installed) =>
        EmbeddingModel.LoadAsync(installed, Host, CancellationToken.None);

    public static async Task<EmbeddingResult> EmbedAsync(
        this EmbeddingModel model, IReadOnlyList<PromptInput> inputs, CancellationToken cancellationToken = default)
    {
        var request = new Request(model, inputs);
        await model.Engine.RunAsync(request, cancellationToken);
        return new EmbeddingResult(request.Vectors, request.Tokens, request.Refusal);
    }

    /// <summary>Inputs to embed.</summary>
    private sealed class Request(EmbeddingModel model, IReadOnlyList<PromptInput> inputs) : IEncoderRequest
    {
        public float[][] Vectors { get; } = new float[inputs.Count][];

        public IReadOnlyList<int> Tokens { get; private set; } = [];

        public OpenAiError? Refusal { get; private set; }

        public Party Party => default;

        public long Size => inputs.Sum(input => input.Text?.Length ?? input.TokenIds!.Count);

        public IReadOnlyList<EncoderRow>? Encode()
        {
            if (!model.Encode(inputs, EmbeddingPurpose.None).TryGet(out var rows, out var refusal))
            {
                Refusal = refusal;
                return null;
            }

            Tokens = [.. rows.Select(row => row.Length)];
            return rows;
        }

        public void Read(int row, ReadOnlySpan<float> output) => Vectors[row] = model.Pool(output);

        public void Count(int tokens)
        {
        }
    }
}

/// <summary>Vectors and tokens in the order of the inputs, or why there are none.</summary>
internal sealed record EmbeddingResult(IReadOnlyList<float[]> Vectors, IReadOnlyList<int> Tokens, OpenAiError? Refusal);
