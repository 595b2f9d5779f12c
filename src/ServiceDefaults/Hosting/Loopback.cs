using System.Net;
using Microsoft.AspNetCore.Http;

namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>Decides whether a name or an address leads only to this machine.</summary>
public static class Loopback
{
    /// <summary>Whether <paramref name="host"/>, without a port, is <c>localhost</c> or a loopback address.</summary>
    public static bool IsHost(string host)
    {
        var bare = host.Trim('[', ']');
        return bare.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(bare, out var ip) && IPAddress.IsLoopback(ip));
    }

    /// <summary>
    /// Whether a URL such as <c>http://127.0.0.1:8080</c>, or a listener's such as <c>http://*:8080</c>, is reachable only from this
    /// machine.
    /// </summary>
    /// <exception cref="FormatException">The text is not an address.</exception>
    public static bool IsUrl(string url) => IsHost(BindingAddress.Parse(url).Host);
}
