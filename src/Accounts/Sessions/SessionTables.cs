using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.Sessions;

/// <summary>The table of sessions.</summary>
internal static class SessionTables
{
    extension(AccountsDb db)
    {
        public DbSet<Session> Sessions => db.Set<Session>();

        /// <summary>Keeps one session through a change of the user's stamp, which ends the others. In the caller's transaction.</summary>
        public Task KeepSessionAsync(Guid userId, Guid sessionId, string securityStamp, CancellationToken cancellationToken) =>
            db.Set<Session>().Where(s => s.UserId == userId && s.Id == sessionId && s.EndedAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(s => s.SecurityStamp, securityStamp), cancellationToken);
    }
}
