using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>The two listeners of a service.</summary>
public enum ListenerKind
{
    /// <summary>For customers and their browsers.</summary>
    Public = 0,

    /// <summary>For other services of the platform, each with its own bearer.</summary>
    Internal = 1,
}

/// <summary>Connection feature: the listener through which a request came.</summary>
public sealed record Listener(ListenerKind Kind);

/// <summary>Finds the addresses of a running service's listeners, with the real port instead of a configured 0.</summary>
public static class ListenerUrls
{
    /// <summary>Returns the base address of a listener, without a trailing slash.</summary>
    /// <exception cref="InvalidOperationException">The service has no such listener or is not started.</exception>
    public static string Url(this WebApplication app, ListenerKind kind) =>
        app.Services.GetRequiredService<IServer>().ListenerUrl(app.Configuration, kind);

    /// <summary>Returns the base address of a listener, for a component of the service itself.</summary>
    /// <exception cref="InvalidOperationException">The service has no such listener or is not started.</exception>
    public static string ListenerUrl(this IServer server, IConfiguration configuration, ListenerKind kind)
    {
        var configured = Enum.GetValues<ListenerKind>().Where(k => configuration[$"Listen:{k}"] is { Length: > 0 }).ToList();
        var addresses = server.Features.Get<IServerAddressesFeature>()?.Addresses.ToList();
        var index = configured.IndexOf(kind);
        if (index < 0 || addresses is null || addresses.Count != configured.Count)
        {
            throw new InvalidOperationException($"No {kind} listener, or the service is not started.");
        }

        return addresses[index];
    }
}
