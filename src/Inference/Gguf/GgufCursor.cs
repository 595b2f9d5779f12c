using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Gguf;

/// <summary>Reads the head of a GGUF file from front to back. Every length is checked
/// against the file before a byte is allocated.</summary>
internal sealed class GgufCursor(SafeFileHandle file, long length)
{
    private const int BufferSize = 1 << 16;

    private readonly byte[] _buffer = new byte[BufferSize];
    private long _bufferStart;
    private int _buffered;

    /// <summary>Byte position in the file.</summary>
    public long Position { get; private set; }

    /// <summary>Bytes between the position and the end of the file.</summary>
    public long Remaining => length - Position;

    public byte ReadByte() => Take(1)[0];

    public ushort ReadUInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public float ReadSingle() => BinaryPrimitives.ReadSingleLittleEndian(Take(4));

    public double ReadDouble() => BinaryPrimitives.ReadDoubleLittleEndian(Take(8));

    /// <summary>Reads a count of things that take at least <paramref name="leastBytes"/> bytes each.</summary>
    public int ReadCount(string what, int leastBytes, int most)
    {
        var count = ReadUInt64();
        if (count > (ulong)most || count > (ulong)(Remaining / leastBytes))
        {
            throw new ModelImportException($"The GGUF file claims {count} {what}; that is more than it can hold.");
        }

        return (int)count;
    }

    /// <summary>Reads a UTF-8 string; bytes that are not UTF-8 become U+FFFD.</summary>
    public string ReadString(int mostBytes)
    {
        var bytes = ReadUInt64();
        if (bytes > (ulong)mostBytes || bytes > (ulong)Remaining)
        {
            throw new ModelImportException($"The GGUF file holds a string of {bytes} bytes at byte {Position}; that is too long.");
        }

        var count = (int)bytes;
        if (count <= BufferSize)
        {
            return Encoding.UTF8.GetString(Take(count));
        }

        var text = new byte[count];
        ReadAt(Position, text);
        Position += count;
        return Encoding.UTF8.GetString(text);
    }

    /// <summary>Fills <paramref name="destination"/> from the file at a position.</summary>
    public void ReadAt(long position, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            var read = RandomAccess.Read(file, destination, position);
            if (read == 0)
            {
                throw new ModelImportException("The GGUF file ends too early: it is cut off.");
            }

            destination = destination[read..];
            position += read;
        }
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > Remaining)
        {
            throw new ModelImportException("The GGUF file ends too early: it is cut off.");
        }

        if (Position < _bufferStart || Position + count > _bufferStart + _buffered)
        {
            _bufferStart = Position;
            _buffered = (int)Math.Min(BufferSize, Remaining);
            ReadAt(Position, _buffer.AsSpan(0, _buffered));
        }

        var bytes = _buffer.AsSpan((int)(Position - _bufferStart), count);
        Position += count;
        return bytes;
    }
}
