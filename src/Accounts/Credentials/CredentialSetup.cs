using Microsoft.AspNetCore.Identity;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Outbox;
using Tollgate.Accounts.Passwords;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Credentials;

/// <summary>Registers sign-up, sign-in and password recovery.</summary>
internal static class CredentialSetup
{
    public static void AddCredentials(this WebApplicationBuilder builder)
    {
        builder.Services.AddIdentityCore<User>(ConfigureIdentity)
            .AddEntityFrameworkStores<AccountsDb>()
            .AddDefaultTokenProviders()
            .AddPasswordValidator<PasswordRules>();
        builder.Services.Configure<PasswordHasherOptions>(hasher => hasher.IterationCount = PasswordRules.Iterations);
        builder.Services.Configure<DataProtectionTokenProviderOptions>(tokens => tokens.TokenLifespan = Registration.LinkLifetime);
        builder.Services.AddScoped<Letters>();
        builder.Services.AddScoped<Registration>();
        builder.Services.AddOutboxReceiver<Registration>(OutboxKind.SignUp);
        builder.Services.AddScoped<PasswordRecovery>();
        builder.Services.AddOutboxReceiver<PasswordRecovery>(OutboxKind.PasswordReset);
        builder.Services.AddScoped<PasswordSignIn>();
        builder.Services.AddScoped<SignUpCookie>();
    }

    private static void ConfigureIdentity(IdentityOptions identity)
    {
        identity.User.RequireUniqueEmail = true;
        identity.User.AllowedUserNameCharacters = ""; // User names are e-mail addresses, which have their own check.
        identity.Password.RequiredLength = PasswordRules.Length;
        identity.Password.RequiredUniqueChars = 4;
        identity.Password.RequireDigit = false;
        identity.Password.RequireLowercase = false;
        identity.Password.RequireUppercase = false;
        identity.Password.RequireNonAlphanumeric = false;
        identity.Lockout.AllowedForNewUsers = false; // A lock per account hurts its owner; CredentialLimiter counts by source.
        identity.Stores.SchemaVersion = IdentitySchemaVersions.Version2;
    }
}
