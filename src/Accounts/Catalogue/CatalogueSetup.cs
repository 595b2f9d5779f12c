using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.ServiceDefaults.ServiceAuthentication;
using Tollgate.ServiceDefaults.Snapshots;

namespace Tollgate.Accounts.Catalogue;

/// <summary>Registers and maps the catalogue.</summary>
internal static class CatalogueSetup
{
    public static void AddCatalogue(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton(services => new SnapshotPublisher<CatalogueSnapshot>(
            ContractsJson.Default.CatalogueSnapshot, services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<StandIns>().AddSingleton<CatalogueRefresher>();
        builder.Services.AddHostedService(services => services.GetRequiredService<CatalogueRefresher>());
        builder.Services.AddScoped<AliasBook>();
        builder.Services.AddScoped<PlanBook>();
    }

    public static void MapCatalogue(this IEndpointRouteBuilder routes) => routes.MapInternal("/internal", "gateway", "inference")
        .MapSnapshot("/catalogue", routes.ServiceProvider.GetRequiredService<SnapshotPublisher<CatalogueSnapshot>>());
}
