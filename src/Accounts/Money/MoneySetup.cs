using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Accounts.Money;

/// <summary>Registers what the portal needs of Billing.</summary>
internal static class MoneySetup
{
    public static void AddMoney(this WebApplicationBuilder builder)
    {
        builder.Services.AddMemoryCache(cache => cache.SizeLimit = 20_000);
        builder.Services.AddInternalClient(BillingClient.Name, builder.Configuration)
            // Longer than that, a page is better without the figure.
            .ConfigureHttpClient(client => client.Timeout = TimeSpan.FromSeconds(5));
        builder.Services.AddSingleton<BillingClient>();
    }
}
