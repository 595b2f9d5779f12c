using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.SingleSignOn;

/// <summary>The tables of single sign-on.</summary>
internal static class SingleSignOnTables
{
    extension(AccountsDb db)
    {
        public DbSet<IdentityProvider> IdentityProviders => db.Set<IdentityProvider>();

        public DbSet<CapturedDomain> CapturedDomains => db.Set<CapturedDomain>();

        public DbSet<LinkedIdentity> LinkedIdentities => db.Set<LinkedIdentity>();
    }
}
