using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Housekeeping;

namespace Tollgate.Accounts.AuditLog;

/// <summary>
/// Deletes entries that are older than <see cref="AuditLogOptions.KeepFor"/>, from the old end of each chain. The deletion is an entry of
/// the chain itself, with the range and a signature: whatever else is missing is a break.
/// </summary>
internal sealed class AuditRetention(
    AccountsDb db, AuditTrail audit, AuditSigner signer, IOptions<AuditLogOptions> options, TimeProvider clock) : IExpiringRows
{
    public async Task DropExpiredAsync(CancellationToken cancellationToken)
    {
        if (options.Value.KeepFor == TimeSpan.Zero)
        {
            return;
        }

        var before = clock.GetUtcNow() - options.Value.KeepFor;
        foreach (var chain in await db.AuditHeads.Select(head => head.ChainId).ToListAsync(cancellationToken))
        {
            await PurgeAsync(AuditLines.OrganizationOf(chain), before, cancellationToken);
        }
    }

    /// <summary>Deletes all entries of a chain that lie before the first one that is not older than <paramref name="before"/>.</summary>
    private async Task PurgeAsync(Guid? organizationId, DateTimeOffset before, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtext('tollgate audit'))", cancellationToken);
        var chain = db.AuditEntries.Where(entry => entry.OrganizationId == organizationId);
        var kept = await chain.Where(entry => entry.At >= before).MinAsync(entry => entry.Number, cancellationToken);
        var old = chain.Where(entry => kept == null || entry.Number < kept);
        if (await old.MinAsync(entry => entry.Number, cancellationToken) is not { } first)
        {
            return;
        }

        var last = await old.AsNoTracking().OrderBy(entry => entry.Number).LastAsync(cancellationToken);
        var range = signer.SignPurge(AuditLines.ChainOf(organizationId), first, last.Number!.Value, Convert.ToHexStringLower(last.Hash!));
        audit.Add(
            AuditVerifier.PurgeAction, string.Create(CultureInfo.InvariantCulture, $"{range.First} to {range.Last}"), organizationId,
            after: range);
        await db.SaveChangesAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync($"select set_config('accounts.audit_purge', 'on', true)", cancellationToken);
        await chain.Where(entry => entry.Number <= range.Last).ExecuteDeleteAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
