using Microsoft.Extensions.Options;

namespace Tollgate.Accounts.SingleSignOn;

/// <summary>Registers sign-in through identity providers of organizations.</summary>
internal static class SingleSignOnSetup
{
    public static void AddSingleSignOn(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<SingleSignOnOptions>, SingleSignOnOptionsValidator>();
        builder.Services.AddOptions<SingleSignOnOptions>().Bind(builder.Configuration.GetSection(SingleSignOnOptions.Section))
            .ValidateOnStart();
        builder.Services.AddSingleton<ProviderHttp>();
        builder.Services.AddSingleton<ProviderDirectory>();
        builder.Services.AddSingleton<DomainProof>();
        builder.Services.AddSingleton<SignInTrips>();
        builder.Services.AddSingleton<IdTokens>();
        builder.Services.AddSingleton<ClientSecrets>();
        builder.Services.AddSingleton<CodeExchange>();
        builder.Services.AddSingleton<ProviderTest>();
        builder.Services.AddScoped<SignInDomains>();
        builder.Services.AddScoped<ProviderRegister>();
        builder.Services.AddScoped<DomainRegister>();
        builder.Services.AddScoped<LinkedIdentities>();
    }
}
