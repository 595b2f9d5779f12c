using System.Text.Json;
using Npgsql;
using Tollgate.Billing.Work;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Usage;

namespace Tollgate.Billing.Ingest;

/// <summary>
/// One transaction of the ingest. Locks in this order: the journal, the wallets by organization, then everything under them.
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

    /// <summary>Books <paramref name="batch"/>; null when its boot is older than a registered one.</summary>
    /// <param name="database">What <paramref name="connection"/> leads to; see <c>RestoreWatch</c>.</param>
    /// <param name="closes">
    /// Whether fences and cursor move too. They do not for a part of a batch: the rest is not booked yet.
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

    /// <summary>Books events that no shipper brings, in the name of a journal that is left alone.</summary>
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

    /// <summary>Keeps an event that cannot be booked, as text, with the reason. Twice is once.</summary>
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

        // Some were there already. Mostly they came before; but a worker's log may have stood in for them.
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

    /// <summary>Puts aside the staged events that can never be priced; how many.</summary>
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

    /// <summary>Writes down again the price versions of events that this database lacks; how many.</summary>
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
            Column(usage => usage.PriceVersion), Column(usage => usage.Model),
            Column(usage => usage.Price!.IsOrganizationsOwn ? usage.OrganizationId : (Guid?)null),
            Column(usage => usage.Price!.EffectiveFrom?.ToUniversalTime()),
            Prices(price => price.Input), Prices(price => price.Cached), Prices(price => price.Output), Prices(price => price.Reasoning),
            Prices(price => price.AudioMs), Prices(price => price.Image));

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

/// <summary>What a batch's transaction did.</summary>
/// <param name="LossUsd">Dollars of usage that no lease and no wallet could pay.</param>
/// <param name="Corrected">Requests, of the duplicates, that had been billed from a worker's log.</param>
internal sealed record BookedBatch(UsageBooked Answer, decimal LossUsd, int Corrected)
{
    /// <summary>Price versions that this database had lost.</summary>
    public int PricesRestored { get; init; }
}

/// <summary>What became of the staged rows.</summary>
internal readonly record struct BookedStage(int Inserted, int Rejected, int Corrected, decimal LossUsd, int PricesRestored = 0);
