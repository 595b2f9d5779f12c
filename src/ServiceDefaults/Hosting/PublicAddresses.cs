using System.Net;
using System.Net.Sockets;

namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>
/// Tells addresses of the public internet from all others, so that a URL of a customer leads to no service of this installation.
/// </summary>
public static class PublicAddresses
{
    /// <summary>IPv4 networks that are private, local, reserved, or carry no host.</summary>
    private static readonly IPNetwork[] Closed =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        }.Select(text => IPNetwork.Parse(text)),
    ];

    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");
    private static readonly IPNetwork Translated = IPNetwork.Parse("64:ff9b::/96");

    /// <summary>Networks within 2000::/3 that are for documents or carry IPv4 addresses in ways that nobody needs here.</summary>
    private static readonly IPNetwork[] ClosedUnicast =
        [IPNetwork.Parse("2001::/23"), IPNetwork.Parse("2001:db8::/32"), IPNetwork.Parse("2002::/16"), IPNetwork.Parse("3fff::/20")];

    /// <summary>Whether an address is one of the public internet. An IPv4 address within an IPv6 one counts as itself.</summary>
    public static bool IsPublic(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return !Array.Exists(Closed, network => network.Contains(address));
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return IsPublic(address.MapToIPv4());
        }

        if (Translated.Contains(address))
        {
            return IsPublic(new IPAddress(address.GetAddressBytes()[12..]));
        }

        return GlobalUnicast.Contains(address) && !Array.Exists(ClosedUnicast, network => network.Contains(address));
    }

    /// <summary>
    /// Connects to a host that has public addresses only. It looks the name up once and connects to what it has checked, so that a name
    /// server cannot answer differently in between. For <see cref="SocketsHttpHandler.ConnectCallback"/>.
    /// </summary>
    /// <exception cref="HttpRequestException">An address of the host is not public, or none answers.</exception>
    public static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var host = context.DnsEndPoint.Host;
        var addresses = await Dns.GetHostAddressesAsync(host, cancellationToken);
        if (addresses.Length == 0 || Array.Exists(addresses, address => !IsPublic(address)))
        {
            throw new HttpRequestException($"{host} has an address that is not of the public internet.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
