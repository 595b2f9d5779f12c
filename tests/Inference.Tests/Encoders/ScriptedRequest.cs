using Tollgate.Inference.Encoders;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tests.Encoders;

/// <summary>A request with rows of given lengths, whose ids are <paramref name="mark"/>.</summary>
internal sealed class ScriptedRequest(Party party, int mark, params int[] lengths) : IEncoderRequest
{
    private int _tokens;

    public Party Party => party;

    public long Size { get; init; } = lengths.Sum();

    /// <summary>Whether its texts give no rows.</summary>
    public bool Refuses { get; init; }

    /// <summary>Tokens that were counted.</summary>
    public int Tokens => Volatile.Read(ref _tokens);

    /// <summary>First number of each row's output.</summary>
    public float[] Numbers { get; } = new float[lengths.Length];

    /// <summary>Lets rows fail when they are read.</summary>
    public Exception? Failure { get; init; }

    public IEnumerable<int>? Pieces { get; init; }

    public IReadOnlyList<EncoderRow>? Encode() => Refuses ? null
        : [.. lengths.Select(length => new EncoderRow([.. Enumerable.Repeat(mark, length)]))];

    public void Read(int row, ReadOnlySpan<float> output) => Numbers[row] = Failure is null ? output[0] : throw Failure;

    public void Count(int tokens) => Interlocked.Add(ref _tokens, tokens);
}
