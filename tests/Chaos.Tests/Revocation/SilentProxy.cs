using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Tollgate.Chaos.Tests.Revocation;

/// <summary>
/// Stands between a client and its server and can fall silent: what the client sends then is taken and never arrives, so the client waits,
/// and whoever kills it in that moment knows that the server heard nothing.
/// </summary>
internal sealed class SilentProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentBag<Socket> _open = [];
    private readonly Task _accepting;
    private volatile bool _isSilent;

    private readonly int _serverPort;

    private SilentProxy(int serverPort)
    {
        _serverPort = serverPort;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <param name="serverPort">On loopback.</param>
    public static SilentProxy Start(int serverPort) => new(serverPort);

    public void FallSilent() => _isSilent = true;

    /// <summary>Passes everything on again, over new connections alone: what was swallowed is gone.</summary>
    public void SpeakAgain()
    {
        while (_open.TryTake(out var socket))
        {
            socket.Dispose();
        }

        _isSilent = false;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _accepting; // Before the listener stops: one that is asked to accept afterwards throws.
        _listener.Dispose();
        SpeakAgain();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = PassAsync(await _listener.AcceptSocketAsync(_end.Token));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            return; // The end.
        }
    }

    private async Task PassAsync(Socket client)
    {
        var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
        _open.Add(client);
        _open.Add(server);
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _serverPort, _end.Token);
            await Task.WhenAny(CopyAsync(client, server), CopyAsync(server, client));
        }
        catch (SocketException)
        {
            return; // Nobody listens: the client sees its connection end.
        }
        finally
        {
            client.Dispose();
            server.Dispose();
        }
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, _end.Token) is > 0 and var length)
            {
                if (!_isSilent)
                {
                    await to.SendAsync(buffer.AsMemory(0, length), _end.Token);
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            return;
        }
    }
}
