namespace Tollgate.Benchmarks.Load;

/// <summary>Measured spans of time, nanoseconds, in order.</summary>
internal sealed class Sample
{
    private readonly long[] _sorted;

    public Sample(IEnumerable<long> nanoseconds)
    {
        _sorted = [.. nanoseconds];
        Array.Sort(_sorted);
    }

    public int Count => _sorted.Length;

    /// <summary>
    /// The smallest value that at least <paramref name="share"/> (0 to 1) of all reach not or just, microseconds; NaN of nothing.
    /// </summary>
    public double Microseconds(double share)
    {
        var rank = Math.Max(1, (int)Math.Ceiling(share * _sorted.Length));
        return rank > _sorted.Length ? double.NaN : _sorted[rank - 1] / 1000.0;
    }
}
