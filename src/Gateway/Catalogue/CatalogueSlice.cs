using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Tollgate.Gateway.Catalogue;

/// <summary>Registers aliases, prices, deployments and the directory made of them.</summary>
internal static class CatalogueSlice
{
    /// <summary>
    /// Readiness waits for the first copy of both snapshots; a missing worker does not make a gateway unready, it refuses request by
    /// request. Nothing waits for deployments, which are followed only with <c>Services:learning</c>. Shares the clients of Accounts,
    /// Billing and Learning with authentication, the till and the relay.
    /// </summary>
    public static WebApplicationBuilder AddCatalogue(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<CatalogueOptions>, CatalogueOptionsValidator>();
        builder.Services.AddOptions<CatalogueOptions>().Bind(builder.Configuration.GetSection(CatalogueOptions.Section)).ValidateOnStart();
        builder.Services.AddSingleton<AliasCatalogue>().AddHostedService(services => services.GetRequiredService<AliasCatalogue>());
        builder.Services.AddSingleton<PriceCatalogue>().AddHostedService(services => services.GetRequiredService<PriceCatalogue>());
        builder.Services.AddSingleton<DirectoryFollower>().AddHostedService(services => services.GetRequiredService<DirectoryFollower>());
        builder.Services.AddSingleton<DeploymentCatalogue>();
        if (builder.Configuration["Services:learning"] is { Length: > 0 })
        {
            builder.Services.AddHostedService(services => services.GetRequiredService<DeploymentCatalogue>());
        }

        builder.Services.AddSingleton<VersionChoice>();
        builder.Services.AddSingleton<ModelDirectory>();
        builder.Services.AddHealthChecks().AddCheck<SnapshotsPresent>("snapshots", tags: ["ready"]);
        return builder;
    }

    private sealed class SnapshotsPresent(AliasCatalogue aliases, PriceCatalogue prices) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(aliases.Current is not null && prices.Current is not null
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy("Aliases or prices have not arrived yet."));
    }
}
