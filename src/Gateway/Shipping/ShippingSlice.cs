using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.Gateway.Shipping;

/// <summary>Registers the shipping of usage. Needs the journal and the till, whose client of Billing it shares.</summary>
internal static class ShippingSlice
{
    public static WebApplicationBuilder AddShipping(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<BillingIngest>();
        builder.Services.AddSingleton<Shipper>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<Shipper>());
        return builder;
    }
}
