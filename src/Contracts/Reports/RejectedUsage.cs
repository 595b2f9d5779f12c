using Tollgate.Contracts.Usage;

namespace Tollgate.Contracts.Reports;

/// <summary>
/// Usage that Billing could not book and that waits for the operator. Billing → Accounts and operator, <c>GET /internal/rejected-usage</c>,
/// oldest first.
/// </summary>
/// <param name="Reason">Why it was not booked.</param>
/// <param name="Usage">As the gateway sent it.</param>
/// <param name="AmountUsd">What booking it charges; null while its price is not known.</param>
public sealed record RejectedUsage(string Reason, DateTimeOffset RejectedAt, UsageEvent Usage, decimal? AmountUsd);

/// <summary>
/// Accounts or operator → Billing, <c>POST /internal/rejected-usage/{organization}/{request}/{seq}</c>. 204 it is done, 404 nothing of that
/// name waits, 409 with the reason it cannot be booked.
/// </summary>
/// <param name="Resolution">What becomes of it.</param>
/// <param name="By">Who decides: an e-mail address, or the command line.</param>
/// <param name="Reason">Why, 1 to 500 characters.</param>
public sealed record ResolveRejectedUsage(RejectedResolution Resolution, string By, string Reason);

/// <summary>What the operator does with usage that could not be booked.</summary>
public enum RejectedResolution
{
    /// <summary>Books it now, as the ingest would.</summary>
    Book = 1,

    /// <summary>Charges nobody for it.</summary>
    Dismiss = 2,
}
