using Tollgate.Contracts.Usage;

namespace Tollgate.Contracts.Reports;

/// <summary>
/// Usage that Billing could not book and that waits for the operator. Billing → Accounts and operator, <c>GET
/// /internal/rejected-usage</c>, oldest first.
/// </summary>
/// <param name="Reason">Why it was not booked.</param>
/// <param name="Usage">The gateway's event, with the price that booking would use.</param>
/// <param name="AmountUsd">Amount that booking charges; null while its price is unknown.</param>
public sealed record RejectedUsage(string Reason, DateTimeOffset RejectedAt, UsageEvent Usage, decimal? AmountUsd);

/// <summary>
/// Accounts or operator → Billing, <c>POST /internal/rejected-usage/{organization}/{request}/{seq}</c>. 204 when done, 404 when no such
/// row waits, 409 with the reason when it cannot be booked.
/// </summary>
/// <param name="Resolution">What to do with the row.</param>
/// <param name="By">Who decided: an e-mail address, or the command line.</param>
/// <param name="Reason">Why, 1 to 500 characters.</param>
public sealed record ResolveRejectedUsage(RejectedResolution Resolution, string By, string Reason);

/// <summary>Resolution of usage that could not be booked.</summary>
public enum RejectedResolution
{
    /// <summary>Books it, as the ingest would.</summary>
    Book = 1,

    /// <summary>Charges no organization for it.</summary>
    Dismiss = 2,
}
