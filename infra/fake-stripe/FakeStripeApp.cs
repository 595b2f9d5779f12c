using Microsoft.AspNetCore.Builder;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.FakeStripe;

/// <summary>Composition root of the stateful stand-in for Stripe.</summary>
public static class FakeStripeApp
{
    /// <summary>Builds it without starting it.</summary>
    public static WebApplication Create(string[] args)
    {
        var builder = PlatformHost.CreateBuilder(args, typeof(FakeStripeApp).Assembly);
        builder.AddServiceDefaults();

        var app = builder.Build();
        app.MapServiceDefaults();
        return app;
    }
}
