using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Gateway.Authentication;

/// <summary>Registers the authentication of API keys.</summary>
internal static class AuthenticationSlice
{
    /// <summary>Sections <c>Keys</c> and <c>Proxies</c>; asks <c>Services:accounts</c>.</summary>
    public static WebApplicationBuilder AddKeyAuthentication(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<KeyDirectoryOptions>, KeyDirectoryOptionsValidator>();
        builder.Services.AddOptions<KeyDirectoryOptions>().Bind(builder.Configuration.GetSection(KeyDirectoryOptions.Section))
            .ValidateOnStart();
        builder.Services.AddClientAddress(builder.Configuration);
        builder.Services.AddInternalClient("accounts", builder.Configuration);
        builder.Services.AddSingleton<KeyVerifier>();
        builder.Services.AddSingleton<KeyDirectory>();
        builder.Services.AddSingleton<RefusedKeys>();
        builder.Services.AddSingleton<FailureBudget>();
        builder.Services.AddSingleton<KeyUseCounters>();
        builder.Services.AddSingleton<KeyUseReporter>();
        builder.Services.AddHostedService(services => services.GetRequiredService<KeyUseReporter>());
        builder.Services.AddSingleton<Authenticator>();
        return builder;
    }
}
