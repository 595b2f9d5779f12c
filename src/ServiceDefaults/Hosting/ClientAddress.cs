using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>Settings of proxies. Section <c>Proxies</c>.</summary>
public sealed class ProxyOptions
{
    public const string Section = "Proxies";

    /// <summary>List of addresses, or networks in CIDR form, whose <c>X-Forwarded-*</c> headers are trusted. Default none.</summary>
    public IReadOnlyList<IPNetwork> Trusted { get; set; } = [];
}

/// <summary>
/// Determines the address that a request really comes from. Trusts forwarded addresses only as far as configured proxies added them.
/// </summary>
public sealed class ClientAddress(IOptions<ProxyOptions> options)
{
    private readonly IPNetwork[] _trusted = [.. options.Value.Trusted];

    /// <summary>
    /// Returns the nearest address that is not a trusted proxy. Null when the connection has none or a proxy forwarded an invalid one.
    /// </summary>
    public IPAddress? Of(HttpContext context)
    {
        var address = Unmapped(context.Connection.RemoteIpAddress);
        if (_trusted.Length == 0 || address is null || !IsTrusted(address))
        {
            return address;
        }

        var hops = Forwarded(context, "X-Forwarded-For");
        for (var i = hops.Length - 1; i >= 0 && address is not null && IsTrusted(address); i--)
        {
            address = IPAddress.TryParse(hops[i], out var hop) ? Unmapped(hop) : null;
        }

        return address;
    }

    /// <summary>
    /// Returns the address under which the client reached the service, such as <c>https://api.example.com</c>, without a trailing slash.
    /// Scheme and host are the ones that the nearest proxy forwards in <c>X-Forwarded-Proto</c> and <c>X-Forwarded-Host</c>, if that is a
    /// trusted one and they are valid; otherwise the request's own.
    /// </summary>
    public string UrlOf(HttpContext context)
    {
        var (scheme, host) = (context.Request.Scheme, context.Request.Host);
        if (Unmapped(context.Connection.RemoteIpAddress) is { } address && IsTrusted(address))
        {
            scheme = Forwarded(context, "X-Forwarded-Proto").LastOrDefault() is ("http" or "https") and var forwarded ? forwarded : scheme;
            host = Forwarded(context, "X-Forwarded-Host").LastOrDefault() is { } name && IsHost(name) ? new HostString(name) : host;
        }

        return $"{scheme}://{host.ToUriComponent()}";
    }

    /// <summary>Whether the request came through an untrusted proxy. All clients behind it then count as one.</summary>
    public bool IsUntrustedProxy(HttpContext context) => context.Request.Headers.ContainsKey("X-Forwarded-For")
        && Unmapped(context.Connection.RemoteIpAddress) is { } address && !IsTrusted(address);

    /// <summary>
    /// Returns the client's source for limits: an IPv4 address, or the /64 of an IPv6 address, because a subscriber has at least a /64.
    /// Clients without a usable address share one source.
    /// </summary>
    public string SourceOf(HttpContext context) => Of(context) switch
    {
        null => "unknown",
        { AddressFamily: AddressFamily.InterNetworkV6 } address => Prefix(address, 64),
        { } address => address.ToString(),
    };

    /// <summary>
    /// Returns the network that a client's provider assigned, in CIDR form: /24 or /48. Null on loopback, where all clients run on one
    /// machine.
    /// </summary>
    public string? NetworkOf(HttpContext context) => Of(context) switch
    {
        null => "unknown",
        { } address when IPAddress.IsLoopback(address) => null,
        { AddressFamily: AddressFamily.InterNetworkV6 } address => Prefix(address, 48),
        { } address => Prefix(address, 24),
    };

    /// <summary>Returns the network of <paramref name="address"/>: its first <paramref name="bits"/> bits, in CIDR form.</summary>
    public static string Prefix(IPAddress address, int bits)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] &= (byte)(0xff << (8 - Math.Clamp(bits - (8 * i), 0, 8)));
        }

        return $"{new IPAddress(bytes)}/{bits}";
    }

    /// <summary>Values of a forwarded header, the nearest proxy's last.</summary>
    private static string[] Forwarded(HttpContext context, string header) => context.Request.Headers[header].ToString()
        .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static bool IsHost(string text) =>
        Uri.TryCreate($"http://{text}/", UriKind.Absolute, out var url) && url.PathAndQuery == "/" && url.UserInfo.Length == 0
        && url.Fragment.Length == 0;

    private bool IsTrusted(IPAddress address) => Array.Exists(_trusted, network => network.Contains(address));

    private static IPAddress? Unmapped(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
}

/// <summary>Registers <see cref="ClientAddress"/>.</summary>
public static class ClientAddressExtensions
{
    /// <exception cref="InvalidOperationException">A trusted proxy is neither an address nor a network.</exception>
    public static void AddClientAddress(this IServiceCollection services, IConfiguration configuration)
    {
        IPNetwork[] trusted =
            [.. PlatformSettings.SplitList(configuration[$"{ProxyOptions.Section}:{nameof(ProxyOptions.Trusted)}"]).Select(ReadNetwork)];
        services.Configure<ProxyOptions>(options => options.Trusted = trusted);
        services.AddSingleton<ClientAddress>();
    }

    private static IPNetwork ReadNetwork(string text) =>
        IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : throw new InvalidOperationException($"Proxies:Trusted: '{text}' is not a network such as 10.0.0.0/8.");
}
