using Tollgate.Accounts.Outbox;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Accounts.Money;

/// <summary>Registers the client for Billing and the receiver that opens wallets.</summary>
internal static class MoneySetup
{
    public static void AddMoney(this WebApplicationBuilder builder)
    {
        builder.Services.AddMemoryCache(cache => cache.SizeLimit = 20_000);
        builder.Services.AddInternalClient(BillingClient.Name, builder.Configuration)
            // After this time, a page without the figure is better than a longer wait.
            .ConfigureHttpClient(client => client.Timeout = TimeSpan.FromSeconds(5))
            // One connection serves all users: a cookie of one would be sent for the next.
            .UseSocketsHttpHandler((handler, _) => handler.UseCookies = false);
        builder.Services.AddSingleton<BillingClient>();
        builder.Services.AddScoped<WalletOpeningReceiver>();
        builder.Services.AddOutboxReceiver<WalletOpeningReceiver>(OutboxKind.Wallet);
    }
}
