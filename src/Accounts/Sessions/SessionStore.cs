using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Housekeeping;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Sessions;

/// <summary>Stores the sessions of all users without a cache, so an ended session is refused from the next request on.</summary>
internal sealed class SessionStore(AccountsDb db, IOptions<SessionOptions> options, TimeProvider clock) : IExpiringRows
{
    private static readonly TimeSpan SeenEvery = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Kept = TimeSpan.FromDays(90);

    /// <summary>Starts a session with a new ticket. Only the result contains the ticket.</summary>
    /// <param name="user">The user, whose security stamp is stored.</param>
    public async Task<StartedSession> StartAsync(
        User user, bool remember, string source, string browser, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var ticket = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        var session = new Session
        {
            Id = Guid.CreateVersion7(now),
            TicketSha256 = Hash(ticket),
            UserId = user.Id,
            SecurityStamp = user.SecurityStamp!,
            Remembered = remember,
            Source = source,
            Browser = browser.Length > 200 ? browser[..200] : browser,
            CreatedAt = now,
            LastSeenAt = now,
            IdleEndsAt = now + IdleOf(remember),
            EndsAt = now + options.Value.Lifetime,
        };
        db.Sessions.Add(session);
        await db.SaveChangesAsync(cancellationToken);
        return new StartedSession(ticket, session.EndsAt);
    }

    /// <summary>Finds the session of a ticket and records its use. Returns null when it has ended.</summary>
    public async Task<ActiveSession?> FindAsync(string ticket, CancellationToken cancellationToken)
    {
        var (hash, now) = (Hash(ticket), clock.GetUtcNow());
        var found = await (
            from session in Active(now)
            where session.TicketSha256 == hash
            join user in db.Users on session.UserId equals user.Id
            select new
            {
                session.Id, session.UserId, user.Email, user.IsOperator, session.Remembered, session.LastSeenAt,
                session.OrganizationId, session.ProjectId,
            })
            .AsNoTracking().SingleOrDefaultAsync(cancellationToken);
        if (found is null)
        {
            return null;
        }

        if (now - found.LastSeenAt > SeenEvery)
        {
            var idleEnds = now + IdleOf(found.Remembered);
            await db.Sessions.Where(s => s.Id == found.Id).ExecuteUpdateAsync(
                set => set.SetProperty(s => s.LastSeenAt, now).SetProperty(s => s.IdleEndsAt, idleEnds), cancellationToken);
        }

        return new ActiveSession(found.Id, found.UserId, found.Email!, found.IsOperator, found.OrganizationId, found.ProjectId);
    }

    /// <summary>Selects an organization and a project for a session of the user. The caller has checked the membership.</summary>
    /// <param name="projectId">Null for the organization's default project.</param>
    public Task SelectAsync(
        Guid userId, Guid sessionId, Guid organizationId, Guid? projectId, CancellationToken cancellationToken) =>
        db.Sessions.Where(s => s.UserId == userId && s.Id == sessionId).ExecuteUpdateAsync(
            set => set.SetProperty(s => s.OrganizationId, organizationId).SetProperty(s => s.ProjectId, projectId), cancellationToken);

    /// <summary>Lists a user's active sessions, newest first.</summary>
    public Task<List<Session>> ListAsync(Guid userId, CancellationToken cancellationToken) =>
        Active(clock.GetUtcNow()).Where(s => s.UserId == userId).OrderByDescending(s => s.CreatedAt).AsNoTracking()
            .ToListAsync(cancellationToken);

    /// <summary>Ends one session of a user. Idempotent.</summary>
    public Task EndAsync(Guid userId, Guid sessionId, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return db.Sessions.Where(s => s.UserId == userId && s.Id == sessionId && s.EndedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(s => s.EndedAt, now), cancellationToken);
    }

    /// <summary>Ends all sessions of a user.</summary>
    public Task EndAllAsync(Guid userId, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return db.Sessions.Where(s => s.UserId == userId && s.EndedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(s => s.EndedAt, now), cancellationToken);
    }

    /// <summary>Deletes ended sessions that are too old to count as a known source.</summary>
    public Task DropExpiredAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var old = now - Kept;
        return db.Sessions.Where(s => s.CreatedAt < old && s.EndsAt < now).ExecuteDeleteAsync(cancellationToken);
    }

    private IQueryable<Session> Active(DateTimeOffset now) =>
        from session in db.Sessions
        join user in db.Users on session.UserId equals user.Id
        where session.EndedAt == null && session.EndsAt > now && session.IdleEndsAt > now && session.SecurityStamp == user.SecurityStamp
        select session;

    private TimeSpan IdleOf(bool remembered) => remembered ? options.Value.RememberedIdle : options.Value.Idle;

    private static byte[] Hash(string ticket) => SHA256.HashData(Encoding.UTF8.GetBytes(ticket));
}

/// <summary>A new session.</summary>
/// <param name="Ticket">Content of the browser's cookie.</param>
/// <param name="EndsAt">When it ends at the latest.</param>
internal sealed record StartedSession(string Ticket, DateTimeOffset EndsAt);

/// <summary>An active session.</summary>
/// <param name="OrganizationId">What the user has selected; null before a choice. So is <paramref name="ProjectId"/>.</param>
internal sealed record ActiveSession(Guid Id, Guid UserId, string Email, bool IsOperator, Guid? OrganizationId, Guid? ProjectId);
