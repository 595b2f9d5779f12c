namespace Tollgate.Contracts.Usage;

/// <summary>
/// Gateway → Billing, <c>POST /internal/journals</c>: this process now writes this journal. A clean stop ends it with <c>DELETE
/// /internal/journals/{id}?boot=</c>; the operator ends a lost one with <c>POST /internal/journals/{id}/retire</c>.
/// </summary>
/// <param name="JournalId">UUID in the journal's header.</param>
/// <param name="Boot">Counts the starts over this journal; Billing answers 409 to a boot older than one it knows.</param>
/// <param name="GatewayId">Name of the gateway, stable over restarts.</param>
public sealed record RegisterJournal(Guid JournalId, long Boot, string GatewayId);

/// <summary>Billing's answer to a registration.</summary>
/// <param name="Cursor">Journal position up to which everything is booked; 0 for a new journal.</param>
/// <param name="Database">
/// Identity of the Postgres cluster and its timeline. A change means that it was restored: ship again from the older cursor.
/// </param>
public sealed record JournalRegistered(long Cursor, string Database);

/// <summary>
/// Gateway → Billing, <c>POST /internal/usage</c>, as <see cref="UsageBatchFormat"/>. Sent at least every second, empty when there is
/// nothing to ship.
/// </summary>
/// <param name="From">Journal position of the first event's record.</param>
/// <param name="To">Position after the last one, and never past the OPEN of a request that still runs.</param>
/// <param name="Fences">Epochs of which this gateway has nothing live or unshipped that is older.</param>
public sealed record UsageBatch(
    Guid JournalId, long Boot, long From, long To, IReadOnlyList<UsageEvent> Events, IReadOnlyList<EpochFence> Fences)
{
    /// <summary>Budgets that this gateway has lowered; they are told to nobody any more.</summary>
    public IReadOnlyList<EpochReclaim> Lowered { get; init; } = [];
}

/// <summary>
/// An organization's epoch that Billing wants acknowledged, or that a gateway acknowledges: no live or unshipped request is older.
/// </summary>
public sealed record EpochFence(Guid OrganizationId, long Epoch);

/// <summary>Billing's answer to a batch.</summary>
/// <param name="Cursor">Booked position; equals the batch's <c>To</c>.</param>
/// <param name="Inserted">Rows that were new.</param>
/// <param name="Duplicates">Rows that were there already.</param>
/// <param name="Rejected">Rows put aside in <c>usage_rejected</c>.</param>
/// <param name="PendingFences">Epochs to acknowledge as soon as it is true.</param>
/// <param name="Database">As in <see cref="JournalRegistered"/>.</param>
public sealed record UsageBooked(
    long Cursor, int Inserted, int Duplicates, int Rejected, IReadOnlyList<EpochFence> PendingFences, string Database)
{
    /// <summary>Budgets that may be lowered. Every gateway is told until one says that it is done; not all at once.</summary>
    public IReadOnlyList<ExactBudgets> Reclaims { get; init; } = [];
}

/// <summary>What older epochs did not spend after all, although an epoch's budgets were seeded as if they had.</summary>
/// <param name="Epoch">The epoch that was seeded.</param>
/// <param name="NanoUsd">All of it in this epoch so far; only grows.</param>
public sealed record EpochReclaim(Guid OrganizationId, long Epoch, long NanoUsd);

/// <summary>What older epochs really billed, for an epoch whose budgets were seeded with all that they could.</summary>
/// <param name="Budgets">As the seeds of <see cref="Money.Lease"/>, for the day and month in which the epoch was opened.</param>
public sealed record ExactBudgets(EpochReclaim Reclaim, IReadOnlyList<Money.BudgetSeed> Budgets);

/// <summary>One journal as the operator sees it: Billing's answer to <c>GET
/// /internal/journals</c> holds all of them, oldest first.</summary>
/// <param name="Cursor">Journal position up to which everything is booked.</param>
/// <param name="Deregistered">Stopped cleanly: nothing of it is missing.</param>
/// <param name="FencesOpen">Organizations whose older epochs' money waits for this journal.</param>
public sealed record JournalState(
    Guid Id, long Boot, string GatewayId, long Cursor, DateTimeOffset LastSeen, bool Deregistered, bool Retired, long FencesOpen);
