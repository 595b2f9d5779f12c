using System.Text;
using Microsoft.AspNetCore.DataProtection.EntityFrameworkCore;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Users;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Accounts.Database;

/// <summary>
/// The schema <c>accounts</c>. Each slice maps its entities and adds its tables as extensions. Only Identity's and Data Protection's
/// tables are named here, because those libraries require it. The files under <c>Migrations</c> create the tables; a test compares this
/// model with them.
/// </summary>
internal sealed class AccountsDb(DbContextOptions<AccountsDb> options) : IdentityUserContext<User, Guid>(options), IDataProtectionKeyContext
{
    private bool _savesForAll;

    public DbSet<DataProtectionKey> DataProtectionKeys => Set<DataProtectionKey>();

    /// <summary>Whose rows the context reads and writes. Nobody's at first: the session's organization, or work of the service itself, sets
    /// it.</summary>
    public OrganizationScope Scope { get; set; }

    /// <summary>The scope of the open connection; null when it is unknown. Only <see cref="ScopeInterceptor"/> uses it.</summary>
    internal OrganizationScope? AppliedScope { get; set; }

    /// <summary>
    /// Reads and writes everybody's rows until the result is disposed, for work that no single organization asks for. Await the queries
    /// before that.
    /// </summary>
    public ScopeEnd ForAll()
    {
        var end = new ScopeEnd(this, Scope);
        Scope = OrganizationScope.All;
        return end;
    }

    /// <summary>Lets the next save write rows of everybody: what happens to an account is told to each of its organizations.</summary>
    public void SaveForAll() => _savesForAll = true;

    public override async Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default)
    {
        var before = Scope;
        if (_savesForAll)
        {
            (Scope, _savesForAll) = (OrganizationScope.All, false);
        }

        try
        {
            return await base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
        }
        finally
        {
            Scope = before;
        }
    }

    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);
        builder.HasDefaultSchema("accounts");
        builder.Entity<User>().ToTable("users");
        builder.Entity<IdentityUserClaim<Guid>>().ToTable("user_claims");
        builder.Entity<IdentityUserLogin<Guid>>().ToTable("user_logins");
        builder.Entity<IdentityUserToken<Guid>>().ToTable("user_tokens");
        builder.Entity<IdentityUserPasskey<Guid>>(passkey =>
        {
            passkey.ToTable("user_passkeys");
            passkey.OwnsOne(one => one.Data).ToJson("data");
        });
        builder.Entity<DataProtectionKey>().ToTable("data_protection_keys");
        builder.ApplyConfigurationsFromAssembly(typeof(AccountsDb).Assembly);
        foreach (var property in builder.Model.GetEntityTypes().Where(entity => !entity.IsMappedToJson())
            .SelectMany(entity => entity.GetProperties()))
        {
            property.SetColumnName(SnakeCase(property.Name));
        }
    }

    private static string SnakeCase(string name)
    {
        var text = new StringBuilder(name.Length + 8);
        foreach (var character in name)
        {
            if (char.IsAsciiLetterUpper(character) && text.Length > 0)
            {
                text.Append('_');
            }

            text.Append(char.ToLowerInvariant(character));
        }

        return text.ToString();
    }
}

/// <summary>Gives a context its scope of before.</summary>
internal readonly struct ScopeEnd(AccountsDb db, OrganizationScope before) : IDisposable
{
    public void Dispose() => db.Scope = before;
}
