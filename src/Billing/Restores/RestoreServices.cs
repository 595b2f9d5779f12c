using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.Billing.Restores;

/// <summary>Registers the slice.</summary>
internal static class RestoreServices
{
    public static IServiceCollection AddRestores(this IServiceCollection services)
    {
        services.AddSingleton<RestoreWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<RestoreWatch>());
        return services;
    }
}
