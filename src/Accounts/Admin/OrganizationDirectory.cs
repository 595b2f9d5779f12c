using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Money;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Usage;

namespace Tollgate.Accounts.Admin;

/// <summary>Finds organizations for the operator and adds Billing's figures.</summary>
internal sealed class OrganizationDirectory(AccountsDb db, BillingClient billing, TimeProvider clock)
{
    /// <summary>Rows on one page.</summary>
    public const int PageSize = 25;

    /// <summary>Finds the newest organizations whose name or a member's address contains <paramref name="text"/>.</summary>
    /// <returns>The rows, and whether Billing's figures are fresh for all of them.</returns>
    public async Task<(IReadOnlyList<OrganizationRow> Rows, bool IsFresh)> SearchAsync(string? text, CancellationToken cancellationToken)
    {
        var found = await FindAsync(text?.Trim(), cancellationToken);
        var now = clock.GetUtcNow();
        var usage = await billing.GetAllUsageAsync(now.AddDays(-30), now, "day", "organization", cancellationToken);
        var requests = UsageFigures.Of(usage.Value).By(r => r.OrganizationId ?? Guid.Empty).ToDictionary(g => g.Key, g => g.Sum.Requests);
        var wallets = await Task.WhenAll(found.Select(o => billing.GetWalletAsync(o.Id, cancellationToken)));
        var rows = found.Select((row, i) => row with
        {
            Balance = wallets[i].Value?.Balance,
            Requests = usage.Value is null ? null : requests.GetValueOrDefault(row.Id),
        });
        return ([.. rows], usage.IsFresh && wallets.All(w => w.IsFresh));
    }

    /// <summary>Finds one organization; null when there is none.</summary>
    public Task<OrganizationRow?> FindAsync(Guid organizationId, CancellationToken cancellationToken) =>
        Rows(db.Organizations.Where(o => o.Id == organizationId)).SingleOrDefaultAsync(cancellationToken);

    private Task<List<OrganizationRow>> FindAsync(string? text, CancellationToken cancellationToken)
    {
        var organizations = db.Organizations.AsQueryable();
        if (!string.IsNullOrEmpty(text))
        {
            var escaped = text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("%", @"\%", StringComparison.Ordinal)
                .Replace("_", @"\_", StringComparison.Ordinal);
            var pattern = $"%{escaped}%";
            var memberships = db.Memberships;
            organizations = organizations.Where(o => EF.Functions.ILike(o.Name, pattern, @"\") || memberships.Any(m =>
                m.OrganizationId == o.Id && db.Users.Any(u => u.Id == m.UserId && EF.Functions.ILike(u.Email!, pattern, @"\"))));
        }

        return Rows(organizations.OrderByDescending(o => o.CreatedAt).Take(PageSize)).ToListAsync(cancellationToken);
    }

    private IQueryable<OrganizationRow> Rows(IQueryable<Organization> organizations) =>
        from organization in organizations
        join rules in db.OrganizationRules on organization.Id equals rules.OrganizationId
        join owner in db.Users on organization.CreatedBy equals owner.Id into owners
        from owner in owners.DefaultIfEmpty()
        orderby organization.CreatedAt descending
        select new OrganizationRow(
            organization.Id, organization.Name, owner!.Email ?? "—", rules.Suspended, rules.SuspendedReason, organization.CreatedAt, null,
            null);
}

/// <summary>An organization as the operator sees it.</summary>
/// <param name="Balance">US dollars; null when there is no wallet or Billing has never answered for it.</param>
/// <param name="Requests">In the last 30 days; null when Billing has never answered.</param>
internal sealed record OrganizationRow(
    Guid Id, string Name, string Owner, bool Suspended, string? SuspendedReason, DateTimeOffset CreatedAt, decimal? Balance,
    long? Requests);
