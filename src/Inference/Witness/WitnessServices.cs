using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Tollgate.Inference.Witness;

/// <summary>Registers the worker's own log.</summary>
internal static class WitnessServices
{
    public static void AddWitness(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<WitnessOptions>, WitnessOptionsValidator>();
        services.AddOptions<WitnessOptions>().BindConfiguration(WitnessOptions.Section).ValidateOnStart();
        services.AddSingleton<WitnessLog>().AddSingleton<LogReader>();
    }
}
