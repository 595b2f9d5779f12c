using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Contracts.OpenAi;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Files;

/// <summary>
/// Holds an organization to its bytes and its number of files. What counts is in the database alone: files, parts and open uploads. A
/// transfer that has not ended counts nothing.
/// </summary>
internal sealed class FileQuota(IOptions<FileLimitOptions> options)
{
    /// <summary>Lets one transaction at a time add to an organization.</summary>
    public static Task<int> LockAsync(NpgsqlConnection connection, Guid organizationId, CancellationToken cancellationToken) =>
        connection.ExecuteAsync("select pg_advisory_xact_lock(hashtextextended($1::text, 38))", cancellationToken, organizationId);

    /// <summary>The error when the organization cannot have as much more; null when it can. Exact under <see cref="LockAsync"/>.</summary>
    /// <param name="param">The member that the error names.</param>
    /// <param name="bytes">Bytes to add.</param>
    /// <param name="files">Files and uploads to add.</param>
    public async Task<OpenAiError?> RefuseAsync(
        NpgsqlConnection connection, Guid organizationId, string param, long bytes, int files, CancellationToken cancellationToken)
    {
        var held = (await connection.ReadRowsAsync(
            """
            select
              (select count(*) from files where organization_id = $1 and deleted_at is null)
                + (select count(*) from uploads where organization_id = $1 and status = 'pending'),
              (select coalesce(sum(bytes), 0)::bigint from files where organization_id = $1 and deleted_at is null)
                + (select coalesce(sum(bytes), 0)::bigint from upload_parts where organization_id = $1)
            """,
            row => (Files: row.GetInt64(0), Bytes: row.GetInt64(1)), cancellationToken, organizationId))[0];
        var limits = options.Value;
        return files > 0 && held.Files + files > limits.MaxFiles ? OpenAiError.TooManyFiles(param, limits.MaxFiles)
            : bytes > 0 && held.Bytes + bytes > limits.MaxTotalBytes
                ? OpenAiError.FileStorageFull(param, limits.MaxTotalBytes, held.Bytes, bytes)
                : null;
    }
}
