using Tollgate.Contracts.Metering;

namespace Tollgate.Contracts.Reports;

/// <summary>
/// Usage of an organization in buckets of UTC time, over a range that may begin and end anywhere. Accounts → Billing,
/// <c>POST /internal/organizations/{id}/usage/buckets</c>; the answer is a <see cref="UsageReport"/> whose rows name the start of their
/// whole bucket.
/// </summary>
/// <param name="From">First instant.</param>
/// <param name="To">First instant after the range.</param>
public sealed record UsageBucketQuery(DateTimeOffset From, DateTimeOffset To, UsageWidth Width)
{
    /// <summary>What the rows are parted by beside time.</summary>
    public UsageGroups Groups { get; init; }

    /// <summary>Only these endpoints, by their scopes; null for all, as for the other filters. An empty list matches nothing.</summary>
    public IReadOnlyList<string>? Endpoints { get; init; }

    public IReadOnlyList<Guid>? ProjectIds { get; init; }

    public IReadOnlyList<Guid>? KeyIds { get; init; }

    public IReadOnlyList<string>? Models { get; init; }

    public ServiceClass? ServiceClass { get; init; }

    /// <summary>The longest range of a query.</summary>
    public static TimeSpan LongestOf(UsageWidth width) => width switch
    {
        UsageWidth.Minute => TimeSpan.FromDays(2),
        UsageWidth.Hour => TimeSpan.FromDays(31),
        _ => TimeSpan.FromDays(400),
    };
}

/// <summary>Length of a bucket.</summary>
public enum UsageWidth
{
    Minute = 0,
    Hour = 1,
    Day = 2,
}

/// <summary>What usage is parted by.</summary>
[Flags]
public enum UsageGroups
{
    None = 0,
    Project = 1,
    Key = 2,
    Model = 4,
    Endpoint = 8,
    ServiceClass = 16,
}
