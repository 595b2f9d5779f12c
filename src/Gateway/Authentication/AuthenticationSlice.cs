using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Gateway.Authentication;

/// <summary>Registers the authentication of API keys.</summary>
internal static class AuthenticationSlice
{
    /// <summary>Sections <c>Keys</c> and <c>Proxies</c>; asks <c>Services:accounts</c>.</summary>
    public static WebApplicationBuilder AddKeyAuthentication(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<KeysOptions>, KeysOptionsValidator>();
        builder.Services.AddOptions<KeysOptions>().Bind(builder.Configuration.GetSection(KeysOptions.Section)).ValidateOnStart();
        builder.Services.AddOptions<ProxyOptions>().Bind(builder.Configuration.GetSection(ProxyOptions.Section))
            .PostConfigure(options => options.Networks()) // A wrong entry stops the start, not the first request.
            .ValidateOnStart();
        builder.Services.AddInternalClient("accounts", builder.Configuration);
        builder.Services.AddSingleton<KeyVerifier>();
        builder.Services.AddSingleton<KeyDirectory>();
        builder.Services.AddSingleton<ClientAddress>();
        builder.Services.AddSingleton<KeyUseCounters>();
        builder.Services.AddSingleton<KeyUseReporter>();
        builder.Services.AddHostedService(services => services.GetRequiredService<KeyUseReporter>());
        builder.Services.AddSingleton<Authenticator>();
        return builder;
    }
}
