using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Decoders;

namespace Tollgate.Inference.Generation;

/// <summary>
/// Keys and values of all rows in the memory of a device, laid out as those of a <see cref="KeyValueArena"/>. All of it is allocated at
/// once: a device has no pages that come when they are touched. One thread.
/// </summary>
internal sealed class DeviceArena
{
    private readonly DeviceMemory _memory;
    private readonly nint[] _buffers;
    private readonly int _heads;
    private readonly int _length;
    private readonly int _width;
    private readonly TensorElementType _type;
    private readonly int _numberBytes;

    /// <param name="memory">Owns the buffers.</param>
    /// <param name="length">Most tokens in a row.</param>
    /// <param name="type">Float32 or float16.</param>
    public DeviceArena(DeviceMemory memory, ModelDecoder size, int rows, int length, TensorElementType type)
    {
        (_memory, _type, _numberBytes) = (memory, type, CacheType.Bytes(type));
        (_heads, _length, _width) = (size.KeyValueHeads, length, size.HeadWidth);
        _buffers = [.. Enumerable.Range(0, size.Layers * 2).Select(_ => memory.Allocate(rows * RowBytes))];
    }

    /// <summary>Bytes that one token takes over all layers.</summary>
    public long BytesPerToken => (long)_buffers.Length * _heads * TokenBytes;

    private long TokenBytes => (long)_width * _numberBytes;

    private long HeadBytes => _length * TokenBytes;

    private long RowBytes => _heads * HeadBytes;

    /// <summary>A tensor over rows <paramref name="row"/> to <c>row + count − 1</c>.</summary>
    /// <param name="buffer">Twice the layer for keys, plus one for values.</param>
    public OrtValue View(int buffer, int row, int count) =>
        _memory.Tensor(_type, Address(_buffers[buffer], row, head: 0, token: 0), _numberBytes, count, _heads, _length, _width);

    /// <summary>Copies a whole row over another, one piece a buffer: fewer copies than the tokens of each head.</summary>
    public void Copy(int from, int to) => _memory.Move(
        [.. _buffers.Select(buffer => (Address(buffer, from, 0, 0), Address(buffer, to, 0, 0)))], RowBytes);

    /// <summary>Copies keys and values of a row to the host, buffer by buffer and head by head.</summary>
    /// <param name="into"><paramref name="count"/> times <see cref="BytesPerToken"/>.</param>
    public void Read(int row, int first, int count, nint into) =>
        _memory.Download([.. Pieces(row, first, count, into).Select(piece => (piece.Device, piece.Host))], count * TokenBytes);

    /// <summary>Copies keys and values from the host into a row, in the order of <see cref="Read"/>.</summary>
    public void Write(int row, int first, int count, nint from) =>
        _memory.Upload([.. Pieces(row, first, count, from).Select(piece => (piece.Host, piece.Device))], count * TokenBytes);

    private IEnumerable<(nint Host, nint Device)> Pieces(int row, int first, int count, nint host)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + count, _length);
        return Enumerable.Range(0, _buffers.Length * _heads).Select(part => (
            host + (nint)(part * count * TokenBytes), Address(_buffers[part / _heads], row, part % _heads, first)));
    }

    private nint Address(nint buffer, int row, int head, int token) =>
        buffer + (nint)((row * RowBytes) + (head * HeadBytes) + (token * TokenBytes));
}
