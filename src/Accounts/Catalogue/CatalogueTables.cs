using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.Catalogue;

/// <summary>The tables of the catalogue.</summary>
internal static class CatalogueTables
{
    extension(AccountsDb db)
    {
        public DbSet<ModelAlias> Aliases => db.Set<ModelAlias>();

        public DbSet<HiddenModel> HiddenModels => db.Set<HiddenModel>();

        public DbSet<ModelPlanEntry> ModelPlans => db.Set<ModelPlanEntry>();
    }
}
