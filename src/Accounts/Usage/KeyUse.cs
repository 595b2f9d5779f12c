using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts.Reports;

namespace Tollgate.Accounts.Usage;

/// <summary>Notes in the keys' rows when each was last used, so that the list can say it while Billing is away.</summary>
internal sealed class KeyUse(AccountsDb db)
{
    /// <summary>Takes over the newest hour of each key in an hourly report. An older report changes nothing.</summary>
    public async Task NoteAsync(Guid organizationId, UsageReport? report, CancellationToken cancellationToken)
    {
        var rows = report?.Rows.Where(r => r.KeyId is not null && r.Requests > 0) ?? [];
        foreach (var use in rows.GroupBy(r => r.KeyId!.Value))
        {
            var last = use.Max(r => r.Start).ToUniversalTime();
            await db.ApiKeys
                .Where(k => k.OrganizationId == organizationId && k.Id == use.Key && (k.LastUsedAt == null || k.LastUsedAt < last))
                .ExecuteUpdateAsync(set => set.SetProperty(k => k.LastUsedAt, last), cancellationToken);
        }
    }
}
