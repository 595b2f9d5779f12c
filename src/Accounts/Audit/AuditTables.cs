using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.Audit;

/// <summary>The tables of the audit.</summary>
internal static class AuditTables
{
    extension(AccountsDb db)
    {
        public DbSet<AuditEntry> AuditEntries => db.Set<AuditEntry>();

        public DbSet<AuditHead> AuditHeads => db.Set<AuditHead>();

        public DbSet<AuditSeal> AuditSeals => db.Set<AuditSeal>();
    }
}
