using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.FakeStripe.Api;
using Tollgate.FakeStripe.Checkout;
using Tollgate.FakeStripe.Customers;
using Tollgate.FakeStripe.Events;
using Tollgate.FakeStripe.State;
using Tollgate.ServiceDefaults;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.FakeStripe;

/// <summary>
/// Composition root of the stateful fake Stripe. Implements enough of the API, Checkout and webhooks to sign up, pay and see the money,
/// without an account and without a network.
/// </summary>
public static class FakeStripeApp
{
    /// <summary>Builds the app without starting it.</summary>
    /// <exception cref="InvalidOperationException">Other machines could reach the public listener, which is never allowed.</exception>
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
        if (app.Configuration["Listen:Public"] is { Length: > 0 } url && !Loopback.IsUrl(url))
        {
            throw new InvalidOperationException(
                "Listen:Public: the stand-in for Stripe listens on loopback alone, because its payments are free.");
        }
    }
}
