using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Responses;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Claims;
using Tollgate.Learning.Contents;
using Tollgate.Learning.Telemetry;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Responses;

/// <summary>A response in the background that waits or runs.</summary>
/// <param name="KeyPublicId">Names the key to the gateway.</param>
/// <param name="Tries">Calls so far.</param>
/// <param name="Faults">Those of them that ended with a fault of the server's.</param>
internal sealed record ResponseRun(
    Guid Id, FileCaller Caller, string KeyPublicId, DateTimeOffset CreatedAt, int Tries, int Faults)
{
    /// <summary>Columns in the order of <see cref="Read"/>.</summary>
    public const string Columns = "id, organization_id, project_id, key_id, key_public_id, created_at, tries, faults";

    public static ResponseRun Read(NpgsqlDataReader row) => new(
        row.GetGuid(0), new FileCaller(row.GetGuid(1), row.GetGuid(2), row.GetGuid(3)), row.GetString(4),
        row.GetFieldValue<DateTimeOffset>(5), row.GetInt32(6), row.GetInt32(7));
}

/// <summary>
/// Responses in the background from their creation to their end. A row of <c>response_runs</c> stands for one that has not ended: whoever
/// ends, cancels or deletes the response removes it in the same transaction, and each change of a process names the process. Every
/// transaction takes the row of the response first, then that of the run, then the totals. Thread-safe.
/// </summary>
internal sealed class BackgroundTable(
    NpgsqlDataSource dataSource, ResponseTable responses, SealedColumn seal, Claims<ResponseRun> claims, LearningMetrics metrics,
    IOptions<BackgroundOptions> options, TimeProvider clock)
{
    private const string Open = $"('{ResponseStatus.Queued}', '{ResponseStatus.InProgress}')";

    /// <summary>How responses are claimed: a place goes to the organization that has the fewest, as long as it may have another
    /// one.</summary>
    /// <param name="most">Places of an organization.</param>
    public static ClaimTable<ResponseRun> Table(int most)
    {
        const string Held =
            "(select count(*) from response_runs r where r.organization_id = response_runs.organization_id and r.runner_until >= $1)";
        return new ClaimTable<ResponseRun>("Response", "response_runs", ResponseRun.Columns, ResponseRun.Read, "true")
        {
            IdOf = run => run.Id,
            IsDue = $"due_at <= $1 and {Held} < {most}",
            Order = $"{Held}, created_at",
        };
    }

    /// <summary>Queues a response: when this returns null, it is durable and will run. The same one again changes nothing.</summary>
    /// <param name="content">With the request.</param>
    /// <param name="json">The text of <paramref name="content"/>.</param>
    /// <param name="fingerprint">Of the request, where it came with an <c>Idempotency-Key</c>.</param>
    /// <returns>The error when the organization may not have it, or the key was used for another request.</returns>
    public async Task<OpenAiError?> QueueAsync(
        FileCaller caller, string keyPublicId, Guid id, ResponseContent content, ReadOnlyMemory<byte> json, string? fingerprint,
        CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(
            "select pg_advisory_xact_lock(hashtextextended($1::text, 56))", cancellationToken, caller.OrganizationId);
        if (!await responses.InsertAsync(connection, caller, id, content, json, cancellationToken))
        {
            return await connection.ReadValueAsync<bool>(
                $"""
                select exists (select from responses where {ResponseTable.Live} and id = $4 and background
                  and fingerprint is not distinct from $5)
                """,
                cancellationToken, caller.OrganizationId, caller.ProjectId, clock.GetUtcNow(), id, fingerprint)
                ? null : OpenAiError.BackgroundKeyReused(ResponseIds.Of(id));
        }

        var queued = await connection.ReadValueAsync<long>(
            "select count(*) from response_runs where organization_id = $1", cancellationToken, caller.OrganizationId);
        if (queued >= options.Value.MaxQueued)
        {
            return OpenAiError.TooManyBackgroundResponses(options.Value.MaxQueued);
        }

        await connection.ExecuteAsync(
            """
            with response as (update responses set background = true, fingerprint = $7 where id = $1)
            insert into response_runs (id, organization_id, project_id, key_id, key_public_id, created_at, due_at)
            values ($1, $2, $3, $4, $5, $6, $6)
            """,
            cancellationToken, id, caller.OrganizationId, caller.ProjectId, caller.KeyId, keyPublicId, PublicIds.Now(clock), fingerprint);
        if (await responses.CountAsync(connection, caller.OrganizationId, json.Length, cancellationToken) is { } full)
        {
            return full;
        }

        await transaction.CommitAsync(cancellationToken);
        metrics.ResponseKept();
        return null;
    }

    /// <summary>Whether a response of the caller's project waits or runs.</summary>
    public async Task<bool> IsOpenAsync(FileCaller caller, Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        return await connection.ReadValueAsync<bool>(
            "select exists (select from response_runs where organization_id = $1 and project_id = $2 and id = $3)",
            cancellationToken, caller.OrganizationId, caller.ProjectId, id);
    }

    /// <summary>Cancels a response that waits or runs; one that has ended stays as it is.</summary>
    /// <returns>The error where there is none of the id, or it does not run in the background.</returns>
    public async Task<OpenAiError?> CancelAsync(FileCaller caller, string publicId, CancellationToken cancellationToken)
    {
        var id = PublicIds.Parse(publicId, ResponseContent.Prefix);
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var found = await connection.ReadRowsAsync(
            $"select background from responses where {ResponseTable.Live} and id = $4 for update",
            row => row.GetBoolean(0), cancellationToken, caller.OrganizationId, caller.ProjectId, clock.GetUtcNow(), id);
        if (found is not [var background])
        {
            return OpenAiError.ResponseNotFound(publicId);
        }

        if (!background)
        {
            return OpenAiError.ResponseNotCancellable();
        }

        var cancelled = await connection.ExecuteAsync(
            $"update responses set status = '{ResponseStatus.Cancelled}' where id = $1 and status in {Open}", cancellationToken, id);
        await connection.ExecuteAsync("delete from response_runs where id = $1", cancellationToken, id);
        await transaction.CommitAsync(cancellationToken);
        if (cancelled > 0)
        {
            metrics.BackgroundEnded(ResponseStatus.Cancelled);
        }

        return null;
    }

    /// <summary>Notes that a response is about to be asked for, and reads it. The caller disposes it.</summary>
    /// <exception cref="ClaimLostException">It is no longer this process's.</exception>
    /// <exception cref="DamagedContentException">It does not open.</exception>
    public async Task<ResponseContent> BeginAsync(ResponseRun run, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(run.Caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var content = await connection.ReadRowsAsync(
            $"""
            update responses set status = '{ResponseStatus.InProgress}' where id = $1 and deleted_at is null and status in {Open}
            returning wrapped_key, content
            """,
            row => (Key: row.GetFieldValue<byte[]>(0), Sealed: row.GetFieldValue<byte[]>(1)), cancellationToken, run.Id);
        if (content is not [var (key, bytes)])
        {
            throw new ClaimLostException(claims.Table.What, run.Id);
        }

        await claims.ChangeAsync(connection, run.Id, "update response_runs set tries = tries + 1", cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return ResponseContent.Read(seal.Open(run.Id, key, bytes));
    }

    /// <summary>Lets a response wait before it is asked for again.</summary>
    /// <param name="mayRun">Whether the last call may still run: then it stays in progress.</param>
    /// <exception cref="ClaimLostException">It is no longer this process's.</exception>
    public async Task WaitAsync(ResponseRun run, TimeSpan pause, int faults, bool mayRun, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(run.Caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(
            $"update responses set status = $2 where id = $1 and deleted_at is null and status in {Open}", cancellationToken, run.Id,
            mayRun ? ResponseStatus.InProgress : ResponseStatus.Queued);
        await claims.ChangeAsync(
            connection, run.Id, "update response_runs set due_at = $3, faults = $4", cancellationToken, clock.GetUtcNow() + pause, faults);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Ends a response whose content does not open as failed.</summary>
    public async Task GiveUpAsync(ResponseRun run, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(run.Caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(
            $"update responses set status = '{ResponseStatus.Failed}' where id = $1 and status in {Open}", cancellationToken, run.Id);
        await connection.ExecuteAsync("delete from response_runs where id = $1", cancellationToken, run.Id);
        await transaction.CommitAsync(cancellationToken);
        metrics.BackgroundEnded(ResponseStatus.Failed);
    }

    /// <summary>Ends a response: its content, its status and the end of its run appear together.</summary>
    /// <param name="json">The text of <paramref name="content"/>, without the request.</param>
    /// <param name="requestId">The request whose usage row it has; null where none is known.</param>
    /// <exception cref="ClaimLostException">It is no longer this process's.</exception>
    public async Task EndAsync(
        ResponseRun run, ResponseContent content, ReadOnlyMemory<byte> json, Guid? requestId, CancellationToken cancellationToken)
    {
        var (key, bytes) = seal.Seal(run.Id, json.Span);
        await using var connection = await dataSource.OpenForAsync(run.Caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var before = await connection.ReadRowsAsync(
            "select bytes from responses where id = $1 and deleted_at is null for update", row => row.GetInt64(0), cancellationToken,
            run.Id);
        var ended = await connection.ExecuteAsync(
            "delete from response_runs where id = $1 and runner = $2", cancellationToken, run.Id, claims.Runner);
        if (before is not [var bytesBefore] || ended == 0)
        {
            throw new ClaimLostException(claims.Table.What, run.Id);
        }

        await connection.ExecuteAsync(
            """
            update responses set status = $2, model = $3, bytes = $4, item_bytes = $5, wrapped_key = $6, content = $7, request_id = $8
            where id = $1
            """,
            cancellationToken, run.Id, content.Status, content.Model, (long)json.Length, content.ItemBytes, key, bytes, requestId);
        await ResponseTable.UncountAsync(
            connection, run.Caller.OrganizationId, responses: 0, bytesBefore - json.Length, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        metrics.BackgroundEnded(content.Status);
    }
}
