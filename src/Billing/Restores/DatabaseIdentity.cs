using Npgsql;
using Tollgate.Billing.Work;

namespace Tollgate.Billing.Restores;

/// <summary>
/// Which database this is, as gateways keep it in their journals: cluster, timeline, and the generation that changes with every restore
/// that Billing noticed. Read afresh for every answer, so that no instance speaks for a database that it no longer has.
/// </summary>
internal static class DatabaseIdentity
{
    /// <summary>Such as <c>7445012345678901234/00000001/0193…</c>.</summary>
    /// <exception cref="InvalidOperationException">The schema is not migrated.</exception>
    public static async Task<string> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        await connection.ReadValueAsync<string>(
            "select cluster_identity() || '/' || replace(generation::text, '-', '') from database_identity", cancellationToken)
        ?? throw new InvalidOperationException("The schema is not migrated: database_identity is empty.");
}
