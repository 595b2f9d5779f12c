using Npgsql;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Contents;
using Tollgate.Learning.Files;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Uploads;

/// <summary>The uploads of projects and their parts. Every query names organization and project.</summary>
internal sealed class UploadTable(NpgsqlDataSource dataSource, FileQuota quota, FileTable files, TimeProvider clock)
{
    /// <summary>Ends an upload: its parts' contents are to be removed.</summary>
    private const string RemoveParts =
        """
        with gone as (delete from upload_parts where upload_id = $1 returning blob_id)
        insert into removals (blob_id, since) select blob_id, $2 from gone returning blob_id
        """;

    /// <summary>Begins an upload. Returns the error when the organization may not have another one.</summary>
    public async Task<OpenAiError?> AddAsync(FileCaller caller, Upload upload, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await FileQuota.LockAsync(connection, caller.OrganizationId, cancellationToken);
        if (await quota.RefuseAsync(connection, caller.OrganizationId, "bytes", upload.Bytes, 1, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        await connection.ExecuteAsync(
            """
            insert into uploads (
              organization_id, project_id, id, key_id, name, media_type, purpose, bytes, expires_after_seconds, status, created_at,
              expires_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            """,
            cancellationToken,
            caller.OrganizationId, caller.ProjectId, upload.Id, caller.KeyId, upload.Name, upload.MediaType, upload.Purpose, upload.Bytes,
            upload.ExpiresAfterSeconds, upload.Status, upload.CreatedAt, upload.ExpiresAt);
        await transaction.CommitAsync(cancellationToken);
        return null;
    }

    /// <summary>An upload of the caller's project as it is now; null when it has none of the id.</summary>
    public async Task<Upload?> FindAsync(FileCaller caller, Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        return await FindAsync(connection, caller, id, "", cancellationToken);
    }

    /// <summary>The parts of an upload by the time of their arrival.</summary>
    public async Task<IReadOnlyList<UploadPart>> ListPartsAsync(
        FileCaller caller, Guid uploadId, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        return await connection.ReadRowsAsync(
            $"select {UploadPart.Columns} from upload_parts where upload_id = $1 order by id",
            UploadPart.Read, cancellationToken, uploadId);
    }

    /// <summary>Adds a stored part to a pending upload. Returns the error when that is impossible by now.</summary>
    public async Task<OpenAiError?> AddPartAsync(FileCaller caller, Guid uploadId, UploadPart part, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await FileQuota.LockAsync(connection, caller.OrganizationId, cancellationToken);
        var upload = await FindAsync(connection, caller, uploadId, "for update", cancellationToken);
        if (upload is not { Status: Upload.Pending })
        {
            return OpenAiError.UploadNotPending($"{Upload.Prefix}{uploadId:N}", upload?.Status ?? Upload.Cancelled);
        }

        var count = await connection.ReadValueAsync<long>(
            "select count(*) from upload_parts where upload_id = $1", cancellationToken, uploadId);
        if (count >= UploadCompletion.MostParts)
        {
            return OpenAiError.InvalidValue("data", $"at most {UploadCompletion.MostParts} parts of an upload");
        }

        if (await quota.RefuseAsync(connection, caller.OrganizationId, "data", part.Bytes, 0, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        await connection.ExecuteAsync(
            """
            insert into upload_parts (upload_id, id, organization_id, bytes, created_at, blob_id, wrapped_key)
            values ($1, $2, $3, $4, $5, $6, $7)
            """,
            cancellationToken, uploadId, part.Id, caller.OrganizationId, part.Bytes, part.CreatedAt, part.Blob, part.WrappedKey);
        await transaction.CommitAsync(cancellationToken);
        return null;
    }

    /// <summary>Makes the file of a pending upload and gives its parts up, in one transaction.</summary>
    /// <returns>The error, or the contents to remove.</returns>
    public async Task<(OpenAiError? Refusal, IReadOnlyList<Guid> Gone)> CompleteAsync(
        FileCaller caller, Guid uploadId, StoredFile file, SealedContent content, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await FileQuota.LockAsync(connection, caller.OrganizationId, cancellationToken);
        var upload = await FindAsync(connection, caller, uploadId, "for update", cancellationToken);
        if (upload is not { Status: Upload.Pending })
        {
            return (OpenAiError.UploadNotPending($"{Upload.Prefix}{uploadId:N}", upload?.Status ?? Upload.Cancelled), []);
        }

        // The parts and the upload no longer count when the file begins to.
        await connection.ExecuteAsync(
            "update uploads set status = $2, file_id = $3 where id = $1", cancellationToken, uploadId, Upload.Completed, file.Id);
        var gone = await connection.ReadRowsAsync(RemoveParts, row => row.GetGuid(0), cancellationToken, uploadId, clock.GetUtcNow());
        if (await files.AddAsync(connection, caller, file, content, "bytes", cancellationToken) is { } refusal)
        {
            return (refusal, []);
        }

        await transaction.CommitAsync(cancellationToken);
        return (null, gone);
    }

    /// <summary>Cancels a pending upload. A cancelled one stays so.</summary>
    /// <returns>The upload as it is then, null when the project has none of the id; and the contents to remove.</returns>
    public async Task<(Upload? Upload, IReadOnlyList<Guid> Gone)> CancelAsync(
        FileCaller caller, Guid uploadId, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var upload = await FindAsync(connection, caller, uploadId, "for update", cancellationToken);
        if (upload is not { Status: Upload.Pending })
        {
            return (upload, []);
        }

        var gone = await EndAsync(connection, uploadId, Upload.Cancelled, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return (upload with { Status = Upload.Cancelled }, gone);
    }

    /// <summary>Ends pending uploads whose time is over, as many as one step takes. Returns how many.</summary>
    public async Task<int> ExpireAsync(int most, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var over = await connection.ReadRowsAsync(
            "select id from uploads where status = 'pending' and expires_at <= $1 order by expires_at limit $2 for update skip locked",
            row => row.GetGuid(0), cancellationToken, clock.GetUtcNow(), most);
        foreach (var id in over)
        {
            await EndAsync(connection, id, Upload.Expired, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return over.Count;
    }

    private async Task<IReadOnlyList<Guid>> EndAsync(
        NpgsqlConnection connection, Guid id, string status, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync("update uploads set status = $2 where id = $1", cancellationToken, id, status);
        return await connection.ReadRowsAsync(RemoveParts, row => row.GetGuid(0), cancellationToken, id, clock.GetUtcNow());
    }

    private async Task<Upload?> FindAsync(
        NpgsqlConnection connection, FileCaller caller, Guid id, string locking, CancellationToken cancellationToken) =>
        (await connection.ReadRowsAsync(
            $"select {Upload.Columns} from uploads where organization_id = $1 and project_id = $2 and id = $3 {locking}",
            Upload.Read, cancellationToken, caller.OrganizationId, caller.ProjectId, id)).FirstOrDefault()?.At(clock.GetUtcNow());
}
