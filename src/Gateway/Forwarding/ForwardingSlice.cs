using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Tollgate.Gateway.Forwarding;

/// <summary>Registers the way to the workers and back.</summary>
internal static class ForwardingSlice
{
    public static WebApplicationBuilder AddForwarding(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<ForwardingOptions>, ForwardingOptionsValidator>();
        builder.Services.AddOptions<ForwardingOptions>().Bind(builder.Configuration.GetSection(ForwardingOptions.Section))
            .ValidateOnStart();
        builder.Services.AddSingleton<DrainGate>();
        builder.Services.AddSingleton<UnansweredWork>();
        builder.Services.AddSingleton<Backpressure>();
        builder.Services.AddSingleton<ForwardingParts>();
        builder.Services.AddSingleton<UnaryRelay>();
        builder.Services.AddSingleton<Forwarder>();
        builder.Services.AddSingleton<ShadowTraffic>();
        builder.Services.AddSingleton<ForwardingDesk>();
        return builder;
    }
}
