using System.Text.Json;
using Npgsql;
using Tollgate.Billing.Restores;
using Tollgate.Billing.Work;
using Tollgate.Contracts.Json;
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
    private static readonly string LockSql = EmbeddedSql.Read("Ingest.LockWallets.sql");
    private static readonly string BookSql = EmbeddedSql.Read("Ingest.BookStage.sql");
    private static readonly string AcknowledgeSql = EmbeddedSql.Read("Ingest.Acknowledge.sql");
    private static readonly string PendingSql = EmbeddedSql.Read("Ingest.PendingFences.sql");

    /// <summary>Books <paramref name="batch"/>; null when its boot is older than a registered one.</summary>
    /// <param name="closes">
    /// Whether fences and cursor move too. They do not for a part of a batch: the rest is not booked yet.
    /// </param>
    public static async Task<BookedBatch?> BookAsync(
        NpgsqlConnection connection, UsageBatch batch, DateTimeOffset now, bool closes, CancellationToken cancellationToken)
    {
        var database = await DatabaseIdentity.ReadAsync(connection, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await connection.ReadValueAsync<object>(TouchJournalSql, cancellationToken, batch.JournalId, batch.Boot) is not long cursor)
        {
            return null;
        }

        var (inserted, rejected, loss) = (0, 0, 0m);
        if (batch.Events.Count > 0)
        {
            await UsageStage.CopyAsync(connection, batch.Events, cancellationToken);
            (inserted, rejected, loss) = await BookStageAsync(connection, batch.JournalId, now, cancellationToken);
        }

        List<EpochFence> pending = [];
        if (closes)
        {
            await AcknowledgeAsync(connection, batch, cancellationToken);
            cursor = await connection.ReadValueAsync<long>(MoveCursorSql, cancellationToken, batch.JournalId, batch.To);
            pending = await connection.ReadRowsAsync(
                PendingSql, row => new EpochFence(row.GetGuid(0), row.GetInt64(1)), cancellationToken, batch.JournalId);
        }

        await transaction.CommitAsync(cancellationToken);
        var answer = new UsageBooked(
            closes ? batch.To : cursor, inserted, batch.Events.Count - inserted - rejected, rejected, pending, database);
        return new BookedBatch(answer, loss);
    }

    /// <summary>Books events that no shipper brings, in the name of a journal that is left alone.</summary>
    public static async Task<BookedBatch> BookEventsAsync(
        NpgsqlConnection connection, Guid journalId, IReadOnlyList<UsageEvent> events, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await UsageStage.CopyAsync(connection, events, cancellationToken);
        var (inserted, rejected, loss) = await BookStageAsync(connection, journalId, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new BookedBatch(new UsageBooked(0, inserted, events.Count - inserted - rejected, rejected, [], ""), loss);
    }

    /// <summary>Keeps an event that Postgres refused, as text, with the reason. Twice is once.</summary>
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

    private static async Task<(int Inserted, int Rejected, decimal Loss)> BookStageAsync(
        NpgsqlConnection connection, Guid journalId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var work = new NpgsqlBatch(connection);
        work.BatchCommands.Add(new NpgsqlBatchCommand(RejectSql) { Parameters = { new() { Value = journalId } } });
        work.BatchCommands.Add(new NpgsqlBatchCommand(LockSql));
        work.BatchCommands.Add(new NpgsqlBatchCommand(BookSql)
        {
            Parameters = { new() { Value = journalId }, new() { Value = Guid.CreateVersion7(now) }, new() { Value = now } },
        });
        await using var reader = await work.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var rejected = reader.GetInt64(0);
        await reader.NextResultAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return ((int)reader.GetInt64(0), (int)rejected, reader.GetDecimal(1));
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
    }
}

/// <summary>What a batch's transaction did.</summary>
/// <param name="LossUsd">Dollars of usage that no lease and no wallet could pay.</param>
internal sealed record BookedBatch(UsageBooked Answer, decimal LossUsd);
