using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>Section <c>Proxies</c>.</summary>
public sealed class ProxyOptions
{
    public const string Section = "Proxies";

    /// <summary>
    /// Addresses, or networks in CIDR form, whose <c>X-Forwarded-For</c> is believed: a list. Default none.
    /// </summary>
    public IReadOnlyList<IPNetwork> Trusted { get; set; } = [];
}

/// <summary>The address that a request really comes from: forwarded addresses count only
/// as far back as configured proxies vouch for them.</summary>
public sealed class ClientAddress(IOptions<ProxyOptions> options)
{
    private readonly IPNetwork[] _trusted = [.. options.Value.Trusted];

    /// <summary>The nearest address that is not a trusted proxy; null when the connection has none or a proxy forwarded nonsense.</summary>
    public IPAddress? Of(HttpContext context)
    {
        var address = Unmapped(context.Connection.RemoteIpAddress);
        if (_trusted.Length == 0 || address is null || !IsTrusted(address))
        {
            return address;
        }

        var hops = context.Request.Headers["X-Forwarded-For"].ToString(
            ).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        for (var i = hops.Length - 1; i >= 0 && address is not null && IsTrusted(address); i--)
        {
            address = IPAddress.TryParse(hops[i], out var hop) ? Unmapped(hop) : null;
        }

        return address;
    }

    /// <summary>Whether somebody forwards for others without being trusted: all those others count as one client.</summary>
    public bool IsUntrustedProxy(HttpContext context) => context.Request.Headers.ContainsKey("X-Forwarded-For")
        && Unmapped(context.Connection.RemoteIpAddress) is { } address && !IsTrusted(address);

    /// <summary>
    /// The client as limits count it: an IPv4 address, or the /64 of an IPv6 address, because one subscriber holds at least that many.
    /// Clients without a usable address share one name.
    /// </summary>
    public string SourceOf(HttpContext context) => Of(context) switch
    {
        null => "unknown",
        { AddressFamily: AddressFamily.InterNetworkV6 } address => Prefix(address, 64),
        { } address => address.ToString(),
    };

    /// <summary>
    /// The network that a client's provider gave out, in CIDR form: /24 or /48. Null on loopback, where all clients are one machine's.
    /// </summary>
    public string? NetworkOf(HttpContext context) => Of(context) switch
    {
        null => "unknown",
        { } address when IPAddress.IsLoopback(address) => null,
        { AddressFamily: AddressFamily.InterNetworkV6 } address => Prefix(address, 48),
        { } address => Prefix(address, 24),
    };

    /// <summary>The network that <paramref name="address"/> lies in: its first <paramref name="bits"/> bits, in CIDR form.</summary>
    public static string Prefix(IPAddress address, int bits)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] &= (byte)(0xff << (8 - Math.Clamp(bits - (8 * i), 0, 8)));
        }

        return $"{new IPAddress(bytes)}/{bits}";
    }

    private bool IsTrusted(IPAddress address) => Array.Exists(_trusted, network => network.Contains(address));

    private static IPAddress? Unmapped(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
}

/// <summary>Registers <see cref="ClientAddress"/>.</summary>
public static class ClientAddressExtensions
{
    /// <exception cref="InvalidOperationException">A trusted proxy is no address and no network.</exception>
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
