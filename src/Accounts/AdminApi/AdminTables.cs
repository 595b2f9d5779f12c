using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.AdminApi;

/// <summary>The tables of the admin API.</summary>
internal static class AdminTables
{
    extension(AccountsDb db)
    {
        public DbSet<AdminKey> AdminKeys => db.Set<AdminKey>();

        public DbSet<AdminRequest> AdminRequests => db.Set<AdminRequest>();

        public DbSet<SpendAlert> SpendAlerts => db.Set<SpendAlert>();
    }
}
