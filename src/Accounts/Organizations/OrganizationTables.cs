using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.Organizations;

/// <summary>The tables of organizations.</summary>
internal static class OrganizationTables
{
    extension(AccountsDb db)
    {
        public DbSet<Organization> Organizations => db.Set<Organization>();

        public DbSet<OrganizationRules> OrganizationRules => db.Set<OrganizationRules>();

        public DbSet<Membership> Memberships => db.Set<Membership>();

        public DbSet<CustomRole> CustomRoles => db.Set<CustomRole>();

        public DbSet<Project> Projects => db.Set<Project>();
    }
}
