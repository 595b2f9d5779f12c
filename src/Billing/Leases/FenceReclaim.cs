using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Billing.Restores;
using Tollgate.Billing.Work;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Billing.Leases;

/// <summary>
/// Returns the unspent money of older epochs after all registered journals have acknowledged the wallet's fence. By then no request of
/// those epochs runs and none is unshipped. A silent journal blocks the return until it acknowledges or an operator retires it. A retired
/// journal blocks it until its lost usage is billed from the workers' logs, or for <c>Witness:RetiredWait</c> at most.
/// </summary>
internal sealed partial class FenceReclaim(
    RestoreWatch restores, IOptions<LeaseOptions> options, TimeProvider clock, ILogger<FenceReclaim> logger)
    : RecurringWork(new Rhythm(TimeSpan.FromSeconds(1)), clock, logger)
{
    private static readonly string ReclaimSql = EmbeddedSql.Read("Leases.Reclaim.sql");

    /// <summary>
    /// Reclaims for one organization whose wallet the caller has locked. Returns false without a fence, while the fence is incomplete, and
    /// during <see cref="LeaseOptions.SealFor"/> after a restore.
    /// </summary>
    public async Task<bool> TryReclaimAsync(NpgsqlConnection connection, Guid organizationId, CancellationToken cancellationToken)
    {
        await using var command = connection.Command(ReclaimSql, organizationId, options.Value.SealFor);
        if (await command.ExecuteScalarAsync(cancellationToken) is not decimal returned)
        {
            return false;
        }

        LogReclaimed(logger, returned, organizationId);
        return true;
    }

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var connection = await restores.OpenAsync(OrganizationScope.All, cancellationToken);
        var fenced = await connection.ReadRowsAsync(
            """
            select w.organization_id from wallets w
            where w.fence_epoch is not null and fence_complete(w.organization_id, w.fence_epoch)
            order by w.organization_id limit 1000
            """,
            row => row.GetGuid(0),
            cancellationToken);
        foreach (var organizationId in fenced)
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await connection.ExecuteAsync("select from wallets where organization_id = $1 for update", cancellationToken, organizationId);
            await TryReclaimAsync(connection, organizationId, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
    }

    [LoggerMessage(11, LogLevel.Information, "{Returned} dollars of older epochs returned to organization {OrganizationId}.")]
    private static partial void LogReclaimed(ILogger logger, decimal returned, Guid organizationId);
}
