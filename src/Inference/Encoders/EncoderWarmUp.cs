using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Encoders;

/// <summary>Rows of token 0, so that an encoder has run the shapes of its requests.</summary>
internal sealed class EncoderWarmUp(int rows, int tokens) : IEncoderRequest
{
    private const int MostTokens = 128;

    public Party Party => default;

    public long Size => (long)rows * tokens;

    /// <summary>Runs one row, and the largest batch.</summary>
    /// <param name="context">Longest row, tokens.</param>
    public static async Task RunAsync(EncoderEngine engine, int context, CancellationToken cancellationToken)
    {
        var limits = engine.Limits;
        var tokens = Math.Clamp(limits.PaddedTokens / limits.Rows, 1, Math.Min(context, MostTokens));
        await engine.RunAsync(new EncoderWarmUp(1, tokens), cancellationToken);
        if (limits.Rows > 1)
        {
            await engine.RunAsync(new EncoderWarmUp(limits.Rows, tokens), cancellationToken);
        }
    }

    public IReadOnlyList<EncoderRow>? Encode() => [.. Enumerable.Range(0, rows).Select(_ => new EncoderRow(new int[tokens]))];

    public void Read(int row, ReadOnlySpan<float> output)
    {
    }

    public void Count(int tokens)
    {
    }
}
