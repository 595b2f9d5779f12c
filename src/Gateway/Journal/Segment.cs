using System.Buffers.Binary;
using System.Globalization;
using System.IO.MemoryMappedFiles;

namespace Tollgate.Gateway.Journal;

/// <summary>
/// One mapped file of the journal. All its bytes exist on disk from the start, so that a full disk shows when it is made and never while it
/// is written. Bytes that were written once never change; readers may run beside the one writer.
/// </summary>
internal sealed class Segment : IDisposable
{
    /// <summary>magic 8, version 4, reserved 4, journal id 16, boot 8, put into use (ms
    /// since 1970) 8, CRC-32C over these 4, padding.</summary>
    public const int HeaderBytes = 64;

    private const ulong Magic = 0x314C4E524A475454; // "TTGJRNL1"
    private const int Version = 1;
    private const int Zeros = 1024 * 1024;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    private Segment(string path, long number, int size)
    {
        Path = path;
        Number = number;
        Size = size;
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, mapName: null, size, MemoryMappedFileAccess.ReadWrite);
        _view = _file.CreateViewAccessor(0, size, MemoryMappedFileAccess.ReadWrite);
    }

    public string Path { get; }

    public long Number { get; }

    public int Size { get; }

    /// <summary>Makes a file of zeros that are really on disk, and maps it.</summary>
    /// <exception cref="IOException">The disk is full; nothing is left behind.</exception>
    public static Segment Prepare(string folder, long number, int size)
    {
        var path = PathOf(folder, number);
        try
        {
            using (var handle =
                File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.None, FileOptions.None, preallocationSize: size))
            {
                var zeros = new byte[Math.Min(Zeros, size)];
                for (var written = 0; written < size; written += zeros.Length)
                {
                    RandomAccess.Write(handle, zeros.AsSpan(0, Math.Min(zeros.Length, size - written)), written);
                }

                RandomAccess.FlushToDisk(handle);
            }

            return new Segment(path, number, size);
        }
        catch (IOException)
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Maps an existing file.</summary>
    public static Segment Open(string path) =>
        new(path, long.Parse(System.IO.Path.GetFileNameWithoutExtension(path), CultureInfo.InvariantCulture),
            checked((int)new FileInfo(path).Length));

    public static string PathOf(string folder, long number) =>
        System.IO.Path.Combine(folder, number.ToString("D10", CultureInfo.InvariantCulture) + ".seg");

    /// <summary>Puts the segment into use.</summary>
    public void WriteHeader(SegmentHeader header)
    {
        Span<byte> bytes = stackalloc byte[HeaderBytes];
        bytes.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[8..], Version);
        header.JournalId.TryWriteBytes(bytes[16..]);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[32..], header.Boot);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[40..], header.UsedSinceMs);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[48..], RecordFormat.Crc32C(bytes[..48]));
        Write(0, bytes);
    }

    /// <summary>The header; null when the segment was prepared but never used, or its header is damaged.</summary>
    public SegmentHeader? ReadHeader()
    {
        Span<byte> bytes = stackalloc byte[HeaderBytes];
        if (Size < HeaderBytes)
        {
            return null;
        }

        Read(0, bytes);
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic
            || BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]) != Version
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[48..]) != RecordFormat.Crc32C(bytes[..48]))
        {
            return null;
        }

        return new SegmentHeader(
            new Guid(bytes.Slice(16, 16)), BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]),
                BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]));
    }

    public void Write(int offset, ReadOnlySpan<byte> bytes) => _view.SafeMemoryMappedViewHandle.WriteSpan((ulong)offset, bytes);

    public void Read(int offset, Span<byte> bytes) => _view.SafeMemoryMappedViewHandle.ReadSpan((ulong)offset, bytes);

    /// <summary>Zeroes everything from <paramref name="offset"/> on, so that no torn
    /// record is ever taken for one of later writes.</summary>
    public void Cut(int offset)
    {
        var zeros = new byte[Math.Min(Zeros, Size)];
        for (; offset < Size; offset += zeros.Length)
        {
            Write(offset, zeros.AsSpan(0, Math.Min(zeros.Length, Size - offset)));
        }
    }

    /// <summary>Whether anything but zeros follows <paramref name="offset"/>.</summary>
    public bool HasBytesAfter(int offset)
    {
        var window = new byte[Math.Min(Zeros, Size)];
        for (; offset < Size; offset += window.Length)
        {
            var part = window.AsSpan(0, Math.Min(window.Length, Size - offset));
            Read(offset, part);
            if (part.ContainsAnyExcept((byte)0))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Returns when everything written so far is on disk.</summary>
    public void Sync() => _view.Flush();

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }
}

/// <param name="JournalId">Identity of the journal that the segment belongs to.</param>
/// <param name="Boot">Start of the gateway that put the segment into use.</param>
internal sealed record SegmentHeader(Guid JournalId, long Boot, long UsedSinceMs);
