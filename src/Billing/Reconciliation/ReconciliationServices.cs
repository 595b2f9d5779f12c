using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.Billing.Reconciliation;

/// <summary>Registers the slice.</summary>
internal static class ReconciliationServices
{
    public static IServiceCollection AddReconciliation(this IServiceCollection services)
    {
        services.AddSingleton<BookReconciliation>();
        services.AddHostedService(provider => provider.GetRequiredService<BookReconciliation>());
        return services;
    }
}
