using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Gateway.Till;

/// <summary>Registers the till.</summary>
internal static class TillSlice
{
    /// <summary>Section <c>Till</c>; asks <c>Services:billing</c>.</summary>
    public static WebApplicationBuilder AddTill(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<TillOptions>, TillOptionsValidator>();
        builder.Services.AddOptions<TillOptions>().Bind(builder.Configuration.GetSection(TillOptions.Section)).ValidateOnStart();
        builder.Services.AddInternalClient("billing", builder.Configuration);
        builder.Services.AddSingleton<LeaseGate>();
        builder.Services.AddSingleton<LeaseKeeper>();
        builder.Services.AddSingleton<TillSafety>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<TillSafety>());
        return builder;
    }
}
