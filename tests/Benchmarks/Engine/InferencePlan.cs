namespace Tollgate.Benchmarks.Engine;

/// <summary>What is measured.</summary>
/// <param name="Model">A GGUF file of a decoder.</param>
/// <param name="Encoder">An embedding model, file or folder; null leaves that part out.</param>
/// <param name="Precisions">Of <see cref="Inference.Models.ModelPrecisions"/>: f32, int8.</param>
/// <param name="Threads">Processors and threads of each target, one setting after the other.</param>
/// <param name="IsQuick">A look: shorter answers, a smaller load.</param>
internal sealed record InferencePlan(
    string Model, string? Encoder, IReadOnlyList<string> Precisions, IReadOnlyList<int> Threads, int Rounds, int Seed, bool IsQuick)
{
    /// <summary>1, 8 and 32 streams, each with short and long answers.</summary>
    public IReadOnlyList<Cell> Cells => IsQuick
        ? [new(1, 24), new(1, 96), new(8, 24), new(32, 24)]
        : [new(1, 24), new(1, 96), new(8, 24), new(8, 96), new(Cell.MostStreams, 24), new(Cell.MostStreams, 96)];

    public MixedLoad Mixed => IsQuick ? new(Long: 4, LongTokens: 400, Running: 2) : new(Long: 8, LongTokens: 1500, Running: 2);

    /// <summary>Time of each part of the measurement of embeddings.</summary>
    public TimeSpan Window => TimeSpan.FromSeconds(IsQuick ? 4 : 10);
}
