namespace Tollgate.Contracts.Money;

/// <summary>
/// Gateway → Billing, <c>POST /internal/leases</c>: asks for money for an organization's till. With <see cref="Epoch"/> null the till was
/// found empty (COLD), and Billing opens the wallet's next epoch.
/// </summary>
/// <param name="Epoch">The till's epoch, or null.</param>
/// <param name="NeedNanoUsd">What the waiting request needs at least.</param>
/// <param name="SpendPerMinuteNanoUsd">Recent spend that this gateway saw; Billing sizes the lease by it.</param>
/// <param name="Till">What the till had counted when the gateway looked, for the comparison with what is billed.</param>
public sealed record LeaseRequest(
    Guid OrganizationId, long? Epoch, long NeedNanoUsd, long SpendPerMinuteNanoUsd, TillFigures? Till = null);

/// <summary>An open till: spent and held under its epoch, nano-dollars.</summary>
public sealed record TillFigures(long SpentNanoUsd, long HeldNanoUsd);

/// <summary>Billing's answer. Crediting is <c>granted = max(granted, GrantedNanoUsd)</c>,
/// so it may be applied twice or late without harm.</summary>
/// <param name="Outcome">Whether money came.</param>
/// <param name="Epoch">The epoch the grant belongs to; a till that holds a smaller one, or none, starts anew with it.</param>
/// <param name="GrantedNanoUsd">All that was ever leased in this epoch.</param>
/// <param name="Budgets">Only for a new epoch: where each budget starts, an upper bound.</param>
/// <param name="RetryAfterMs">For <see cref="LeaseOutcome.Frozen"/>: when to ask again.</param>
public sealed record Lease(
    LeaseOutcome Outcome, long Epoch, long GrantedNanoUsd, IReadOnlyList<BudgetSeed> Budgets, int RetryAfterMs)
{
    /// <summary>Only for a new epoch: where buckets per day start, if the till has none.</summary>
    public IReadOnlyList<BucketSeed> Buckets { get; init; } = [];
}

/// <summary>What became of a request for money.</summary>
public enum LeaseOutcome
{
    /// <summary>The till has at least what was needed.</summary>
    Granted = 0,

    /// <summary>The wallet cannot pay it: 429 with <c>credit_balance_exhausted</c>.</summary>
    Exhausted = 1,

    /// <summary>The money exists but an older epoch still holds it: 503 with Retry-After, never "out of credit".</summary>
    Frozen = 2,

    /// <summary>The caller's epoch is not the wallet's: ask again with null.</summary>
    EpochClosed = 3,

    /// <summary>Billing knows no wallet of this organization yet: 503, its outbox will deliver it.</summary>
    NoWallet = 4,
}

/// <summary>Spend of one budget in one period: what is billed plus what older epochs may still bill.</summary>
/// <param name="Subject">
/// <c>o</c> the organization, <c>p:&lt;project id&gt;</c>, <c>k:&lt;key id&gt;</c>; ids as 32 hex digits. <c>*</c> is where every subject
/// starts that is not listed for the period.
/// </param>
/// <param name="Period"><c>yyyyMMdd</c> or <c>yyyyMM</c>, UTC.</param>
public sealed record BudgetSeed(string Subject, string Period, long SpentNanoUsd);

/// <summary>What buckets per day of one subject hold, as far as it is booked: at most this.</summary>
/// <param name="Subject">As in <see cref="BudgetSeed"/>, or <c>m:&lt;model&gt;</c> for the organization on a model.</param>
/// <param name="Requests">Of the bucket of requests.</param>
/// <param name="Tokens">Of the bucket of tokens.</param>
public sealed record BucketSeed(string Subject, long Requests, long Tokens);
