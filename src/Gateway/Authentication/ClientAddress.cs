using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Tollgate.Gateway.Authentication;

/// <summary>The address that a request really comes from: forwarded addresses count only
/// as far back as configured proxies vouch for them.</summary>
internal sealed class ClientAddress
{
    private readonly IPNetwork[] _trusted;

    /// <exception cref="InvalidOperationException">A trusted proxy is no address and no network.</exception>
    public ClientAddress(IOptions<ProxyOptions> options) => _trusted = [.. options.Value.Networks()];

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

    private bool IsTrusted(IPAddress address) => Array.Exists(_trusted, network => network.Contains(address));

    private static IPAddress? Unmapped(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
}
