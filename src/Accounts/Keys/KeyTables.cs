using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.Keys;

/// <summary>The tables of keys and their use.</summary>
internal static class KeyTables
{
    extension(AccountsDb db)
    {
        public DbSet<ApiKey> ApiKeys => db.Set<ApiKey>();

        public DbSet<ServiceAccount> ServiceAccounts => db.Set<ServiceAccount>();

        public DbSet<KeyRotation> KeyRotations => db.Set<KeyRotation>();

        public DbSet<KeyLastUse> KeyLastUses => db.Set<KeyLastUse>();
    }
}
