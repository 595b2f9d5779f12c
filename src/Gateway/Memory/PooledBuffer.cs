using System.Buffers;

namespace Tollgate.Gateway.Memory;

/// <summary>Bytes that arrive piece by piece, in one pooled array that grows by doubling. Dispose gives the array back. Not thread-safe.
/// </summary>
/// <param name="capacity">What it holds at first, bytes.</param>
internal sealed class PooledBuffer(int capacity) : IDisposable
{
    private const int LargestShared = 128 * 1024;

    /// <summary>Of arrays above <see cref="LargestShared"/> a few are kept, 4 of each size up to 4 MiB. The shared pool keeps as many as
    /// were ever in use at once, and some more for each thread, so that one burst of large bodies would stay in memory.</summary>
    private static readonly ArrayPool<byte> Large = ArrayPool<byte>.Create(maxArrayLength: 4 * 1024 * 1024, maxArraysPerBucket: 4);

    private byte[] _array = Rent(Math.Max(1, capacity));

    /// <summary>How many bytes there are.</summary>
    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _array.AsMemory(0, Length);

    /// <summary>Room for more bytes, at least <paramref name="atLeast"/>. What is put there counts after <see cref="Advance"/>.</summary>
    public Memory<byte> Free(int atLeast = 1)
    {
        if (_array.Length - Length < atLeast)
        {
            var larger = Rent(Math.Max(_array.Length * 2, Length + atLeast));
            _array.AsSpan(0, Length).CopyTo(larger);
            PoolOf(_array.Length).Return(_array);
            _array = larger;
        }

        return _array.AsMemory(Length);
    }

    public void Advance(int count) => Length += count;

    /// <summary>Drops the first <paramref name="count"/> bytes.</summary>
    public void Consume(int count)
    {
        _array.AsSpan(count, Length - count).CopyTo(_array);
        Length -= count;
    }

    /// <summary>Puts all of <paramref name="bytes"/> behind what is there.</summary>
    public void Append(ReadOnlySequence<byte> bytes)
    {
        var length = (int)bytes.Length;
        bytes.CopyTo(Free(length).Span);
        Advance(length);
    }

    public void Dispose()
    {
        if (_array.Length > 0)
        {
            PoolOf(_array.Length).Return(_array);
            (_array, Length) = ([], 0);
        }
    }

    private static byte[] Rent(int length) => PoolOf(length).Rent(length);

    private static ArrayPool<byte> PoolOf(int length) => length > LargestShared ? Large : ArrayPool<byte>.Shared;
}
