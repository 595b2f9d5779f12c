using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tollgate.Accounts.Passwords;

namespace Tollgate.Accounts.Users;

/// <summary>Registers users and the database behind them.</summary>
internal static class UserSetup
{
    public static void AddAccountsDb(this WebApplicationBuilder builder) => builder.Services.AddDbContext<AccountsDb>(
        (services, options) => options.UseNpgsql(services.GetRequiredService<NpgsqlDataSource>()));

    public static void AddUsers(this WebApplicationBuilder builder)
    {
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddIdentityCore<User>(ConfigureIdentity)
            .AddEntityFrameworkStores<AccountsDb>()
            .AddDefaultTokenProviders()
            .AddPasswordValidator<PasswordRules>();
        builder.Services.Configure<PasswordHasherOptions>(hasher => hasher.IterationCount = PasswordRules.Iterations);
        builder.Services.Configure<DataProtectionTokenProviderOptions>(tokens => tokens.TokenLifespan = Registration.LinkLifetime);
        builder.Services.AddScoped<Letters>();
        builder.Services.AddScoped<Registration>();
        builder.Services.AddScoped<PasswordRecovery>();
        builder.Services.AddScoped<PasswordSignIn>();
        builder.Services.AddScoped<SignUpCookie>();
        builder.Services.AddScoped<OperatorBootstrap>();
    }

    private static void ConfigureIdentity(IdentityOptions identity)
    {
        identity.User.RequireUniqueEmail = true;
        identity.User.AllowedUserNameCharacters = ""; // The user name is an e-mail address; those have their own check.
        identity.Password.RequiredLength = PasswordRules.Length;
        identity.Password.RequiredUniqueChars = 4;
        identity.Password.RequireDigit = false;
        identity.Password.RequireLowercase = false;
        identity.Password.RequireUppercase = false;
        identity.Password.RequireNonAlphanumeric = false;
        identity.Lockout.AllowedForNewUsers = false; // A lock by account would lock its owner out: CredentialLimiter counts by source.
        identity.Stores.SchemaVersion = IdentitySchemaVersions.Version2;
    }
}
