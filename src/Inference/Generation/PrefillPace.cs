namespace Tollgate.Inference.Generation;

/// <summary>How a prompt is cut into chunks: how many of its tokens one step may read so that it holds up others no longer than wanted;
/// measured, not configured.</summary>
/// <remarks>
/// Where a prompt is cut follows the measured speed, and no bit of an answer may depend on it. So every chunk has a length in which the
/// kernels give each token the same numbers; one token is a chunk only where it is the whole prompt. Where no such lengths are, all chunks
/// have one length, at any speed.
/// </remarks>
internal sealed class PrefillPace
{
    /// <summary>Smaller chunks cost more for each token than they save in stall.</summary>
    private const int MinChunk = 16;

    /// <summary>What is kept of the weight of a measurement when the next one comes.</summary>
    private const double Kept = 0.8;

    /// <summary>What is left of a prompt goes in one piece up to this many times the tokens that the time is for: a turn more would delay
    /// the answer for a few tokens.</summary>
    private const double LastPiece = 1.5;

    private readonly IReadOnlyList<int> _lengths;
    private Moments _sums;

    /// <param name="lengths">Lengths that a chunk may have, tokens, ascending: 2, 3 and others. Or one, for all chunks but the last of a
    /// prompt.</param>
    public PrefillPace(IReadOnlyList<int> lengths)
    {
        if (lengths is not ([2, 3, ..] or [> 0]))
        {
            throw new ArgumentException("Not every prompt can be cut into chunks of these lengths.", nameof(lengths));
        }

        _lengths = lengths;
    }

    /// <summary>Most tokens of a prompt that one step may read.</summary>
    public int Longest => _lengths[^1];

    /// <summary>The least length that a step may have for prompts of up to so many tokens. Null where there is none, or where all chunks
    /// have one length.</summary>
    public int? LengthFor(int tokens)
    {
        foreach (var length in _lengths)
        {
            if (length >= tokens && _lengths.Count > 1)
            {
                return length;
            }
        }

        return null;
    }

    /// <summary>Tokens that a step reads within a time, at least so many that a step is worth its fixed cost.</summary>
    public int TokensWithin(TimeSpan time)
    {
        if (_sums.Weight == 0)
        {
            return 2 * MinChunk; // Nothing was measured yet.
        }

        var (fixedMs, msPerToken) = _sums.Line();
        return (int)Math.Clamp((time.TotalMilliseconds - fixedMs) / msPerToken, MinChunk, int.MaxValue / 2);
    }

    /// <summary>Tokens that the next step reads. Where several lengths may be, no single token is left.</summary>
    /// <param name="left">Tokens of the prompt that are not read yet, at least 1.</param>
    /// <param name="most">Tokens that the step has time for.</param>
    public int NextChunk(int left, int most)
    {
        if (left == 1 || _lengths.Count == 1)
        {
            return Math.Min(left, _lengths[0]);
        }

        most = left <= most * LastPiece ? left : most;
        return _lengths.Last(length => length == 2 || (length <= most && (length == left || length <= left - 2)));
    }

    /// <summary>Learns from a step. Those of few tokens are left out: they go through other kernels.</summary>
    public void Measured(int tokens, TimeSpan elapsed)
    {
        if (tokens >= MinChunk)
        {
            _sums = _sums.Add(tokens, elapsed.TotalMilliseconds);
        }
    }

    /// <summary>Weighted sums over steps: n tokens, t milliseconds.</summary>
    private readonly record struct Moments(double Weight, double N, double T, double NN, double NT)
    {
        public Moments Add(double n, double t) =>
            new((Weight * Kept) + 1, (N * Kept) + n, (T * Kept) + t, (NN * Kept) + (n * n), (NT * Kept) + (n * t));

        /// <summary>The fixed time of a step and the time of each token. No fixed time where all steps had about the same length, or
        /// where the line through them makes no sense.</summary>
        public (double Fixed, double Each) Line()
        {
            var spread = (Weight * NN) - (N * N);
            var each = ((Weight * NT) - (N * T)) / spread;
            var start = (T - (each * N)) / Weight;
            return spread > 0.01 * N * N && each > 0 && start > 0 ? (start, each) : (0, T / N);
        }
    }
}
