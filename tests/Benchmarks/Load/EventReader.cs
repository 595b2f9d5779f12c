namespace Tollgate.Benchmarks.Load;

/// <summary>Parts the body of an answer into server-sent events. One thread at a time.</summary>
internal sealed class EventReader(LoopbackConnection connection)
{
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <summary>When the bytes that completed the last event came, nanoseconds of <see cref="Pace.Now"/>.</summary>
    public long CameAt { get; private set; }

    /// <summary>Reads the next event, without the empty line that ends it. False at the end of the body.</summary>
    /// <param name="text">Valid until the next call.</param>
    /// <exception cref="IOException">The server broke off.</exception>
    public bool TryRead(out ReadOnlySpan<byte> text)
    {
        while (true)
        {
            var unread = _buffer.AsSpan(_start, _end - _start);
            var border = unread.IndexOf("\n\n"u8);
            if (border >= 0)
            {
                text = unread[..border];
                _start += border + 2;
                return true;
            }

            unread.CopyTo(_buffer);
            (_start, _end) = (0, unread.Length);
            var count = connection.ReadBody(_buffer.AsSpan(_end));
            CameAt = Pace.Now;
            if (count == 0)
            {
                text = default;
                return false;
            }

            _end += count;
        }
    }
}
