using Microsoft.Extensions.Options;

namespace Tollgate.Accounts.Portal;

/// <summary>Registers the portal's settings and address.</summary>
internal static class PortalSetup
{
    public static void AddPortal(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<PortalOptions>, PortalOptionsValidator>();
        builder.Services.AddOptions<PortalOptions>().Bind(builder.Configuration.GetSection(PortalOptions.Section)).ValidateOnStart();
        builder.Services.AddSingleton<PortalAddress>();
    }
}
