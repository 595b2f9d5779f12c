using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.Invitations;

/// <summary>The table of invitations.</summary>
internal static class InvitationTables
{
    extension(AccountsDb db)
    {
        public DbSet<Invitation> Invitations => db.Set<Invitation>();

        /// <summary>Invitations that are neither accepted nor revoked. They may have expired.</summary>
        public IQueryable<Invitation> OpenInvitations =>
            db.Set<Invitation>().Where(one => one.AcceptedAt == null && one.RevokedAt == null);
    }
}
