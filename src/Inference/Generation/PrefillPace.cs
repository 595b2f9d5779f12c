namespace Tollgate.Inference.Generation;

/// <summary>How a prompt is cut into chunks: how many of its tokens one step may read so that it holds up running answers
/// no longer than wanted; measured, not configured.</summary>
/// <remarks>
/// Where a prompt is cut follows the measured speed, and no bit of an answer may depend on it. So every chunk has a length in which the
/// kernels give each token the same numbers; one token is a chunk only where it is the whole prompt. Where no such lengths are, all chunks
/// have one length, at any speed.
/// </remarks>
internal sealed class PrefillPace
{
    /// <summary>Smaller chunks cost more for each token than they save in stall.</summary>
    private const int MinChunk = 16;
    private const double NewestWeight = 0.2;
    private readonly TimeSpan _stallTarget;
    private readonly IReadOnlyList<int> _lengths;
    private double _msPerToken;

    /// <param name="lengths">Lengths that a chunk may have, tokens, ascending: 2, 3 and others. Or one, for all chunks but the last of a
    /// prompt.</param>
    public PrefillPace(TimeSpan stallTarget, IReadOnlyList<int> lengths)
    {
        if (lengths is not ([2, 3, ..] or [> 0]))
        {
            throw new ArgumentException("Not every prompt can be cut into chunks of these lengths.", nameof(lengths));
        }

        (_stallTarget, _lengths) = (stallTarget, lengths);
    }

    /// <summary>Tokens that the next step reads. Where several lengths may be, no single token is left.</summary>
    /// <param name="left">Tokens of the prompt that are not read yet, at least 1.</param>
    /// <param name="decoding">Whether answers run that the step holds up.</param>
    public int NextChunk(int left, bool decoding)
    {
        if (left == 1 || _lengths.Count == 1)
        {
            return Math.Min(left, _lengths[0]);
        }

        var most = decoding ? LongestWhileDecoding() : int.MaxValue;
        return _lengths.Last(length => length == 2 || (length <= most && (length == left || length <= left - 2)));
    }

    /// <summary>Learns from a chunk. Short ones are left out: their fixed cost would make the next ones shorter still.</summary>
    public void Measured(int tokens, TimeSpan elapsed)
    {
        if (tokens >= MinChunk)
        {
            var measured = elapsed.TotalMilliseconds / tokens;
            _msPerToken = _msPerToken == 0 ? measured : _msPerToken + (NewestWeight * (measured - _msPerToken));
        }
    }

    private int LongestWhileDecoding() => _msPerToken == 0
        ? 2 * MinChunk
        : Math.Max((int)(_stallTarget.TotalMilliseconds / _msPerToken), MinChunk);
}
