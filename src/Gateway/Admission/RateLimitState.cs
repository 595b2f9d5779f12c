namespace Tollgate.Gateway.Admission;

/// <summary>The tightest request bucket and the tightest token bucket after an admission,
/// for the rate-limit headers. Null where none is set.</summary>
internal sealed record RateLimitState(BucketState? Requests, BucketState? Tokens)
{
    public static readonly RateLimitState None = new(null, null);

    /// <param name="used">For each bucket, <c>used × window</c>.</param>
    public static RateLimitState Of(IReadOnlyList<BucketLimit> buckets, IReadOnlyList<long> used)
    {
        if (buckets.Count == 0 || used.Count != buckets.Count)
        {
            return None;
        }

        BucketState? requests = null, tokens = null;
        for (var i = 0; i < buckets.Count; i++)
        {
            var state = BucketState.Of(buckets[i], used[i]);
            if (buckets[i].CountsTokens)
            {
                tokens = Tighter(tokens, state);
            }
            else
            {
                requests = Tighter(requests, state);
            }
        }

        return new RateLimitState(requests, tokens);
    }

    /// <summary>The bucket with less left; of two with the same, the one that takes longer to fill.</summary>
    private static BucketState Tighter(BucketState? one, BucketState other) =>
        one is null || other.Remaining < one.Remaining || (other.Remaining == one.Remaining && other.ResetMs > one.ResetMs) ? other : one;
}

/// <summary>One bucket as the headers show it.</summary>
/// <param name="Limit">Capacity.</param>
/// <param name="Remaining">Whole units left.</param>
/// <param name="ResetMs">Milliseconds until it is full again, cut to whole ones.</param>
internal sealed record BucketState(long Limit, long Remaining, long ResetMs)
{
    public static BucketState Of(BucketLimit bucket, long used) => new(
        bucket.Limit,
        Math.Max(0, ((bucket.Limit * bucket.WindowMs) - used) / bucket.WindowMs),
        bucket.Limit == 0 ? 0 : used / bucket.Limit);
}
