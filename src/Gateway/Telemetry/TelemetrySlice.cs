using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.Gateway.Telemetry;

/// <summary>Registers the gateway's metrics.</summary>
internal static class TelemetrySlice
{
    public static WebApplicationBuilder AddGatewayMetrics(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<GatewayMetrics>();
        return builder;
    }
}
