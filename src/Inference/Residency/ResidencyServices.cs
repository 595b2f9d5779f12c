using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Residency;

/// <summary>Registers the repository and the models that are in memory.</summary>
internal static class ResidencyServices
{
    public static void AddResidency(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<ModelsOptions>, ModelsOptionsValidator>();
        services.AddOptions<ModelsOptions>().BindConfiguration(ModelsOptions.Section).ValidateOnStart();
        services.AddSingleton(provider => new ModelStore(provider.GetRequiredService<IOptions<ModelsOptions>>().Value.Directory));
        services.AddSingleton<ModelLoader>();
        services.AddSingleton<ServedModels>().AddHostedService(provider => provider.GetRequiredService<ServedModels>());
    }
}
