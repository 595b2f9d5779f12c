using Npgsql;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Files;
using Tollgate.Learning.Sealing;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Deployments;

/// <summary>What stays of a deleted model.</summary>
/// <param name="Bytes">Of its tar.</param>
/// <param name="Sha256">Of its tar, 64 hex digits.</param>
/// <param name="DeletedBy">The key; null for a member who used none.</param>
/// <param name="IsRemoved">Whether the store has removed the sealed bytes, which nothing opens any more.</param>
/// <param name="SigningKey">Id of the master key behind <paramref name="Mac"/>.</param>
/// <param name="Mac">HMAC-SHA-256 of <see cref="SignedText"/>.</param>
internal sealed record ModelReceipt(
    string Name, Guid OrganizationId, Guid ProjectId, long Bytes, string Sha256, DateTimeOffset CreatedAt, DateTimeOffset DeletedAt,
    Guid? DeletedBy, bool IsRemoved, string SigningKey, byte[] Mac)
{
    /// <summary>What the installation signs: the facts, a line each.</summary>
    public string SignedText => string.Join(
        '\n', "tollgate model receipt 1", Name, $"org-{OrganizationId:N}", $"proj_{ProjectId:N}", $"{Bytes}", Sha256,
        $"{CreatedAt.ToUnixTimeMilliseconds()}", $"{DeletedAt.ToUnixTimeMilliseconds()}", DeletedBy is { } key ? $"key_{key:N}" : "");
}

/// <summary>
/// Deletes trained models as files are deleted: one transaction destroys the key and signs the receipt, then the store removes the content.
/// A name that could go back to the model cannot any more, and workers uninstall it.
/// </summary>
internal sealed class ModelDeletion(NpgsqlDataSource dataSource, FileDeletion files, MasterKeys keys, TimeProvider clock)
{
    private const string Facts = "name, organization_id, project_id, bytes, sha256, created_at";

    /// <summary>Deletes a model of the caller's project.</summary>
    /// <returns>The error when there is none, or a name points at it; null when it is deleted.</returns>
    public async Task<OpenAiError?> DeleteAsync(FileCaller caller, string name, CancellationToken cancellationToken)
    {
        var now = PublicIds.Now(clock);
        Guid blob;
        await using (var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken))
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var found = await connection.ReadRowsAsync(
                $"""
                select {Facts}, blob_id from tuned_models
                where organization_id = $1 and project_id = $2 and name = $3 and deleted_at is null for update
                """,
                row => (Receipt: Read(row, now, caller.Key, isRemoved: false, "", []), Blob: row.GetGuid(6)),
                cancellationToken, caller.OrganizationId, caller.ProjectId, name);
            if (found is not [var (receipt, content)])
            {
                return OpenAiError.TrainedModelNotFound(name);
            }

            if (await connection.ReadValueAsync<string>(
                "select name from deployments where model = $1 or next_model = $1 order by name limit 1", cancellationToken, name)
                is { } deployed)
            {
                return OpenAiError.ModelIsDeployed(name, deployed);
            }

            blob = content;
            await connection.ExecuteAsync(
                "update deployments set previous_model = null where previous_model = $1", cancellationToken, name);
            await DestroyAsync(connection, receipt, blob, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        await files.RemoveAsync(blob, CancellationToken.None); // The key is gone: the caller may leave.
        return null;
    }

    /// <summary>Deletes models of an organization, of all projects, as many as one step takes. No name may point at one of them.</summary>
    /// <returns>How many. The store follows by <c>removals</c>.</returns>
    public async Task<int> DeleteOfOrganizationAsync(Guid organizationId, int most, CancellationToken cancellationToken)
    {
        var now = PublicIds.Now(clock);
        await using var connection = await dataSource.OpenForAsync(organizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var found = await connection.ReadRowsAsync(
            $"""
            select {Facts}, blob_id from tuned_models where organization_id = $1 and deleted_at is null
            order by name limit $2 for update
            """,
            row => (Receipt: Read(row, now, null, isRemoved: false, "", []), Blob: row.GetGuid(6)),
            cancellationToken, organizationId, most);
        foreach (var (receipt, blob) in found)
        {
            await DestroyAsync(connection, receipt, blob, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return found.Count;
    }

    /// <summary>The receipt of a deleted model of the caller's project; null when it has none of the name.</summary>
    public async Task<ModelReceipt?> FindReceiptAsync(FileCaller caller, string name, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        return (await connection.ReadRowsAsync(
            $"""
            select {Facts}, deleted_at, deleted_by, not exists (select from removals where removals.blob_id = tuned_models.blob_id),
              receipt_key, receipt_mac
            from tuned_models where organization_id = $1 and project_id = $2 and name = $3 and receipt_mac is not null
            """,
            row => Read(
                row, row.GetFieldValue<DateTimeOffset>(6), row.IsDBNull(7) ? null : row.GetGuid(7), row.GetBoolean(8), row.GetString(9),
                row.GetFieldValue<byte[]>(10)),
            cancellationToken, caller.OrganizationId, caller.ProjectId, name)).FirstOrDefault();
    }

    private async Task DestroyAsync(NpgsqlConnection connection, ModelReceipt receipt, Guid blob, CancellationToken cancellationToken)
    {
        var (key, mac) = keys.Sign(receipt.SignedText);
        await connection.ExecuteAsync(
            """
            update tuned_models
            set wrapped_key = null, evaluation = '{}', labels = '[]', suffix = null, deleted_at = $2, deleted_by = $3,
              receipt_key = $4, receipt_mac = $5
            where name = $1
            """,
            cancellationToken, receipt.Name, receipt.DeletedAt, receipt.DeletedBy, key, mac);
        await connection.ExecuteAsync(
            "insert into removals (blob_id, since) values ($1, $2)", cancellationToken, blob, receipt.DeletedAt);
    }

    private static ModelReceipt Read(
        NpgsqlDataReader row, DateTimeOffset deletedAt, Guid? deletedBy, bool isRemoved, string signingKey, byte[] mac) => new(
        row.GetString(0), row.GetGuid(1), row.GetGuid(2), row.GetInt64(3), row.GetString(4), row.GetFieldValue<DateTimeOffset>(5),
        deletedAt, deletedBy, isRemoved, signingKey, mac);
}
