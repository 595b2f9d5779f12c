namespace Tollgate.Contracts.Money;

/// <summary>
/// Gateway → Billing, <c>POST /internal/leases</c>: asks for money for an organization's till. A null <see cref="Epoch"/> means that the
/// till is empty (COLD); Billing then opens the wallet's next epoch.
/// </summary>
/// <param name="Epoch">The till's epoch, or null.</param>
/// <param name="NeedNanoUsd">The least that the waiting request needs.</param>
/// <param name="SpendPerMinuteNanoUsd">Recent spend through this gateway, from which Billing sizes the lease.</param>
/// <param name="Till">The till's counts when the gateway looked, for the comparison with the bills.</param>
public sealed record LeaseRequest(
    Guid OrganizationId, long? Epoch, long NeedNanoUsd, long SpendPerMinuteNanoUsd, TillFigures? Till = null);

/// <summary>Amounts spent and held in an open till under its epoch, nano-dollars.</summary>
public sealed record TillFigures(long SpentNanoUsd, long HeldNanoUsd);

/// <summary>
/// Billing's answer to a request for money. A till applies <c>granted = max(granted, GrantedNanoUsd)</c>, so applying it twice or late
/// does no harm.
/// </summary>
/// <param name="Outcome">Whether money was granted.</param>
/// <param name="Epoch">The epoch of the grant. A till with a smaller epoch, or none, restarts with it.</param>
/// <param name="GrantedNanoUsd">Everything leased in this epoch so far.</param>
/// <param name="Budgets">Only for a new epoch: the initial value of each budget, an upper bound.</param>
/// <param name="RetryAfterMs">For <see cref="LeaseOutcome.Frozen"/> and <see cref="LeaseOutcome.NoWallet"/>: when to ask again.</param>
public sealed record Lease(
    LeaseOutcome Outcome, long Epoch, long GrantedNanoUsd, IReadOnlyList<BudgetSeed> Budgets, int RetryAfterMs)
{
    /// <summary>Only for a new epoch: the initial values of daily buckets, if the till has none.</summary>
    public IReadOnlyList<BucketSeed> Buckets { get; init; } = [];
}

/// <summary>Result of a request for money.</summary>
public enum LeaseOutcome
{
    /// <summary>The till has at least the needed amount.</summary>
    Granted = 0,

    /// <summary>The wallet cannot pay: 429 with <c>credit_balance_exhausted</c>.</summary>
    Exhausted = 1,

    /// <summary>An older epoch still holds the money: 503 with Retry-After, never "out of credit".</summary>
    Frozen = 2,

    /// <summary>The caller's epoch is not the wallet's; ask again with null.</summary>
    EpochClosed = 3,

    /// <summary>Billing has no wallet of this organization yet: 503. Accounts' outbox will open it.</summary>
    NoWallet = 4,
}

/// <summary>Initial spend of one budget in one period: the billed amount plus what older epochs may still bill.</summary>
/// <param name="Subject">
/// <c>o</c> the organization, <c>p:&lt;project id&gt;</c>, <c>k:&lt;key id&gt;</c>; ids as 32 hex digits. <c>*</c> is the initial value of
/// every subject not listed for the period.
/// </param>
/// <param name="Period"><c>yyyyMMdd</c> or <c>yyyyMM</c>, UTC.</param>
public sealed record BudgetSeed(string Subject, string Period, long SpentNanoUsd);

/// <summary>Upper bounds of the daily buckets of one subject, from booked usage.</summary>
/// <param name="Subject">As in <see cref="BudgetSeed"/>, or <c>m:&lt;model&gt;</c> for the organization on a model.</param>
/// <param name="Requests">Content of the bucket of requests.</param>
/// <param name="Tokens">Content of the bucket of tokens.</param>
public sealed record BucketSeed(string Subject, long Requests, long Tokens);
