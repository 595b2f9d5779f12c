using System.Net;

namespace Tollgate.Benchmarks.Load;

/// <summary>Many streams whose worker hardly says anything. They are opened and held, and not read beyond their beginning.</summary>
internal sealed class IdleStreams : IDisposable
{
    private readonly List<LoopbackConnection> _connections = [];

    /// <summary>Opens <paramref name="count"/> streams one after the other; each has had its first event.</summary>
    /// <exception cref="IOException">A stream was refused.</exception>
    public static Task<IdleStreams> OpenAsync(IPEndPoint server, byte[] request, int count) => LoadThread.RunAsync(() =>
    {
        var streams = new IdleStreams();
        try
        {
            for (var i = 0; i < count; i++)
            {
                streams.Open(server, request);
            }

            return streams;
        }
        catch
        {
            streams.Dispose();
            throw;
        }
    });

    public void Dispose()
    {
        foreach (var connection in _connections)
        {
            connection.Dispose();
        }
    }

    private void Open(IPEndPoint server, byte[] request)
    {
        var connection = new LoopbackConnection(server, bufferBytes: 4096);
        _connections.Add(connection);
        connection.Send(request);
        var status = connection.ReadHead();
        if (status != 200 || !new EventReader(connection).TryRead(out _))
        {
            throw new IOException($"Idle stream {_connections.Count} was answered with {status}.");
        }
    }
}
