namespace Tollgate.Contracts.Catalogue;

/// <summary>
/// What the operator wants of one model: which versions take requests, which read along, and whether it is in memory. Accounts → gateways
/// and workers, in <see cref="CatalogueSnapshot"/>. A model without a plan serves its newest version alone.
/// </summary>
/// <param name="Model">Its real name.</param>
/// <param name="Unloaded">Whether the operator took it out of memory: no worker loads it, and a request is told so.</param>
/// <param name="Versions">Those that take part; empty for the newest version alone.</param>
public sealed record ModelPlan(string Model, bool Unloaded, IReadOnlyList<PlannedVersion> Versions)
{
    /// <summary>The version that serves while no worker has any of <see cref="Versions"/>: the newest that there is. Null while one of them
    /// is there. Accounts finds it; the operator does not state it.</summary>
    public string? StandIn { get; init; }

    /// <summary>Whether gateways measure its versions and report them: several take part.</summary>
    public bool IsMeasured => Versions.Count > 1;
}

/// <summary>One version in a plan.</summary>
/// <param name="Weight">Share of the requests that it answers, parts of the sum of all weights; 0 for none.</param>
/// <param name="ShadowPercent">Share of the model's requests, 0 to 100, of which it gets a copy. Its answer is measured and thrown away:
/// nobody receives it, and nobody pays for it.</param>
/// <param name="Kept">Whether it stays in memory although nothing is sent to it, so that going back to it takes no time.</param>
public sealed record PlannedVersion(string Version, int Weight, int ShadowPercent = 0, bool Kept = false)
{
    /// <summary>Whether workers have it in memory.</summary>
    public bool IsLoaded => Weight > 0 || ShadowPercent > 0 || Kept;
}

/// <summary>
/// How the versions of measured models did at one gateway since its last report. Gateway → Accounts,
/// <c>POST /internal/models/measures</c>, every second while there is something to report. A report that is lost stays lost; one that
/// comes twice counts once.
/// </summary>
/// <param name="Gateway">The gateway's journal.</param>
/// <param name="Boot">Its start; reports count anew from there.</param>
/// <param name="Sequence">Counts the reports of a boot from 1.</param>
public sealed record VersionReport(Guid Gateway, long Boot, long Sequence, IReadOnlyList<VersionMeasure> Versions)
{
    public const string Path = "/internal/models/measures";
}

/// <summary>Requests of one version that ended since the last report.</summary>
/// <param name="Shadow">Whether these are copies, not answers to a client.</param>
/// <param name="Requests">Those that the version answered or failed; not those that a client cancelled or wrote wrongly.</param>
/// <param name="Failures">Those of them that ended by a fault of the version or its worker.</param>
/// <param name="Durations">Whole durations of those that were answered: how many fell into each of
/// <see cref="DurationBuckets.Count"/> buckets.</param>
public sealed record VersionMeasure(
    string Model, string Version, bool Shadow, long Requests, long Failures, IReadOnlyList<long> Durations);

/// <summary>Buckets of durations, each a fourth of a doubling wide: bucket <c>i</c> ends at <c>2^(i/4)</c> milliseconds, the last one at
/// infinity.</summary>
public static class DurationBuckets
{
    /// <summary>The last bucket but one ends at 2^20 ms, about 17 minutes.</summary>
    public const int Count = 82;

    private const int PerDoubling = 4;

    public static int IndexOf(TimeSpan duration) =>
        Math.Clamp((int)Math.Ceiling(PerDoubling * Math.Log2(Math.Max(1, duration.TotalMilliseconds))), 0, Count - 1);

    /// <summary>Upper end of a bucket.</summary>
    public static TimeSpan UpperEndOf(int bucket) => TimeSpan.FromMilliseconds(Math.Pow(2, (double)bucket / PerDoubling));
}
