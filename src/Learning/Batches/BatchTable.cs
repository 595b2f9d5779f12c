using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Files;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Batches;

/// <summary>The batches of projects, for gateways. Every query names organization and project.</summary>
internal sealed class BatchTable(NpgsqlDataSource dataSource, FileQuota quota, IOptions<BatchOptions> options, TimeProvider clock)
{
    /// <summary>Output and error file.</summary>
    private const int FilesOfBatch = 2;

    /// <summary>Makes a batch. Returns the error when the organization has too many, or no room for its files.</summary>
    public async Task<OpenAiError?> AddAsync(Batch batch, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(batch.Caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await FileQuota.LockAsync(connection, batch.Caller.OrganizationId, cancellationToken);
        if (await quota.RefuseAsync(connection, batch.Caller.OrganizationId, "input_file_id", 1, FilesOfBatch, cancellationToken)
            is { } full)
        {
            return full;
        }

        var (batches, lines) = await CountAsync(connection, batch.Caller.OrganizationId, cancellationToken);
        if (batches >= options.Value.MaxBatches)
        {
            return OpenAiError.TooManyBatches(options.Value.MaxBatches);
        }

        if (lines >= options.Value.MaxQueuedLines)
        {
            return OpenAiError.TooManyQueuedLines(options.Value.MaxQueuedLines, lines, 1);
        }

        await connection.ExecuteAsync(
            """
            insert into batches (
              organization_id, project_id, id, key_id, key_public_id, input_file_id, endpoint, metadata, output_expires_after_seconds,
              status, created_at, expires_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            """,
            cancellationToken, batch.Caller.OrganizationId, batch.Caller.ProjectId, batch.Id, batch.Caller.KeyId, batch.KeyPublicId,
            batch.InputFile, batch.Endpoint, batch.Metadata, batch.OutputExpiresAfterSeconds, batch.Status, batch.CreatedAt,
            batch.ExpiresAt);
        await transaction.CommitAsync(cancellationToken);
        return null;
    }

    /// <summary>Batches of an organization that have not ended, and their lines that have not.</summary>
    public static async Task<(long Batches, long Lines)> CountAsync(
        NpgsqlConnection connection, Guid organizationId, CancellationToken cancellationToken) =>
        (await connection.ReadRowsAsync(
            $"""
            select count(*), coalesce(sum(total - completed - failed), 0)::bigint from batches
            where organization_id = $1 and {BatchStatus.IsLive}
            """,
            row => (row.GetInt64(0), row.GetInt64(1)), cancellationToken, organizationId))[0];

    /// <summary>A batch of the caller's project; null when it has none of the id.</summary>
    public async Task<Batch?> FindAsync(FileCaller caller, Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        return (await connection.ReadRowsAsync(
            $"select {Batch.Columns} from batches where organization_id = $1 and project_id = $2 and id = $3",
            Batch.Read, cancellationToken, caller.OrganizationId, caller.ProjectId, id)).FirstOrDefault();
    }

    /// <summary>A page of the project's batches, the newest first, and whether more follow.</summary>
    public async Task<(IReadOnlyList<Batch> Batches, bool HasMore)> ListAsync(
        FileCaller caller, Guid? after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        var batches = await connection.ReadRowsAsync(
            $"""
            select {Batch.Columns} from batches where organization_id = $1 and project_id = $2 and ($3::uuid is null or id < $3)
            order by id desc limit $4
            """,
            Batch.Read, cancellationToken, caller.OrganizationId, caller.ProjectId, after, limit + 1);
        var hasMore = batches.Count > limit;
        return (hasMore ? batches[..limit] : batches, hasMore);
    }

    /// <summary>Begins to cancel a batch whose lines are not all done. Returns the batch as it is then; null when there is none.</summary>
    public async Task<Batch?> CancelAsync(FileCaller caller, Guid id, CancellationToken cancellationToken)
    {
        await using (var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken))
        {
            await connection.ExecuteAsync(
                """
                update batches set status = 'cancelling', ending = 'cancelled', cancelling_at = $4
                where organization_id = $1 and project_id = $2 and id = $3 and status in ('validating', 'in_progress')
                """,
                cancellationToken, caller.OrganizationId, caller.ProjectId, id, PublicIds.Now(clock));
        }

        return await FindAsync(caller, id, cancellationToken);
    }
}
