using System.Net;
using Microsoft.AspNetCore.Http;

namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>Tells whether a name or an address leads to this machine alone.</summary>
public static class Loopback
{
    /// <summary>Whether <paramref name="host"/>, without a port, is <c>localhost</c> or an address of the loopback interface.</summary>
    public static bool IsHost(string host)
    {
        var bare = host.Trim('[', ']');
        return bare.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(bare, out var ip) && IPAddress.IsLoopback(ip));
    }

    /// <summary>Whether an address such as <c>http://127.0.0.1:8080</c>, or one of a listener such as <c>http://*:8080</c>, is of this machine alone.</summary>
    /// <exception cref="FormatException">It is no address.</exception>
    public static bool IsUrl(string url) => IsHost(BindingAddress.Parse(url).Host);
}
