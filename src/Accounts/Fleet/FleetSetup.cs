using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Accounts.Fleet;

/// <summary>Registers what the portal needs of the gateway.</summary>
internal static class FleetSetup
{
    public static void AddFleet(this WebApplicationBuilder builder)
    {
        builder.Services.AddInternalClient(GatewayClient.Name, builder.Configuration)
            .ConfigureHttpClient(client => client.Timeout = TimeSpan.FromSeconds(2));
        builder.Services.AddSingleton<GatewayClient>();
    }
}
