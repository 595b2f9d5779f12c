using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;
using Tollgate.ServiceDefaults.ServiceAuthentication;
using Tollgate.ServiceDefaults.Snapshots;

namespace Tollgate.Accounts.Fleet;

/// <summary>Registers the directory of workers and the client for the gateway.</summary>
internal static class FleetSetup
{
    public static void AddFleet(this WebApplicationBuilder builder)
    {
        builder.Services.AddInternalClient(GatewayClient.Name, builder.Configuration)
            .ConfigureHttpClient(client => client.Timeout = TimeSpan.FromSeconds(2));
        builder.Services.AddSingleton<GatewayClient>();
        builder.Services.AddSingleton(services => new SnapshotPublisher<WorkerDirectory>(
            ContractsJson.Default.WorkerDirectory, services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<DirectoryRefresher>();
        builder.Services.AddHostedService(services => services.GetRequiredService<DirectoryRefresher>());
        builder.Services.AddScoped<WorkerRegister>();
        builder.Services.AddScoped<FleetView>();
    }
}
