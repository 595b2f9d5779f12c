namespace Tollgate.Inference.Generation;

/// <summary>How many prompt tokens one step may read so that it holds up running answers
/// no longer than wanted; measured, not configured.</summary>
internal sealed class PrefillPace(TimeSpan stallTarget, int maxChunk)
{
    /// <summary>Smaller chunks cost more for each token than they save in stall.</summary>
    private const int MinChunk = 16;
    private const double NewestWeight = 0.2;
    private double _msPerToken;

    /// <param name="decoding">Whether answers run that the step holds up.</param>
    public int NextChunk(bool decoding)
    {
        if (!decoding)
        {
            return maxChunk;
        }

        return _msPerToken == 0
            ? Math.Min(2 * MinChunk, maxChunk)
            : Math.Clamp((int)(stallTarget.TotalMilliseconds / _msPerToken), Math.Min(MinChunk, maxChunk), maxChunk);
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
}
