using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.Gateway.Redis;

/// <summary>Registers the guard of the till's Redis. Needs the connection to Redis.</summary>
internal static class RedisSlice
{
    /// <summary>Setting <c>Till:AllowUnsafeRedis</c>.</summary>
    public static WebApplicationBuilder AddTillSafety(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<TillSafetyOptions>().Bind(builder.Configuration.GetSection(TillSafetyOptions.Section));
        builder.Services.AddSingleton<TillSafety>().AddHostedService(provider => provider.GetRequiredService<TillSafety>());
        return builder;
    }
}
