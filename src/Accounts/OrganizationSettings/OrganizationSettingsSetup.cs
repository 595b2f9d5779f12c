namespace Tollgate.Accounts.OrganizationSettings;

/// <summary>Registers the settings of organizations.</summary>
internal static class OrganizationSettingsSetup
{
    public static void AddOrganizationSettings(this WebApplicationBuilder builder) => builder.Services.AddScoped<OrganizationDesk>();
}
