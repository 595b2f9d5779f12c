using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Gateway.Relays;

/// <summary>Requests that another service answers. Section <c>Relay</c>.</summary>
internal sealed class RelayOptions
{
    public const string Section = "Relay";

    /// <summary>How long the service may take to begin its answer after it has the whole request. Default 5 min: the last step of an upload
    /// reads all its parts.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromMinutes(5);
}

[OptionsValidator]
internal sealed partial class RelayOptionsValidator : IValidateOptions<RelayOptions>;

/// <summary>Registers the relay and its clients.</summary>
internal static class RelaysSlice
{
    /// <summary>Section <c>Relay</c>; asks <c>Services:learning</c>.</summary>
    public static WebApplicationBuilder AddRelays(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<RelayOptions>, RelayOptionsValidator>();
        builder.Services.AddOptions<RelayOptions>().Bind(builder.Configuration.GetSection(RelayOptions.Section)).ValidateOnStart();
        builder.Services.AddInternalClient("learning", builder.Configuration)
            .ConfigureHttpClient(client => client.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                UseProxy = false,
                ActivityHeadersPropagator = null,
                ConnectTimeout = TimeSpan.FromSeconds(2),
                Expect100ContinueTimeout = TimeSpan.FromSeconds(30), // The service decides by the head first, however busy it is.
                PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            });
        builder.Services.AddSingleton<ServiceRelay>();
        builder.Services.AddSingleton<AdminRelay>();
        return builder;
    }
}
