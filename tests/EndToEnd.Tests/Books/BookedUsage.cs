using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;

namespace Tollgate.EndToEnd.Tests.Books;

/// <summary>A row of <c>billing.usage_events</c>.</summary>
/// <param name="Amount">US dollars.</param>
internal sealed record BookedUsage(
    Guid OrganizationId, Guid RequestId, int Seq, Guid KeyId, string Model, string Endpoint, bool Streamed, Units Units, long Delivered,
    Outcome Outcome, UsageSource Source, decimal Amount);
