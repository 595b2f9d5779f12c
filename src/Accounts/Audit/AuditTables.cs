using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.Audit;

/// <summary>The table of the audit.</summary>
internal static class AuditTables
{
    extension(AccountsDb db)
    {
        public DbSet<AuditEntry> AuditEntries => db.Set<AuditEntry>();
    }
}
