using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;
using Tollgate.Contracts.Workers;

namespace Tollgate.Inference.Witness;

/// <summary>One file of the log: a header of 40 bytes — magic (8), log id (16), first position
/// (8), CRC-32 of those (4), zero (4) — and then records.</summary>
/// <param name="Start">Log position of its first record; also the file's name, as 16 hex digits.</param>
internal sealed record WitnessSegment(string Path, Guid LogId, long Start)
{
    private const int HeaderBytes = 40;
    private const string Extension = ".witness";

    private static ReadOnlySpan<byte> Magic => "TGWITNS1"u8;

    /// <summary>Makes an empty segment on disk.</summary>
    public static WitnessSegment Create(string directory, Guid logId, long start)
    {
        var header = new byte[HeaderBytes];
        Magic.CopyTo(header);
        logId.TryWriteBytes(header.AsSpan(8), bigEndian: true, out _);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(24), start);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(32), Crc32.HashToUInt32(header.AsSpan(0, 32)));
        var path = System.IO.Path.Combine(directory, start.ToString("x16", CultureInfo.InvariantCulture) + Extension);
        var temporary = path + ".new";
        File.WriteAllBytes(temporary, header);
        File.Move(temporary, path, overwrite: true); // A segment has its whole header or does not exist.
        return new WitnessSegment(path, logId, start);
    }

    /// <summary>The segments of a folder, oldest first; files with a damaged header are left out and left alone.</summary>
    public static List<WitnessSegment> List(string directory)
    {
        var segments = new List<WitnessSegment>();
        foreach (var path in Directory.EnumerateFiles(directory, "*" + Extension))
        {
            var header = new byte[HeaderBytes];
            using var file = File.OpenHandle(path);
            if (RandomAccess.Read(file, header, 0) == HeaderBytes
                && header.AsSpan(0, 8).SequenceEqual(Magic)
                && Crc32.HashToUInt32(header.AsSpan(0, 32)) == BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(32)))
            {
                segments.Add(new WitnessSegment(
                    path, new Guid(header.AsSpan(8, 16), bigEndian: true), BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(24))));
            }
        }

        segments.Sort((a, b) => a.Start.CompareTo(b.Start));
        return segments;
    }

    public SafeFileHandle OpenToAppend() => File.OpenHandle(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);

    public void Append(SafeFileHandle file, ReadOnlySpan<byte> record, long position) =>
        RandomAccess.Write(file, record, FileOffset(position));

    /// <summary>Cuts everything from a position on.</summary>
    public void Cut(SafeFileHandle file, long position) => RandomAccess.SetLength(file, FileOffset(position));

    /// <summary>Reads entries from a position on until a damaged or torn one.</summary>
    /// <param name="position">A position after a record, or the segment's start.</param>
    /// <param name="end">Nothing at or past this position is read.</param>
    public IEnumerable<WitnessEntry> Read(long position, long end)
    {
        using var file = File.OpenHandle(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var buffer = new byte[64 * 1024];
        while (position < end)
        {
            var length = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - position)), FileOffset(position));
            var used = 0;
            while (WitnessRecord.TryRead(buffer.AsSpan(used, length - used), position, out var entry))
            {
                used += (int)(entry.Position - position);
                position = entry.Position;
                yield return entry;
            }

            if (used == 0)
            {
                yield break;
            }
        }
    }

    private long FileOffset(long position) => position - Start + HeaderBytes;
}
