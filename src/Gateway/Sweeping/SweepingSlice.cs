using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Tollgate.Gateway.Sweeping;

/// <summary>Registers heartbeat and sweeper. Needs Redis and the journal; comes before
/// admission, so that no hold is made before the first beat.</summary>
internal static class SweepingSlice
{
    /// <summary>Section <c>Sweeper</c>.</summary>
    public static WebApplicationBuilder AddSweeping(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<SweeperOptions>, SweeperOptionsValidator>();
        builder.Services.AddOptions<SweeperOptions>().Bind(builder.Configuration.GetSection(SweeperOptions.Section)).ValidateOnStart();
        builder.Services.AddSingleton<HoldOwners>();
        builder.Services.AddSingleton<Heartbeat>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<Heartbeat>());
        builder.Services.AddSingleton<HoldSweeper>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<HoldSweeper>());
        return builder;
    }
}
