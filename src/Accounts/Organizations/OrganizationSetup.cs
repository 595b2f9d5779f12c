using Microsoft.Extensions.Options;

namespace Tollgate.Accounts.Organizations;

/// <summary>Registers organizations.</summary>
internal static class OrganizationSetup
{
    public static void AddOrganizations(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<OrganizationOptions>, OrganizationOptionsValidator>();
        builder.Services.AddOptions<OrganizationOptions>().Bind(builder.Configuration.GetSection(OrganizationOptions.Section))
            .ValidateOnStart();
        builder.Services.AddScoped<OrganizationFounding>();
        builder.Services.AddScoped<PolicyRegister>();
        builder.Services.AddScoped<Admin.OrganizationDirectory>();
        builder.Services.AddScoped<Workspace>();
    }
}
