using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.Canaries;

/// <summary>The tables of canaries and measures.</summary>
internal static class CanaryTables
{
    extension(AccountsDb db)
    {
        public DbSet<Canary> Canaries => db.Set<Canary>();

        public DbSet<MeasuredVersion> MeasuredVersions => db.Set<MeasuredVersion>();
    }
}
