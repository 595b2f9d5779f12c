using System.Buffers.Binary;
using System.Globalization;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Tollgate.Gateway.Journal;

/// <summary>
/// One mapped file of the journal. All its bytes exist on disk from the start, so that a full disk shows when it is made and never while
/// it is written. Bytes that were written once never change; readers may run beside the one writer.
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
    /// <exception cref="IOException">The disk is full, or a limit on file sizes lies below it; nothing is left behind.</exception>
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
        catch (Exception exception) when (exception is IOException or ArgumentOutOfRangeException)
        {
            File.Delete(path);
            if (exception is ArgumentOutOfRangeException)
            {
                throw new IOException($"{path} is larger than a file may be.", exception); // What .NET makes of EFBIG while it writes.
            }

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

    /// <exception cref="ObjectDisposedException">The segment was deleted.</exception>
    public void Write(int offset, ReadOnlySpan<byte> bytes)
    {
        using var mapped = new Mapped(_view, offset, bytes.Length);
        bytes.CopyTo(mapped.Bytes);
    }

    /// <exception cref="ObjectDisposedException">The segment was deleted.</exception>
    public void Read(int offset, Span<byte> bytes)
    {
        using var mapped = new Mapped(_view, offset, bytes.Length);
        mapped.Bytes.CopyTo(bytes);
    }

    /// <summary>Zeroes everything from <paramref name="offset"/> on, so that no torn
    /// record is ever taken for one of later writes.</summary>
    public void Cut(int offset)
    {
        using (var mapped = new Mapped(_view, offset, Size - offset))
        {
            mapped.Bytes.Clear();
        }

        Sync(offset, Size);
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

    /// <summary>Returns when the bytes from <paramref name="from"/> up to <paramref name="to"/> are on disk. Only their pages are looked
    /// at: a whole segment has thousands.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void Sync(int from, int to)
    {
        var page = from & -Environment.SystemPageSize;
        using var mapped = new Mapped(_view, page, to - page);
        mapped.Sync();
    }

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }
}

/// <summary>
/// A part of a view as a span, copied in one go; the accessor's own copies go byte by byte. While it lives the view cannot be unmapped, so
/// a segment that is deleted meanwhile throws and does not end the process.
/// </summary>
internal readonly unsafe ref partial struct Mapped : IDisposable
{
    private readonly SafeMemoryMappedViewHandle _handle;

    public Mapped(MemoryMappedViewAccessor view, int offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + (long)length, view.Capacity);
        byte* start = null;
        _handle = view.SafeMemoryMappedViewHandle;
        _handle.AcquirePointer(ref start);
        Bytes = new Span<byte>(start + view.PointerOffset + offset, length);
    }

    public Span<byte> Bytes { get; }

    /// <summary>Returns when the bytes, which begin a page, are on disk.</summary>
    public void Sync()
    {
        fixed (byte* start = Bytes)
        {
            if (Posix.Sync(start, (nuint)Bytes.Length, Posix.Synchronous) != 0)
            {
                throw new IOException($"msync: {Marshal.GetLastPInvokeErrorMessage()}");
            }
        }
    }

    public void Dispose() => _handle.ReleasePointer();

    private static partial class Posix
    {
        /// <summary>MS_SYNC.</summary>
        public const int Synchronous = 4;

        [LibraryImport("libc", EntryPoint = "msync", SetLastError = true)]
        public static partial int Sync(byte* start, nuint length, int flags);
    }
}

/// <param name="JournalId">Identity of the journal that the segment belongs to.</param>
/// <param name="Boot">Start of the gateway that put the segment into use.</param>
internal sealed record SegmentHeader(Guid JournalId, long Boot, long UsedSinceMs);
