namespace Tollgate.Contracts.Catalogue;

/// <summary>Operator → Accounts, <c>POST /internal/models/{model}/canary</c>. What is null has its default.</summary>
/// <param name="Version">The new version.</param>
public sealed record StartCanary(string Version)
{
    /// <summary>First share of the new version, percent, 1 to 100. Default: the first step.</summary>
    public int? Share { get; init; }

    /// <summary>Shares of the new version, percent, rising. Those up to the first share are left out; 100 is added. Default 5, 25, 50,
    /// 100.</summary>
    public IReadOnlyList<int>? Steps { get; init; }

    /// <summary>How long each step lasts at least, 5 s to 7 days. Default 10 minutes.</summary>
    public TimeSpan? Window { get; init; }

    /// <summary>Most percentage points by which the new version's error rate may exceed the old one's, 0 to 100. Default 2.</summary>
    public double? MostExtraErrors { get; init; }

    /// <summary>Most times the old version's median, and the old version's 95th percentile, that the new one's may be, 1 to 100. Default
    /// 1.5.</summary>
    public double? MostLatencyRatio { get; init; }

    /// <summary>Fewest requests of either version in a window for it to be judged, 1 to 1,000,000. Default 50.</summary>
    public int? LeastRequests { get; init; }
}

/// <summary>What a canary follows.</summary>
/// <param name="Steps">Shares of the new version, percent; rising, and the last one is 100.</param>
/// <param name="MostExtraErrors">Percentage points.</param>
public sealed record CanaryTerms(
    IReadOnlyList<int> Steps, TimeSpan Window, double MostExtraErrors, double MostLatencyRatio, int LeastRequests);

/// <summary>Where a canary stands.</summary>
public enum CanaryState
{
    /// <summary>It compares the versions; or, at 100 %, it keeps the old one in memory for a last window.</summary>
    Running = 0,

    /// <summary>The new version answers all requests, and the old one is released.</summary>
    Done,

    /// <summary>The old version answers all requests.</summary>
    RolledBack,
}

/// <summary>A canary: a new version that takes a growing share of its model's requests while it does no worse than the old one. Accounts →
/// operator, <c>GET /internal/models/{model}/canaries</c>: the newest 50 of a model, newest first.</summary>
/// <param name="Share">Of the new version, percent.</param>
/// <param name="WindowBeganAt">When the present share began.</param>
/// <param name="Reason">Why it ended; null while it runs.</param>
/// <param name="Events">What happened to it, oldest first.</param>
public sealed record CanaryReport(
    Guid Id, string Model, string Version, string OldVersion, CanaryTerms Terms, CanaryState State, int Share, DateTimeOffset StartedAt,
    DateTimeOffset WindowBeganAt, DateTimeOffset? EndedAt, string? Reason, IReadOnlyList<CanaryEvent> Events)
{
    /// <summary>The new version in the present window; null after the end.</summary>
    public VersionFigures? New { get; init; }

    /// <summary>The old version in the present window; null after the end.</summary>
    public VersionFigures? Old { get; init; }

    /// <summary>What the comparison comes to by now, or what it waits for; null after the end.</summary>
    public string? Standing { get; init; }
}

/// <summary>A change of a canary.</summary>
/// <param name="Share">Share of the new version from here on, percent.</param>
/// <param name="Text">What led to it, in one sentence.</param>
/// <param name="New">The new version in the window that ended; null at the start.</param>
/// <param name="Old">The old version in the same window.</param>
public sealed record CanaryEvent(DateTimeOffset At, int Share, string Text, VersionFigures? New, VersionFigures? Old);
