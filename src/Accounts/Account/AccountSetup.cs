namespace Tollgate.Accounts.Account;

/// <summary>Registers the account page.</summary>
internal static class AccountSetup
{
    public static void AddAccount(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<Reauthentication>();
        builder.Services.AddScoped<PasswordChange>();
        builder.Services.AddScoped<OwnPasskeys>();
        builder.Services.AddScoped<AddressLinks>();
        builder.Services.AddScoped<EmailChanges>();
    }
}
