using Npgsql;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Contents;
using Tollgate.Learning.Sealing;
using Tollgate.Learning.Telemetry;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Files;

/// <summary>What stays of a deleted file.</summary>
/// <param name="Sha256">Of its plain bytes.</param>
/// <param name="DeletedBy">The key that asked; null when a member asked by the portal, and when the file's time was over.</param>
/// <param name="Why"><c>request</c> or <c>expiry</c>.</param>
/// <param name="IsRemoved">Whether the store has removed the sealed bytes, which nothing opens any more.</param>
/// <param name="SigningKey">Id of the master key behind <paramref name="Mac"/>.</param>
/// <param name="Mac">HMAC-SHA-256 of <see cref="SignedText"/>.</param>
internal sealed record DeletionReceipt(
    Guid Id, Guid OrganizationId, Guid ProjectId, string Purpose, long Bytes, byte[] Sha256, DateTimeOffset CreatedAt,
    DateTimeOffset DeletedAt, Guid? DeletedBy, string Why, bool IsRemoved, string SigningKey, byte[] Mac)
{
    /// <summary>What the installation signs: the facts, a line each.</summary>
    public string SignedText => string.Join(
        '\n', "tollgate file receipt 1", $"{StoredFile.Prefix}{Id:N}", $"org-{OrganizationId:N}", $"proj_{ProjectId:N}", Purpose,
        $"{Bytes}", Convert.ToHexStringLower(Sha256), $"{CreatedAt.ToUnixTimeMilliseconds()}", $"{DeletedAt.ToUnixTimeMilliseconds()}",
        DeletedBy is { } key ? $"key_{key:N}" : "", Why);
}

/// <summary>
/// Deletes files: in one transaction the key is destroyed, name and faults go, and the receipt is signed; then the store removes the
/// content. What a crash leaves of the second step is in <c>removals</c>.
/// </summary>
internal sealed class FileDeletion(
    NpgsqlDataSource dataSource, ContentStore contents, MasterKeys keys, LearningMetrics metrics, TimeProvider clock)
{
    private const string Facts = "id, organization_id, project_id, purpose, bytes, sha256, created_at, blob_id";

    /// <summary>Deletes a file of the caller's project. False when it has none of the id.</summary>
    public async Task<bool> DeleteAsync(FileCaller caller, Guid id, CancellationToken cancellationToken)
    {
        var deleted = await MarkAsync(
            OrganizationScope.Of(caller.OrganizationId),
            $"""
            select {Facts} from files
            where organization_id = $1 and project_id = $2 and id = $3 and deleted_at is null and (expires_at is null or expires_at > $4)
            for update
            """,
            caller.Key, "request", cancellationToken, caller.OrganizationId, caller.ProjectId, id, clock.GetUtcNow());
        foreach (var blob in deleted)
        {
            await RemoveAsync(blob, CancellationToken.None); // The key is gone: whoever asked may leave.
        }

        return deleted.Count > 0;
    }

    /// <summary>Deletes files whose time is over, as many as one step takes. Returns how many.</summary>
    public async Task<int> DeleteExpiredAsync(int most, CancellationToken cancellationToken)
    {
        var deleted = await MarkAsync(
            OrganizationScope.All,
            $"select {Facts} from files where deleted_at is null and expires_at <= $1 order by expires_at limit $2 for update skip locked",
            null, "expiry", cancellationToken, clock.GetUtcNow(), most);
        return deleted.Count;
    }

    /// <summary>Deletes files of an organization, of all projects, as many as one step takes. Returns how many.</summary>
    public async Task<int> DeleteOfOrganizationAsync(Guid organizationId, int most, CancellationToken cancellationToken)
    {
        var deleted = await MarkAsync(
            OrganizationScope.Of(organizationId),
            $"select {Facts} from files where organization_id = $1 and deleted_at is null order by id limit $2 for update",
            null, "request", cancellationToken, organizationId, most);
        return deleted.Count; // The store follows by `removals`.
    }

    /// <summary>The receipt of a deleted file of the caller's project; null when it has none of the id.</summary>
    public async Task<DeletionReceipt?> FindReceiptAsync(FileCaller caller, Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        return (await connection.ReadRowsAsync(
            """
            select id, organization_id, project_id, purpose, bytes, sha256, created_at, deleted_at, deleted_by, deleted_why,
              not exists (select from removals where removals.blob_id = files.blob_id), receipt_key, receipt_mac
            from files where organization_id = $1 and project_id = $2 and id = $3 and deleted_at is not null
            """,
            row => new DeletionReceipt(
                row.GetGuid(0), row.GetGuid(1), row.GetGuid(2), row.GetString(3), row.GetInt64(4), row.GetFieldValue<byte[]>(5),
                row.GetFieldValue<DateTimeOffset>(6), row.GetFieldValue<DateTimeOffset>(7), row.IsDBNull(8) ? null : row.GetGuid(8),
                row.GetString(9), row.GetBoolean(10), row.GetString(11), row.GetFieldValue<byte[]>(12)),
            cancellationToken, caller.OrganizationId, caller.ProjectId, id)).FirstOrDefault();
    }

    /// <summary>Removes a content that nothing refers to, and then its line in <c>removals</c>. Safe to be repeated.</summary>
    public async Task RemoveAsync(Guid blob, CancellationToken cancellationToken)
    {
        await contents.RemoveAsync(blob, cancellationToken);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        if (await connection.ExecuteAsync("delete from removals where blob_id = $1", cancellationToken, blob) > 0)
        {
            metrics.ContentRemoved("deleted");
        }
    }

    private async Task<IReadOnlyList<Guid>> MarkAsync(
        OrganizationScope scope, string select, Guid? deletedBy, string why, CancellationToken cancellationToken,
        params object?[] values)
    {
        var now = PublicIds.Now(clock);
        await using var connection = await dataSource.OpenAsync(scope, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var found = await connection.ReadRowsAsync(
            select,
            row => (Receipt: new DeletionReceipt(
                row.GetGuid(0), row.GetGuid(1), row.GetGuid(2), row.GetString(3), row.GetInt64(4), row.GetFieldValue<byte[]>(5),
                row.GetFieldValue<DateTimeOffset>(6), now, deletedBy, why, IsRemoved: false, "", []), Blob: row.GetGuid(7)),
            cancellationToken, values);
        foreach (var (receipt, blob) in found)
        {
            var (key, mac) = keys.Sign(receipt.SignedText);
            await connection.ExecuteAsync(
                """
                update files set wrapped_key = null, name = '', media_type = '', status_details = null, deleted_at = $2, deleted_by = $3,
                  deleted_why = $4, receipt_key = $5, receipt_mac = $6
                where id = $1
                """,
                cancellationToken, receipt.Id, now, deletedBy, why, key, mac);
            await connection.ExecuteAsync(
                "insert into removals (blob_id, since) values ($1, $2)", cancellationToken, blob, now);
        }

        await transaction.CommitAsync(cancellationToken);
        return [.. found.Select(one => one.Blob)];
    }
}
