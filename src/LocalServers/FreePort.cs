using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Tollgate.LocalServers;

/// <summary>
/// Picks ports of the loopback interface for processes that may come back: below the range that the kernel gives to outgoing connections, which
/// could take a port between its choice and its use, or between a process' end and its next start. Thread-safe.
/// </summary>
public static class FreePort
{
    private const int First = 12_000;
    private const int Last = 31_000;
    private static int _next = RandomNumberGenerator.GetInt32(First, Last);

    /// <summary>A port that nobody listens on at this moment and that this process was not given before.</summary>
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

    /// <summary>Whether nobody listens on <paramref name="port"/>.</summary>
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
