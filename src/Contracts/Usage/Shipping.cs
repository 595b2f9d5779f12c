namespace Tollgate.Contracts.Usage;

/// <summary>
/// Gateway → Billing, <c>POST /internal/journals</c>: registers this process as the journal's writer. A clean stop ends it with <c>DELETE
/// /internal/journals/{id}?boot=</c>; the operator ends a lost one with <c>POST /internal/journals/{id}/retire</c>.
/// </summary>
/// <param name="JournalId">UUID in the journal's header.</param>
/// <param name="Boot">Number of starts with this journal. Billing answers 409 to a boot older than a known one.</param>
/// <param name="GatewayId">Name of the gateway, stable across restarts.</param>
public sealed record RegisterJournal(Guid JournalId, long Boot, string GatewayId);

/// <summary>Billing's answer to a registration.</summary>
/// <param name="Cursor">Journal position up to which everything is booked; 0 for a new journal.</param>
/// <param name="Database">
/// Identity of Billing's database: cluster, timeline and generation. A change means that it was restored; ship again from the older
/// cursor.
/// </param>
public sealed record JournalRegistered(long Cursor, string Database);

/// <summary>
/// Gateway → Billing, <c>POST /internal/usage</c>, as <see cref="UsageBatchFormat"/>. Sent at least every second, even without events.
/// </summary>
/// <param name="From">Journal position of the first event's record.</param>
/// <param name="To">Position after the last record, and never past the OPEN of a running request.</param>
/// <param name="Fences">Acknowledged epochs: this gateway has no running or unshipped request of an older one.</param>
public sealed record UsageBatch(
    Guid JournalId, long Boot, long From, long To, IReadOnlyList<UsageEvent> Events, IReadOnlyList<EpochFence> Fences)
{
    /// <summary>Budgets that this gateway has lowered, so Billing stops sending them.</summary>
    public IReadOnlyList<EpochReclaim> Lowered { get; init; } = [];
}

/// <summary>
/// An organization's epoch that Billing wants acknowledged, or that a gateway acknowledges: no running or unshipped request is older.
/// </summary>
public sealed record EpochFence(Guid OrganizationId, long Epoch);

/// <summary>Billing's answer to a batch.</summary>
/// <param name="Cursor">Booked position; equals the batch's <c>To</c>.</param>
/// <param name="Inserted">Number of new rows.</param>
/// <param name="Duplicates">Number of rows that existed already.</param>
/// <param name="Rejected">Number of rows moved to <c>usage_rejected</c>.</param>
/// <param name="PendingFences">Epochs to acknowledge once no older request runs or is unshipped.</param>
/// <param name="Database">As in <see cref="JournalRegistered"/>.</param>
public sealed record UsageBooked(
    long Cursor, int Inserted, int Duplicates, int Rejected, IReadOnlyList<EpochFence> PendingFences, string Database)
{
    /// <summary>
    /// Budgets that may be lowered. Billing sends them to every gateway until one reports them done; an answer may hold only some of them.
    /// </summary>
    public IReadOnlyList<ExactBudgets> Reclaims { get; init; } = [];
}

/// <summary>Money that older epochs returned although an epoch's budgets were seeded as if they had spent it.</summary>
/// <param name="Epoch">The epoch with the seeded budgets.</param>
/// <param name="NanoUsd">Total for this epoch so far; only grows.</param>
public sealed record EpochReclaim(Guid OrganizationId, long Epoch, long NanoUsd);

/// <summary>Amounts that older epochs really billed, for an epoch whose budgets were seeded with the most that they could bill.</summary>
/// <param name="Budgets">
/// In the form of the seeds of <see cref="Money.Lease"/>, for the day and month in which the epoch was opened.
/// </param>
public sealed record ExactBudgets(EpochReclaim Reclaim, IReadOnlyList<Money.BudgetSeed> Budgets);

/// <summary>One journal for the operator. Billing answers <c>GET /internal/journals</c> with all of them, oldest first.</summary>
/// <param name="Cursor">Journal position up to which everything is booked.</param>
/// <param name="Deregistered">Whether it stopped cleanly, so that nothing of it is missing.</param>
/// <param name="FencesOpen">Number of organizations whose older epochs' money waits for this journal.</param>
public sealed record JournalState(
    Guid Id, long Boot, string GatewayId, long Cursor, DateTimeOffset LastSeen, bool Deregistered, bool Retired, long FencesOpen);
