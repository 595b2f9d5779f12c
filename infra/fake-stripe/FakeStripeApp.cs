using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.FakeStripe.Api;
using Tollgate.FakeStripe.Checkout;
using Tollgate.FakeStripe.Customers;
using Tollgate.FakeStripe.Events;
using Tollgate.FakeStripe.State;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.FakeStripe;

/// <summary>
/// Composition root of the stateful stand-in for Stripe: enough of the API, of Checkout and of webhooks to sign up, pay and see the
/// money, without an account and without a network.
/// </summary>
public static class FakeStripeApp
{
    /// <summary>Builds it without starting it.</summary>
    /// <exception cref="InvalidOperationException">It would be reachable from other machines, and no setting allows that.</exception>
    public static WebApplication Create(string[] args)
    {
        var builder = PlatformHost.CreateBuilder(args, typeof(FakeStripeApp).Assembly);
        builder.AddHostDefaults();
        builder.Services.AddSingleton<IValidateOptions<FakeStripeOptions>, FakeStripeOptionsValidator>();
        builder.Services.AddOptions<FakeStripeOptions>().BindConfiguration(FakeStripeOptions.Section).ValidateOnStart();
        builder.Services.AddHttpClient("webhook");
        builder.Services.AddSingleton<StripeState>();
        builder.Services.AddSingleton<EventLog>();
        builder.Services.AddSingleton<CustomerObjects>();
        builder.Services.AddSingleton<PaymentIntents>();
        builder.Services.AddSingleton<CheckoutSessions>();
        builder.Services.AddSingleton<Payments>();
        builder.Services.AddSingleton<WebhookSender>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<WebhookSender>());

        var app = builder.Build();
        RefuseStrangers(app);
        app.MapHealth();
        app.MapStripeApi();
        app.MapCheckoutPages();
        return app;
    }

    private static void RefuseStrangers(WebApplication app)
    {
        var options = app.Services.GetRequiredService<IOptions<FakeStripeOptions>>().Value;
        if (!options.AllowPublic && app.Configuration["Listen:Public"] is { Length: > 0 } url
            && !(Uri.TryCreate(url, UriKind.Absolute, out var address)
                && (address.Host == "localhost" || (IPAddress.TryParse(address.Host, out var ip) && IPAddress.IsLoopback(ip)))))
        {
            throw new InvalidOperationException("The fake Stripe listens beyond loopback only with FakeStripe:AllowPublic=true.");
        }
    }
}
