using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Gateway.Journal;
using Tollgate.Gateway.Telemetry;

namespace Tollgate.Gateway.Shipping;

/// <summary>Registers the shipping of usage. Needs the journal and the till, whose client of Billing it shares.</summary>
internal static class ShippingSlice
{
    public static WebApplicationBuilder AddShipping(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<BillingIngest>();
        builder.Services.AddTransient<DatabaseEcho>();
        builder.Services.AddHttpClient("billing").AddHttpMessageHandler<DatabaseEcho>();
        builder.Services.AddSingleton<ForgottenHolds>();
        builder.Services.AddSingleton<TillOrders>();
        builder.Services.AddSingleton<Shipper>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<Shipper>());
        return builder;
    }

    /// <summary>Shows in metrics what Billing has not yet acknowledged.</summary>
    public static void MeasureJournal(this WebApplication app)
    {
        var journal = app.Services.GetRequiredService<JournalFile>();
        var shipper = app.Services.GetRequiredService<Shipper>();
        var clock = app.Services.GetRequiredService<TimeProvider>();
        app.Services.GetRequiredService<GatewayMetrics>().ObserveJournal(
            () => journal.UnshippedBytes, () => shipper.OldestUnshipped is { } oldest ? clock.GetUtcNow() - oldest : TimeSpan.Zero);
    }
}
