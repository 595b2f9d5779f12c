using Npgsql;
using Tollgate.Contracts.Idempotency;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Idempotency;

/// <summary>Keeps sealed answers for <see cref="IdempotentAnswers.KeptFor"/>.</summary>
internal sealed class AnswerStore(NpgsqlDataSource dataSource, TimeProvider clock)
{
    /// <summary>Keeps an answer, unless an unexpired one exists for this key or the request was withdrawn.</summary>
    /// <returns>True when this answer was stored.</returns>
    public async Task<bool> KeepAsync(AnswerName name, Guid requestId, byte[] answer, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await dataSource.OpenForAsync(name.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        await LockAsync(connection, name, cancellationToken);
        var kept = await connection.ExecuteAsync(
            """
            insert into idempotent_answers (organization_id, key_id, key_hash, day, request_id, sealed, kept_at)
            select $1, $2, $3, $4, $5, $6, $7
            where not exists (
              select from idempotent_answers
              where organization_id = $1 and key_id = $2 and key_hash = $3 and day >= $8 and kept_at > $9)
              and not exists (
                select from withdrawn_answers
                where organization_id = $1 and key_id = $2 and key_hash = $3 and request_id = $5)
            on conflict do nothing
            """,
            cancellationToken,
            name.OrganizationId, name.KeyId, name.KeyHash, Day(now), requestId, answer, now, Day(now - IdempotentAnswers.KeptFor),
            now - IdempotentAnswers.KeptFor);
        await transaction.CommitAsync(cancellationToken);
        return kept > 0;
    }

    /// <summary>
    /// Checks whether a request's answer is kept. If not, blocks it for good: the request's gateway is dead, but its answer may still
    /// arrive.
    /// </summary>
    /// <returns>True when the answer is kept.</returns>
    public async Task<bool> WithdrawAsync(AnswerName name, Guid requestId, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(name.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await LockAsync(connection, name, cancellationToken);
        var isKept = await connection.ReadValueAsync<bool>(
            """
            select exists (
              select from idempotent_answers where organization_id = $1 and key_id = $2 and key_hash = $3 and request_id = $4)
            """,
            cancellationToken,
            name.OrganizationId, name.KeyId, name.KeyHash, requestId);
        if (!isKept)
        {
            await connection.ExecuteAsync(
                """
                insert into withdrawn_answers (organization_id, key_id, key_hash, request_id, withdrawn_at) values ($1, $2, $3, $4, $5)
                on conflict do nothing
                """,
                cancellationToken,
                name.OrganizationId, name.KeyId, name.KeyHash, requestId, clock.GetUtcNow());
        }

        await transaction.CommitAsync(cancellationToken);
        return isKept;
    }

    /// <summary>Returns the oldest unexpired answer; null when there is none.</summary>
    public async Task<(Guid RequestId, byte[] Sealed)?> FindAsync(AnswerName name, CancellationToken cancellationToken)
    {
        var since = clock.GetUtcNow() - IdempotentAnswers.KeptFor;
        await using var connection = await dataSource.OpenForAsync(name.OrganizationId, cancellationToken);
        var found = await connection.ReadRowsAsync(
            """
            select request_id, sealed from idempotent_answers
            where organization_id = $1 and key_id = $2 and key_hash = $3 and day >= $4 and kept_at > $5
            order by kept_at limit 1
            """,
            row => (row.GetGuid(0), row.GetFieldValue<byte[]>(1)),
            cancellationToken,
            name.OrganizationId, name.KeyId, name.KeyHash, Day(since), since);
        return found.Count == 0 ? null : found[0];
    }

    /// <summary>Creates the partitions of the coming week and drops those that hold only expired answers.</summary>
    /// <returns>Number of partitions created or dropped.</returns>
    public async Task<int> RollPartitionsAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        await connection.ExecuteAsync(
            "delete from withdrawn_answers where withdrawn_at < $1", cancellationToken, now - IdempotentAnswers.KeptFor);
        return await connection.ReadValueAsync<int>(
            "select roll_answer_partitions($1, $2)", cancellationToken, Day(now - IdempotentAnswers.KeptFor), Day(now).AddDays(7));
    }

    /// <summary>Serializes writers of one key. The primary key contains the day, so it would admit two answers around midnight.</summary>
    private static Task<int> LockAsync(NpgsqlConnection connection, AnswerName name, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
            "select pg_advisory_xact_lock(hashtextextended(encode($1, 'hex'), 0))", cancellationToken, name.KeyHash);

    private static DateOnly Day(DateTimeOffset time) => DateOnly.FromDateTime(time.UtcDateTime);
}
