using Microsoft.Extensions.DependencyInjection;
using Tollgate.Billing.Jobs;

namespace Tollgate.Billing.Reconciliation;

/// <summary>Registers the slice.</summary>
internal static class ReconciliationServices
{
    public static IServiceCollection AddReconciliation(this IServiceCollection services)
    {
        services.AddSingleton<BookGauges>();
        services.AddHostedService(provider => provider.GetRequiredService<BookGauges>());
        return services.AddScheduledJob<BookReconciliation>("reconciliation of the books", "*/15 * * * *");
    }
}
