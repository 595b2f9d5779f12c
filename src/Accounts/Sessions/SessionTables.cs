using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.Sessions;

/// <summary>The table of sessions.</summary>
internal static class SessionTables
{
    extension(AccountsDb db)
    {
        public DbSet<Session> Sessions => db.Set<Session>();
    }
}
