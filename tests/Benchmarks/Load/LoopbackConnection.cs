using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;

namespace Tollgate.Benchmarks.Load;

/// <summary>
/// One HTTP/1.1 connection to a server on this machine, with blocking calls: what it costs is small and the same for every server that it
/// measures. It reads what Kestrel writes: a length or chunks. One thread at a time.
/// </summary>
internal sealed class LoopbackConnection : IDisposable
{
    private const int PatienceMs = 30_000;
    private readonly Socket _socket;
    private readonly byte[] _buffer;
    private int _start;
    private int _end;
    private long _remaining;
    private bool _chunked;
    private bool _firstChunk;

    /// <exception cref="ArgumentException">The address is not on this machine: the generator is no weapon.</exception>
    public LoopbackConnection(IPEndPoint address, int bufferBytes = 32 * 1024)
    {
        if (address.AddressFamily != AddressFamily.InterNetwork || !IPAddress.IsLoopback(address.Address))
        {
            throw new ArgumentException($"{address} is not in 127.0.0.0/8.", nameof(address));
        }

        _buffer = new byte[bufferBytes];
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = PatienceMs,
            SendTimeout = PatienceMs,
        };
        _socket.Connect(address);
    }

    public void Send(ReadOnlySpan<byte> request)
    {
        while (!request.IsEmpty)
        {
            request = request[_socket.Send(request)..];
        }
    }

    /// <summary>Reads the status and the headers of an answer.</summary>
    /// <returns>The status code.</returns>
    /// <exception cref="IOException">The server broke off.</exception>
    public int ReadHead()
    {
        int length;
        while ((length = Unread.IndexOf("\r\n\r\n"u8)) < 0)
        {
            Fill();
        }

        var head = Unread[..(length + 2)];
        (_chunked, _remaining, _firstChunk) = (false, 0, true);
        var status = Utf8Parser.TryParse(head[9..], out int code, out _) ? code : throw new IOException("No status in the answer.");
        for (var line = head.IndexOf("\r\n"u8) + 2; line < head.Length; line += head[line..].IndexOf("\r\n"u8) + 2)
        {
            ReadHeader(head[line..]);
        }

        _start += length + 4;
        return status;
    }

    /// <summary>Reads some of the body.</summary>
    /// <returns>0 at its end.</returns>
    /// <exception cref="IOException">The server broke off.</exception>
    public int ReadBody(Span<byte> into)
    {
        if (_remaining == 0 && !(_chunked && NextChunk()))
        {
            return 0;
        }

        if (_start == _end)
        {
            Fill();
        }

        var count = (int)Math.Min(Math.Min(_remaining, into.Length), _end - _start);
        _buffer.AsSpan(_start, count).CopyTo(into);
        _start += count;
        _remaining -= count;
        return count;
    }

    public void Dispose() => _socket.Dispose();

    private ReadOnlySpan<byte> Unread => _buffer.AsSpan(_start, _end - _start);

    private void ReadHeader(ReadOnlySpan<byte> line)
    {
        if (StartsWith(line, "content-length: "u8))
        {
            _ = Utf8Parser.TryParse(line["content-length: ".Length..], out _remaining, out _);
        }
        else if (StartsWith(line, "transfer-encoding: chunked"u8))
        {
            _chunked = true;
        }
    }

    private static bool StartsWith(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name) =>
        line.Length >= name.Length && System.Text.Ascii.EqualsIgnoreCase(line[..name.Length], name);

    /// <summary>Moves on to the next chunk. False at the last one.</summary>
    private bool NextChunk()
    {
        var skipped = _firstChunk ? 0 : 2; // The line end after the chunk before.
        _firstChunk = false;
        int length;
        while (Unread.Length < skipped || (length = Unread[skipped..].IndexOf("\r\n"u8)) < 0)
        {
            Fill();
        }

        if (!Utf8Parser.TryParse(Unread[skipped..], out _remaining, out _, 'x'))
        {
            throw new IOException("No length in a chunk.");
        }

        _start += skipped + length + 2;
        if (_remaining > 0)
        {
            return true;
        }

        while (Unread.Length < 2)
        {
            Fill();
        }

        _start += 2;
        _chunked = false;
        return false;
    }

    private void Fill()
    {
        if (_start == _end)
        {
            (_start, _end) = (0, 0);
        }
        else if (_end == _buffer.Length)
        {
            Unread.CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        var count = _socket.Receive(_buffer.AsSpan(_end));
        if (count == 0)
        {
            throw new IOException("The server closed the connection.");
        }

        _end += count;
    }
}
