using System.Security.Cryptography;
using Tollgate.LocalServers;

namespace Tollgate.Clusters;

/// <summary>
/// Ports for processes that come back: below the range that the kernel gives to outgoing connections, which could take the port of a killed
/// process before its next start.
/// </summary>
public static class ClusterPorts
{
    private const int First = 12_000;
    private const int Last = 31_000;
    private static int _next = RandomNumberGenerator.GetInt32(First, Last);

    /// <summary>A port that nobody listens on and that was not given out before.</summary>
    public static int Next()
    {
        while (true)
        {
            var port = First + ((Interlocked.Increment(ref _next) - First) % (Last - First));
            if (FreePort.IsFree(port))
            {
                return port;
            }
        }
    }
}
