namespace Tollgate.Accounts.Organizations;

/// <summary>Registers organizations.</summary>
internal static class OrganizationSetup
{
    public static void AddOrganizations(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<OrganizationFounding>();
        builder.Services.AddScoped<Suspension>();
        builder.Services.AddScoped<Admin.OrganizationDirectory>();
        builder.Services.AddScoped<Workspace>();
    }
}
