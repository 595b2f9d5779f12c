using Npgsql;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Contents;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Files;

/// <summary>Which files a list shows.</summary>
/// <param name="After">Id that the list continues behind; null begins it.</param>
/// <param name="Limit">Most files, from 1.</param>
/// <param name="Ascending">Oldest first.</param>
/// <param name="Purpose">Null for every purpose.</param>
internal sealed record FileQuery(Guid? After, int Limit, bool Ascending, string? Purpose);

/// <summary>The files of projects. Every query names organization and project; a file of another one does not exist for it.</summary>
internal sealed class FileTable(NpgsqlDataSource dataSource, FileQuota quota, TimeProvider clock)
{
    private const string Live = "deleted_at is null and (expires_at is null or expires_at > $3)";

    /// <summary>The error when an organization cannot keep as much more; null when it can at the moment.</summary>
    public async Task<OpenAiError?> RefuseAsync(FileCaller caller, string param, long bytes, int files, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        return await quota.RefuseAsync(connection, caller.OrganizationId, param, bytes, files, cancellationToken);
    }

    /// <summary>Makes a file of a durable content. When this returns null, the file exists and counts.</summary>
    /// <returns>The error when the organization may not keep it.</returns>
    public async Task<OpenAiError?> AddAsync(
        FileCaller caller, StoredFile file, SealedContent content, string param, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await FileQuota.LockAsync(connection, caller.OrganizationId, cancellationToken);
        if (await AddAsync(connection, caller, file, content, param, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        await transaction.CommitAsync(cancellationToken);
        return null;
    }

    /// <summary>The same inside a transaction that holds <see cref="FileQuota.LockAsync"/>.</summary>
    public async Task<OpenAiError?> AddAsync(
        NpgsqlConnection connection, FileCaller caller, StoredFile file, SealedContent content, string param,
        CancellationToken cancellationToken)
    {
        if (await quota.RefuseAsync(connection, caller.OrganizationId, param, file.Bytes, 1, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        await InsertAsync(connection, caller, file, content, cancellationToken);
        return null;
    }

    /// <summary>Makes a file of this service, which counts and is never refused: what was paid for is not lost.</summary>
    public static Task InsertAsync(
        NpgsqlConnection connection, FileCaller caller, StoredFile file, SealedContent content, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
            """
            insert into files (
              organization_id, project_id, id, key_id, name, media_type, purpose, bytes, sha256, status, status_details, created_at,
              expires_at, blob_id, wrapped_key)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
            """,
            cancellationToken,
            caller.OrganizationId, caller.ProjectId, file.Id, caller.KeyId, file.Name, file.MediaType, file.Purpose, file.Bytes,
            content.Sha256, file.Status, file.Details, file.CreatedAt, file.ExpiresAt, file.Blob, file.WrappedKey);

    /// <summary>A file of the caller's project; null when it has none of the id.</summary>
    public async Task<StoredFile?> FindAsync(FileCaller caller, Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        return (await connection.ReadRowsAsync(
            $"select {StoredFile.Columns} from files where organization_id = $1 and project_id = $2 and id = $4 and {Live}",
            StoredFile.Read, cancellationToken, caller.OrganizationId, caller.ProjectId, clock.GetUtcNow(), id)).FirstOrDefault();
    }

    /// <summary>A page of the project's files by the time of their creation, and whether more follow.</summary>
    public async Task<(IReadOnlyList<StoredFile> Files, bool HasMore)> ListAsync(
        FileCaller caller, FileQuery query, CancellationToken cancellationToken)
    {
        var (comparison, order) = query.Ascending ? (">", "asc") : ("<", "desc");
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        var files = await connection.ReadRowsAsync(
            $"""
            select {StoredFile.Columns} from files
            where organization_id = $1 and project_id = $2 and {Live}
              and ($4::uuid is null or id {comparison} $4) and ($5::text is null or purpose = $5)
            order by id {order} limit $6
            """,
            StoredFile.Read, cancellationToken,
            caller.OrganizationId, caller.ProjectId, clock.GetUtcNow(), query.After, query.Purpose, query.Limit + 1);
        var hasMore = files.Count > query.Limit;
        return (hasMore ? files[..query.Limit] : files, hasMore);
    }
}
