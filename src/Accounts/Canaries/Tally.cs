using Tollgate.Contracts.Catalogue;

namespace Tollgate.Accounts.Canaries;

/// <summary>What one version did in a window.</summary>
/// <param name="Durations">Of the answered requests, by <see cref="DurationBuckets"/>.</param>
internal sealed record Tally(long Requests, long Failures, IReadOnlyList<long> Durations)
{
    public const double Median = 0.5;

    /// <summary>The 95th percentile.</summary>
    public const double High = 0.95;

    private const double PerDoubling = 4;

    public static readonly Tally None = new(0, 0, []);

    public long Answered => Durations.Sum();

    public double ErrorRate => Requests == 0 ? 0 : (double)Failures / Requests;

    public VersionFigures ToFigures() => new(Requests, Failures, DurationAt(Median), DurationAt(High));

    public static Tally Of(IEnumerable<MeasuredVersion> measures, string version, bool shadow) =>
        measures.FirstOrDefault(one => one.Version == version && one.Shadow == shadow) is { } found
            ? new Tally(found.Requests, found.Failures, found.Durations)
            : None;

    /// <summary>A quantile of the durations, milliseconds; null without any. Inside a bucket, durations count as evenly spread over its
    /// logarithm.</summary>
    /// <param name="quantile">0 to 1.</param>
    /// <param name="deviations">By how many standard deviations of the quantile's rank the value is moved: a bound of the true quantile
    /// instead of its estimate, whatever the distribution.</param>
    public double? DurationAt(double quantile, double deviations = 0)
    {
        var answered = Answered;
        if (answered == 0)
        {
            return null;
        }

        var spread = Math.Sqrt(answered * quantile * (1 - quantile));
        var rank = Math.Clamp((quantile * answered) + (deviations * spread), 0, answered);
        var before = 0L;
        for (var bucket = 0; ; bucket++)
        {
            if (before + Durations[bucket] >= rank && Durations[bucket] > 0)
            {
                return Math.Pow(2, (bucket - 1 + ((rank - before) / Durations[bucket])) / PerDoubling);
            }

            before += Durations[bucket];
        }
    }
}
