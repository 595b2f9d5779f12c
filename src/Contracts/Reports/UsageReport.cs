using Tollgate.Contracts.Metering;

namespace Tollgate.Contracts.Reports;

/// <summary>
/// Sums of the hour rollup. Billing → Accounts, <c>GET /internal/organizations/{id}/usage?from=&amp;to=&amp;bucket=hour|day</c> and, over
/// all organizations for the operator, <c>GET /internal/usage?from=&amp;to=&amp;bucket=&amp;by=organization|model</c>.
/// </summary>
/// <param name="AsOf">The report contains everything booked before this instant.</param>
public sealed record UsageReport(DateTimeOffset AsOf, IReadOnlyList<UsageRow> Rows);

/// <summary>One cell of a report; the members that the report does not group by are null.</summary>
/// <param name="Start">Start of the bucket, UTC.</param>
/// <param name="Amount">US dollars.</param>
public sealed record UsageRow(
    DateTimeOffset Start, Guid? OrganizationId, Guid? ProjectId, Guid? KeyId, string? Model, string? Endpoint,
    long Requests, long InputTokens, long CachedTokens, long OutputTokens, decimal Amount)
{
    /// <summary>Milliseconds.</summary>
    public long AudioMs { get; init; }

    public long Images { get; init; }

    public long Pixels { get; init; }

    /// <summary>Steps of denoisers.</summary>
    public long Steps { get; init; }

    /// <summary>Calls of models with tensors, and the elements of these.</summary>
    public long Calls { get; init; }

    public long Elements { get; init; }

    /// <summary>Of all requests in the cell; standard where the report does not group by it.</summary>
    public ServiceClass ServiceClass { get; init; }
}
