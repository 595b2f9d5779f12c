using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>The two doors of a service.</summary>
public enum ListenerKind
{
    /// <summary>Customers and their browsers.</summary>
    Public = 0,

    /// <summary>Other services of the platform, with a bearer of their own.</summary>
    Internal = 1,
}

/// <summary>Connection feature: through which door a request came.</summary>
public sealed record Listener(ListenerKind Kind);

/// <summary>Asks a running service where it listens; a configured port 0 is answered with the real one.</summary>
public static class ListenerUrls
{
    /// <summary>Base address of a listener, without a slash at the end.</summary>
    /// <exception cref="InvalidOperationException">The service has no such listener or is not started.</exception>
    public static string Url(this WebApplication app, ListenerKind kind) =>
        app.Services.GetRequiredService<IServer>().ListenerUrl(app.Configuration, kind);

    /// <summary>The same, for a part of the service itself.</summary>
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
