using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Tollgate.Learning.Housekeeping;

/// <summary>Registers the housekeeping.</summary>
internal static class HousekeepingSlice
{
    public static IServiceCollection AddHousekeeping(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<HousekeepingOptions>, HousekeepingOptionsValidator>();
        services.AddOptions<HousekeepingOptions>().BindConfiguration(HousekeepingOptions.Section).ValidateOnStart();
        services.AddSingleton<HousekeepingParts>();
        services.AddSingleton<FileHousekeeping>();
        services.AddHostedService(provider => provider.GetRequiredService<FileHousekeeping>());
        services.AddSingleton<ResponseHousekeeping>();
        services.AddHostedService(provider => provider.GetRequiredService<ResponseHousekeeping>());
        services.AddSingleton<StoreSweep>();
        services.AddHostedService(provider => provider.GetRequiredService<StoreSweep>());
        return services;
    }
}
