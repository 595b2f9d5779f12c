using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.SecondFactor;

/// <summary>The tables of the second factor.</summary>
internal static class SecondFactorTables
{
    extension(AccountsDb db)
    {
        public DbSet<AuthenticatorApp> AuthenticatorApps => db.Set<AuthenticatorApp>();

        public DbSet<RecoveryCode> RecoveryCodes => db.Set<RecoveryCode>();
    }
}
