using System.Net;
using Microsoft.Extensions.Options;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Accounts.Portal;

/// <summary>Addresses of the portal and the API. Never taken from a request's Host header, which the client chooses.</summary>
internal sealed class PortalAddress(IOptions<PortalOptions> options, IConfiguration configuration)
{
    private Func<string>? _listening;

    /// <summary>Address of the portal without a trailing slash.</summary>
    public string Url =>
        (options.Value.PublicUrl ?? _listening?.Invoke() ?? throw new InvalidOperationException("The portal is not started."))
        .TrimEnd('/');

    /// <summary>Base address for OpenAI clients, with <c>/v1</c>.</summary>
    public string ApiUrl
    {
        get
        {
            var url = options.Value.ApiBaseUrl.TrimEnd('/');
            return url.EndsWith("/v1", StringComparison.Ordinal) ? url : url + "/v1";
        }
    }

    /// <summary>The API reference, which the gateway serves.</summary>
    public string ReferenceUrl => ApiUrl[..^"/v1".Length] + "/docs";

    /// <summary>Whether browsers use TLS.</summary>
    public bool IsHttps => options.Value.PublicUrl?.StartsWith("https://", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>
    /// Whether only this machine can reach the portal: it is bound to loopback, and no public address leads to it through a proxy.
    /// </summary>
    public bool IsLoopback =>
        IsLoopbackUrl(configuration["Listen:Public"]) && (options.Value.PublicUrl is null || IsLoopbackUrl(options.Value.PublicUrl));

    public void ListensAt(Func<string> listening) => _listening = listening;

    /// <summary>
    /// Whether the portal answers under a host name. Accepts loopback names, the host of the public address, and the IP address that the
    /// connection arrived at. Under any other name, another site's page could read the portal through the visitor's browser.
    /// </summary>
    public bool Knows(string host, IPAddress? connectedTo) =>
        Loopback.IsHost(host)
        || (options.Value.PublicUrl is { Length: > 0 } url && host.Equals(new Uri(url).Host, StringComparison.OrdinalIgnoreCase))
        || (IPAddress.TryParse(host.Trim('[', ']'), out var ip) && connectedTo is not null && ip.Equals(
            connectedTo.IsIPv4MappedToIPv6 ? connectedTo.MapToIPv4() : connectedTo));

    private static bool IsLoopbackUrl(string? url) => string.IsNullOrEmpty(url) || Loopback.IsUrl(url); // Without a URL, nothing listens.
}
