using System.Text.Json;
using Npgsql;
using Tollgate.Billing.Work;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Usage;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Ingest;

/// <summary>
/// Runs one transaction of the ingest. Locks in this order: the journal, the wallets by organization, then the rows below them.
/// </summary>
internal static class BatchTransaction
{
    private const string TouchJournalSql =
        """
        insert into journals as j (id, boot, gateway_id) values ($1, $2, '')
        on conflict (id) do update set last_seen = now(), boot = excluded.boot, deregistered_at = null where j.boot <= excluded.boot
        returning cursor
        """;

    private const string MoveCursorSql = "update journals set cursor = greatest(cursor, $2) where id = $1 returning cursor";

    private static readonly string RejectSql = EmbeddedSql.Read("Ingest.RejectStage.sql");
    private static readonly string RestorePricesSql = EmbeddedSql.Read("Ingest.RestorePrices.sql");
    private static readonly string LockSql = EmbeddedSql.Read("Ingest.LockWallets.sql");
    private static readonly string BookSql = EmbeddedSql.Read("Ingest.BookStage.sql");
    private static readonly string CorrectSql = EmbeddedSql.Read("Ingest.CorrectStage.sql");
    private static readonly string AcknowledgeSql = EmbeddedSql.Read("Ingest.Acknowledge.sql");
    private static readonly string LoweredSql = EmbeddedSql.Read("Ingest.Lowered.sql");
    private static readonly string ReclaimsSql = EmbeddedSql.Read("Ingest.Reclaims.sql");
    private static readonly string PendingSql = EmbeddedSql.Read("Ingest.PendingFences.sql");

    /// <summary>Books <paramref name="batch"/>. Returns null when a newer boot of its journal has registered.</summary>
    /// <param name="database">Identity of the database behind <paramref name="connection"/>; see <c>RestoreWatch</c>.</param>
    /// <param name="closes">
    /// Whether to store the fences and move the cursor too. False for a part of a batch, because the rest is not booked yet.
    /// </param>
    public static async Task<BookedBatch?> BookAsync(
        NpgsqlConnection connection, string database, UsageBatch batch, DateTimeOffset now, bool closes,
        CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await connection.ReadValueAsync<object>(TouchJournalSql, cancellationToken, batch.JournalId, batch.Boot) is not long cursor)
        {
            return null;
        }

        var booked = default(BookedStage);
        if (batch.Events.Count > 0)
        {
            await UsageStage.CopyAsync(connection, batch.Events, cancellationToken);
            booked = await BookStageAsync(connection, batch.JournalId, batch.Events, now, cancellationToken);
        }

        List<EpochFence> pending = [];
        List<ExactBudgets> reclaims = [];
        if (closes)
        {
            await AcknowledgeAsync(connection, batch, cancellationToken);
            cursor = await connection.ReadValueAsync<long>(MoveCursorSql, cancellationToken, batch.JournalId, batch.To);
            pending = await connection.ReadRowsAsync(
                PendingSql, row => new EpochFence(row.GetGuid(0), row.GetInt64(1)), cancellationToken, batch.JournalId);
            reclaims = await ReadReclaimsAsync(connection, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        var answer = new UsageBooked(
            closes ? batch.To : cursor, booked.Inserted, batch.Events.Count - booked.Inserted - booked.Rejected, booked.Rejected, pending,
            database) { Reclaims = reclaims };
        return new BookedBatch(answer, booked.LossUsd, booked.Corrected) { PricesRestored = booked.PricesRestored };
    }

    /// <summary>Books events that no shipper sends. Attributes them to a journal, but leaves the journal's own row unchanged.</summary>
    public static async Task<BookedBatch> BookEventsAsync(
        NpgsqlConnection connection, Guid journalId, IReadOnlyList<UsageEvent> events, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var booked = await BookPartAsync(connection, journalId, events, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new BookedBatch(
            new UsageBooked(0, booked.Inserted, events.Count - booked.Inserted - booked.Rejected, booked.Rejected, [], ""), booked.LossUsd,
            booked.Corrected);
    }

    /// <summary>Books events within the caller's transaction.</summary>
    public static async Task<BookedStage> BookPartAsync(
        NpgsqlConnection connection, Guid journalId, IReadOnlyList<UsageEvent> events, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        await UsageStage.CopyAsync(connection, events, cancellationToken);
        return await BookStageAsync(connection, journalId, events, now, cancellationToken);
    }

    /// <summary>Stores an event that cannot be booked as text, with the reason. Idempotent.</summary>
    public static async Task<int> PutAsideAsync(
        NpgsqlConnection connection, Guid journalId, UsageEvent usage, string reason, CancellationToken cancellationToken) =>
        await connection.ExecuteAsync(
            """
            insert into usage_rejected (organization_id, request_id, seq, reason, event, journal_id) values ($1, $2, $3, $4, $5, $6)
            on conflict do nothing
            """,
            cancellationToken,
            usage.OrganizationId, usage.RequestId, usage.Seq, reason,
            JsonSerializer.Serialize(usage, ContractsJson.Default.UsageEvent), journalId);

    private static async Task<BookedStage> BookStageAsync(
        NpgsqlConnection connection, Guid journalId, IReadOnlyList<UsageEvent> events, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var restored = await RestorePricesAsync(connection, events, cancellationToken);
        var rejected = await RejectAsync(connection, journalId, events, cancellationToken);
        var booked = await BookNewAsync(connection, journalId, now, cancellationToken) with
        {
            Rejected = rejected, PricesRestored = restored,
        };
        if (booked.Inserted + booked.Rejected == events.Count)
        {
            return booked;
        }

        // Some rows existed already. Most are duplicates; the others were billed from a worker's log and are corrected here.
        var (corrected, loss) = (await connection.ReadRowsAsync(
            CorrectSql, row => ((int)row.GetInt64(0), row.GetDecimal(1)), cancellationToken,
            journalId, Guid.CreateVersion7(now), now)).Single();
        return booked with { Corrected = corrected, LossUsd = booked.LossUsd + loss };
    }

    private static async Task<BookedStage> BookNewAsync(
        NpgsqlConnection connection, Guid journalId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var work = new NpgsqlBatch(connection);
        work.BatchCommands.Add(new NpgsqlBatchCommand(LockSql));
        work.BatchCommands.Add(new NpgsqlBatchCommand(BookSql)
        {
            Parameters = { new() { Value = journalId }, new() { Value = Guid.CreateVersion7(now) }, new() { Value = now } },
        });
        await using var reader = await work.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new BookedStage((int)reader.GetInt64(0), Rejected: 0, Corrected: 0, reader.GetDecimal(1));
    }

    /// <summary>Moves the staged events that can never be priced to <c>usage_rejected</c>. Returns their number.</summary>
    private static async Task<int> RejectAsync(
        NpgsqlConnection connection, Guid journalId, IReadOnlyList<UsageEvent> events, CancellationToken cancellationToken)
    {
        var rejected = await connection.ReadRowsAsync(
            RejectSql, row => (Id: (row.GetGuid(0), row.GetGuid(1), row.GetInt32(2)), Reason: row.GetString(3)), cancellationToken);
        foreach (var (id, reason) in rejected)
        {
            var usage = events.First(usage => (usage.OrganizationId, usage.RequestId, usage.Seq) == id);
            await PutAsideAsync(connection, journalId, usage, reason, cancellationToken);
        }

        return rejected.Count;
    }

    /// <summary>Restores the price versions that the events carry and this database lacks. Returns their number.</summary>
    private static async Task<int> RestorePricesAsync(
        NpgsqlConnection connection, IReadOnlyList<UsageEvent> events, CancellationToken cancellationToken)
    {
        var named = events.Where(usage => usage.Price is not null).DistinctBy(usage => usage.PriceVersion).ToList();
        if (named.Count == 0)
        {
            return 0;
        }

        return (int)await connection.ReadValueAsync<long>(
            RestorePricesSql,
            cancellationToken,
            [
                Column(usage => usage.PriceVersion), Column(usage => usage.Model),
                Column(usage => usage.Price!.IsOrganizationsOwn ? usage.OrganizationId : (Guid?)null),
                Column(usage => usage.Price!.EffectiveFrom?.ToUniversalTime()),
                .. UnitKind.All.Select(kind => Prices(kind.PriceOf)),
                Column(usage => usage.Price!.PicoUsd.BatchFactor / (decimal)UnitPrices.WholeFactor),
            ]);

        T[] Column<T>(Func<UsageEvent, T> value) => [.. named.Select(value)];
        decimal[] Prices(Func<UnitPrices, long> pico) => [.. named.Select(usage => pico(usage.Price!.PicoUsd) / 1_000_000m)];
    }

    private static async Task<List<ExactBudgets>> ReadReclaimsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var seeds = await connection.ReadRowsAsync(
            ReclaimsSql,
            row => (Reclaim: new EpochReclaim(row.GetGuid(0), row.GetInt64(1), row.GetInt64(2)),
                Seed: new BudgetSeed(row.GetString(3), row.GetString(4), row.GetInt64(5))),
            cancellationToken);
        return [.. seeds.GroupBy(it => it.Reclaim, it => it.Seed, (reclaim, budgets) => new ExactBudgets(reclaim, [.. budgets]))];
    }

    private static async Task AcknowledgeAsync(NpgsqlConnection connection, UsageBatch batch, CancellationToken cancellationToken)
    {
        if (batch.Fences.Count > 0)
        {
            await connection.ExecuteAsync(
                AcknowledgeSql,
                cancellationToken,
                batch.JournalId,
                batch.Fences.Select(fence => fence.OrganizationId).ToArray(),
                batch.Fences.Select(fence => fence.Epoch).ToArray());
        }

        if (batch.Lowered.Count > 0)
        {
            await connection.ExecuteAsync(
                LoweredSql,
                cancellationToken,
                batch.Lowered.Select(reclaim => reclaim.OrganizationId).ToArray(),
                batch.Lowered.Select(reclaim => reclaim.Epoch).ToArray(),
                batch.Lowered.Select(reclaim => reclaim.NanoUsd).ToArray());
        }
    }
}

/// <summary>Result of a batch's transaction.</summary>
/// <param name="LossUsd">Dollars of usage that neither a lease nor a wallet could pay.</param>
/// <param name="Corrected">Number of requests that had been billed from a worker's log.</param>
internal sealed record BookedBatch(UsageBooked Answer, decimal LossUsd, int Corrected)
{
    /// <summary>Number of price versions that this database had lost.</summary>
    public int PricesRestored { get; init; }
}

/// <summary>Numbers of staged rows by what the transaction did with them.</summary>
internal readonly record struct BookedStage(int Inserted, int Rejected, int Corrected, decimal LossUsd, int PricesRestored = 0);
