using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Tollgate.Accounts.Database;

/// <summary>Registers the database.</summary>
internal static class DatabaseSetup
{
    public static void AddAccountsDb(this WebApplicationBuilder builder) => builder.Services.AddDbContext<AccountsDb>(
        (services, options) => options.UseNpgsql(services.GetRequiredService<NpgsqlDataSource>()).AddInterceptors(Scopes));

    private static readonly ScopeInterceptor Scopes = new();
}
