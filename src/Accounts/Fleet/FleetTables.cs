using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.Fleet;

/// <summary>The table of workers.</summary>
internal static class FleetTables
{
    extension(AccountsDb db)
    {
        public DbSet<WorkerEntry> Workers => db.Set<WorkerEntry>();
    }
}
