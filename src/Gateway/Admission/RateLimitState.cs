namespace Tollgate.Gateway.Admission;

/// <summary>The tightest request bucket and the tightest token bucket after an admission, for the rate-limit headers. Null where none is set.</summary>
internal sealed record RateLimitState(BucketState? Requests, BucketState? Tokens)
{
    public static readonly RateLimitState None = new(null, null);
}

/// <summary>One bucket as the headers show it.</summary>
/// <param name="Limit">Capacity.</param>
/// <param name="Remaining">Whole units left.</param>
/// <param name="ResetMs">Milliseconds until it is full again, cut to whole ones.</param>
internal sealed record BucketState(long Limit, long Remaining, long ResetMs);
