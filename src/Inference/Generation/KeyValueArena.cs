using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Decoders;

namespace Tollgate.Inference.Generation;

/// <summary>
/// Keys and values of all rows: for each layer two buffers <c>[rows, heads, length, width]</c>. The batch is the outer dimension, so the
/// first n rows are a tensor without a copy, and so is any single row. Pages are committed when a
/// token is written and given back when a row is released. One thread.
/// </summary>
internal sealed unsafe class KeyValueArena : IDisposable
{
    /// <summary>What released rows keep together until the scheduler is idle, so that short answers meet pages that are there; what is more
    /// is given back at once.</summary>
    private const long MostKeptBytes = 4 << 20;

    private readonly LazyMemory[] _buffers;
    private readonly int[] _touched;
    private readonly long[] _kept;
    private readonly int _heads;
    private readonly int _length;
    private readonly int _width;
    private readonly TensorElementType _type;
    private readonly int _numberBytes;
    private long _keptBytes;

    /// <param name="length">Most tokens in a row.</param>
    /// <param name="type">Float32 or float16.</param>
    public KeyValueArena(int rows, int layers, int heads, int length, int width, TensorElementType type)
    {
        Rows = rows;
        (_type, _numberBytes) = (type, CacheType.Bytes(type));
        (_heads, _length, _width) = (heads, length, width);
        _touched = new int[rows];
        _kept = new long[rows];
        _buffers = new LazyMemory[layers * 2];
        for (var i = 0; i < _buffers.Length; i++)
        {
            _buffers[i] = new LazyMemory(rows * RowBytes);
        }
    }

    public int Rows { get; }

    /// <summary>Bytes that one token takes over all layers.</summary>
    public long BytesPerToken => (long)_buffers.Length * _heads * _width * _numberBytes;

    private long HeadBytes => (long)_length * _width * _numberBytes;

    private long RowBytes => _heads * HeadBytes;

    /// <summary>A tensor over rows <paramref name="row"/> to <c>row + count − 1</c>; the memory stays the arena's.</summary>
    /// <param name="buffer">Twice the layer for keys, plus one for values.</param>
    public OrtValue View(int buffer, int row, int count) => OrtValue.CreateTensorValueWithData(
        OrtMemoryInfo.DefaultInstance,
        _type,
        [count, _heads, _length, _width],
        (nint)(_buffers[buffer].Pointer + (row * RowBytes)),
        count * RowBytes);

    /// <summary>Notes that a row now holds this many tokens, so that a release gives back what was written.</summary>
    public void Touch(int row, int tokens)
    {
        _touched[row] = Math.Max(_touched[row], tokens);
        if (_kept[row] > 0)
        {
            Keep(row, 0);
        }
    }

    /// <summary>Copies the first <paramref name="tokens"/> tokens of a row over those of another.</summary>
    public void Copy(int from, int to, int tokens)
    {
        var bytes = (long)tokens * _width * _numberBytes;
        foreach (var buffer in _buffers)
        {
            for (var head = 0; head < _heads; head++)
            {
                var offset = head * HeadBytes;
                Buffer.MemoryCopy(
                    buffer.Pointer + (from * RowBytes) + offset, buffer.Pointer + (to * RowBytes) + offset, HeadBytes, bytes);
            }
        }

        Touch(to, tokens);
    }

    /// <summary>Copies keys and values of a row out, buffer by buffer and head by head.</summary>
    /// <param name="into"><paramref name="count"/> times <see cref="BytesPerToken"/>.</param>
    public void Read(int row, int first, int count, Span<byte> into)
    {
        for (var part = 0; part < _buffers.Length * _heads; part++)
        {
            var from = Tokens(part, row, first, count);
            from.CopyTo(into.Slice(part * from.Length, from.Length));
        }
    }

    /// <summary>Copies keys and values into a row, in the order of <see cref="Read"/>.</summary>
    public void Write(int row, int first, int count, ReadOnlySpan<byte> from)
    {
        for (var part = 0; part < _buffers.Length * _heads; part++)
        {
            var into = Tokens(part, row, first, count);
            from.Slice(part * into.Length, into.Length).CopyTo(into);
        }

        Touch(row, first + count);
    }

    /// <summary>The row holds nothing any more.</summary>
    public void Release(int row)
    {
        var bytes = Committed(row);
        if (_keptBytes - _kept[row] + bytes > MostKeptBytes)
        {
            GiveBack(row);
        }
        else
        {
            Keep(row, bytes);
        }
    }

    /// <summary>Gives back the memory of all rows from <paramref name="firstFree"/> on.</summary>
    public void Trim(int firstFree)
    {
        for (var row = firstFree; row < Rows; row++)
        {
            if (_touched[row] > 0)
            {
                GiveBack(row);
            }
        }
    }

    public void Dispose() => Array.ForEach(_buffers, buffer => buffer.Dispose());

    /// <param name="part">Buffer by buffer, in each head by head.</param>
    private Span<byte> Tokens(int part, int row, int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + count, _length);
        var offset = (row * RowBytes) + (part % _heads * HeadBytes) + ((long)first * _width * _numberBytes);
        return new Span<byte>(_buffers[part / _heads].Pointer + offset, count * _width * _numberBytes);
    }

    private void GiveBack(int row)
    {
        Array.ForEach(_buffers, buffer => buffer.Release(row * RowBytes, RowBytes));
        _touched[row] = 0;
        Keep(row, 0);
    }

    private void Keep(int row, long bytes)
    {
        _keptBytes += bytes - _kept[row];
        _kept[row] = bytes;
    }

    /// <summary>Bytes of a row's pages: each head has its own.</summary>
    private long Committed(int row)
    {
        var (page, head) = (Environment.SystemPageSize, (long)_touched[row] * _width * _numberBytes);
        return (head + page - 1) / page * page * _heads * _buffers.Length;
    }
}
