using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Generation;

/// <summary>Registers how models share the worker.</summary>
internal static class GenerationServices
{
    public static void AddGeneration(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<GenerationOptions>, GenerationOptionsValidator>();
        services.AddOptions<GenerationOptions>().BindConfiguration(GenerationOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<QueueOptions>, QueueOptionsValidator>();
        services.AddOptions<QueueOptions>().BindConfiguration(QueueOptions.Section).ValidateOnStart();
        services.AddSingleton<QuietOrganizations>();
    }
}
