using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.AuditLog;

/// <summary>Reads the audit log for pages and exports. An organization sees its own chain alone; operators see all.</summary>
internal sealed class AuditBook(AccountsDb db)
{
    /// <summary>Entries on one page.</summary>
    public const int PageSize = 50;

    /// <summary>Most entries of one export. A larger choice is refused, never cut.</summary>
    public const int MostExported = 100_000;

    /// <summary>Reads a page of an organization's entries, newest first.</summary>
    /// <param name="below">Only entries with a lower number; null for the newest.</param>
    public Task<AuditList> ListAsync(Guid organizationId, AuditFilter filter, long? below, CancellationToken cancellationToken) =>
        ReadAsync(
            filter.Apply(db, OfOrganization(organizationId)).Where(entry => below == null || entry.Number < below)
                .OrderByDescending(entry => entry.Number),
            entry => entry.Number!.Value, cancellationToken);

    /// <summary>Reads a page of all entries of the installation, newest first.</summary>
    /// <param name="organizationId">Only those of an organization; null for all.</param>
    /// <param name="below">Only entries with a lower id; null for the newest.</param>
    public Task<AuditList> ListAllAsync(Guid? organizationId, AuditFilter filter, long? below, CancellationToken cancellationToken) =>
        ReadAsync(
            filter.Apply(db, OfAll(organizationId)).Where(entry => below == null || entry.Id < below).OrderByDescending(entry => entry.Id),
            entry => entry.Id, cancellationToken);

    public async Task<AuditView?> FindAsync(Guid organizationId, long number, CancellationToken cancellationToken) =>
        await ViewAsync(OfOrganization(organizationId).Where(entry => entry.Number == number), cancellationToken) is [var one] ? one : null;

    /// <param name="id">Position among all entries.</param>
    public async Task<AuditView?> FindAsync(long id, CancellationToken cancellationToken) =>
        await ViewAsync(db.AuditEntries.Where(entry => entry.Id == id), cancellationToken) is [var one] ? one : null;

    /// <summary>Returns the entries of an export, oldest first.</summary>
    /// <param name="organizationId">Null for all entries of the installation.</param>
    /// <param name="filter">Null for all.</param>
    public IQueryable<AuditEntry> Export(Guid? organizationId, AuditFilter? filter = null)
    {
        var all = OfAll(organizationId).AsNoTracking();
        return (filter?.Apply(db, all) ?? all).OrderBy(entry => entry.Id);
    }

    /// <summary>Whether an export has more than <see cref="MostExported"/> entries.</summary>
    public static async Task<bool> IsTooLargeAsync(IQueryable<AuditEntry> export, CancellationToken cancellationToken) =>
        await export.Skip(MostExported).AnyAsync(cancellationToken);

    private IQueryable<AuditEntry> OfOrganization(Guid organizationId) =>
        db.AuditEntries.Where(entry => entry.OrganizationId == organizationId);

    private IQueryable<AuditEntry> OfAll(Guid? organizationId) =>
        organizationId is { } one ? OfOrganization(one) : db.AuditEntries;

    private async Task<AuditList> ReadAsync(
        IQueryable<AuditEntry> entries, Func<AuditEntry, long> position, CancellationToken cancellationToken)
    {
        var views = await ViewAsync(entries.Take(PageSize + 1), cancellationToken);
        return views.Count <= PageSize
            ? new AuditList(views, null)
            : new AuditList(views[..PageSize], position(views[PageSize - 1].Entry));
    }

    private async Task<List<AuditView>> ViewAsync(IQueryable<AuditEntry> entries, CancellationToken cancellationToken)
    {
        var found = await entries.AsNoTracking().ToListAsync(cancellationToken);
        Guid[] people =
        [
            .. found.SelectMany(entry => new[] { entry.ActorId, entry.OperatorId, Guid.TryParse(entry.Subject, out var id) ? id : null })
                .OfType<Guid>().Distinct(),
        ];
        var emails = await db.Users.Where(user => people.Contains(user.Id)).ToDictionaryAsync(
            user => user.Id, user => user.Email!, cancellationToken);
        return
        [
            .. found.Select(entry => new AuditView(
                entry, NameOf(entry.ActorId, emails) ?? entry.Via, NameOf(entry.OperatorId, emails),
                Guid.TryParse(entry.Subject, out var id) ? emails.GetValueOrDefault(id, entry.Subject) : entry.Subject)),
        ];
    }

    private static string? NameOf(Guid? userId, Dictionary<Guid, string> emails) =>
        userId is { } id ? emails.GetValueOrDefault(id, $"deleted account {id}") : null;
}

/// <summary>An entry with the names of today.</summary>
/// <param name="Actor">E-mail address of the user, or what was acted through.</param>
/// <param name="Operator">E-mail address of the acting operator; null without one.</param>
/// <param name="Subject">The subject; the e-mail address where it is a user.</param>
public sealed record AuditView(AuditEntry Entry, string Actor, string? Operator, string Subject);

/// <summary>A page of entries.</summary>
/// <param name="Next">Below which position the next page begins; null on the last page.</param>
public sealed record AuditList(IReadOnlyList<AuditView> Entries, long? Next);
