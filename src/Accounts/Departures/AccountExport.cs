using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Sessions;

namespace Tollgate.Accounts.Departures;

/// <summary>Writes what the platform knows of one person: nothing of others, and no secret.</summary>
internal sealed class AccountExport(AccountsDb db, TimeProvider clock)
{
    /// <param name="output">Receives a ZIP of JSON files.</param>
    public async Task WriteAsync(Guid userId, Stream output, CancellationToken cancellationToken)
    {
        using var all = db.ForAll(); // What a person did in any organization.
        await using var archive = await ExportArchive.CreateAsync(output, cancellationToken);
        await archive.AddJsonAsync(
            "profile.json",
            await db.Users.Where(user => user.Id == userId).Select(user => new
            {
                user.Id, user.Email, user.EmailConfirmed, user.TwoFactorEnabled, user.TimeZone, user.CreatedAt, user.LeavesAt,
                ExportedAt = clock.GetUtcNow(),
            }).SingleAsync(cancellationToken),
            cancellationToken);
        await archive.AddRowsAsync(
            "memberships.json",
            (from member in db.Memberships
             where member.UserId == userId
             join organization in db.Organizations on member.OrganizationId equals organization.Id
             orderby member.JoinedAt
             select new { OrganizationId = organization.Id, organization.Name, member.Role, member.JoinedAt }).AsAsyncEnumerable(),
            cancellationToken);
        await archive.AddRowsAsync(
            "sessions.json",
            db.Sessions.Where(session => session.UserId == userId).OrderBy(session => session.CreatedAt).Select(session => new
            {
                session.Id, session.Source, session.Browser, session.CreatedAt, session.LastSeenAt, session.EndsAt, session.EndedAt,
            }).AsAsyncEnumerable(),
            cancellationToken);
        await archive.AddRowsAsync(
            "audit.json",
            db.AuditEntries.Where(entry => entry.ActorId == userId).OrderBy(entry => entry.Id).Select(entry => new
            {
                entry.At, entry.OrganizationId, entry.Action, entry.Subject, entry.Via, entry.Address, entry.Browser,
            }).AsAsyncEnumerable(),
            cancellationToken);
        await archive.AddRowsAsync(
            "keys.json",
            db.ApiKeys.Where(key => key.CreatedBy == userId).OrderBy(key => key.CreatedAt).Select(key => new
            {
                key.Id, key.OrganizationId, key.ProjectId, key.PublicId, key.Name, key.State, key.Scopes, key.ModelsAllowed,
                key.ModelsDenied, key.Networks, key.ExpiresAt, key.CreatedAt, key.RevokedAt,
            }).AsAsyncEnumerable(),
            cancellationToken);
    }
}
