using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Tollgate.LocalServers;

/// <summary>
/// Picks loopback ports for processes that may restart. Stays below the kernel's range for outgoing connections, which could take a port
/// before its use or during a restart. Thread-safe.
/// </summary>
public static class FreePort
{
    private const int First = 12_000;
    private const int Last = 31_000;
    private static int _next = RandomNumberGenerator.GetInt32(First, Last);

    /// <summary>Returns a port that is free now and that this process has not recently received.</summary>
    public static int Next()
    {
        while (true)
        {
            var port = First + ((Interlocked.Increment(ref _next) - First) % (Last - First));
            if (IsFree(port))
            {
                return port;
            }
        }
    }

    /// <summary>Whether <paramref name="port"/> is free.</summary>
    public static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
