using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Inference.Residency;

/// <summary>Registers the repository and the models that are in memory.</summary>
internal static class ResidencyServices
{
    /// <summary>Follows plans only with <c>Services:accounts</c>.</summary>
    public static void AddResidency(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddModelStore();
        services.AddSingleton<VersionGroups>().AddSingleton<ServedGroup>();
        services.AddSingleton<ModelLoader>().AddSingleton<ServedParts>().AddSingleton<VersionTable>().AddSingleton<ModelLoads>();
        if (builder.Configuration["Services:accounts"] is { Length: > 0 })
        {
            services.AddInternalClient(ModelPlans.Client, builder.Configuration)
                .ConfigureHttpClient(client => client.Timeout = TimeSpan.FromMinutes(1)); // A long-poll waits 25 s.
            services.AddSingleton<ModelPlans>().AddHostedService(provider => provider.GetRequiredService<ModelPlans>());
            services.AddSingleton<IModelPlans>(provider => provider.GetRequiredService<ModelPlans>());
        }
        else
        {
            services.AddSingleton<IModelPlans, NoPlans>();
        }

        services.AddServedModels<ServedModels>();
    }

    /// <summary>Registers the repository.</summary>
    public static void AddModelStore(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<ModelsOptions>, ModelsOptionsValidator>();
        services.AddOptions<ModelsOptions>().BindConfiguration(ModelsOptions.Section).ValidateOnStart();
        services.AddSingleton(provider => new ModelStore(provider.GetRequiredService<IOptions<ModelsOptions>>().Value.Directory));
    }

    /// <summary>Registers what follows the repository, and shows it to status and requests.</summary>
    public static void AddServedModels<TModels>(this IServiceCollection services)
        where TModels : class, IServedModels, IHostedService => services
            .AddSingleton<TModels>()
            .AddSingleton<IServedModels>(provider => provider.GetRequiredService<TModels>())
            .AddHostedService(provider => provider.GetRequiredService<TModels>());
}
