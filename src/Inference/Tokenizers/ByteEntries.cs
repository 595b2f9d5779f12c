using System.Globalization;

namespace Tollgate.Inference.Tokenizers;

/// <summary>Entries that stand for single bytes, written <c>&lt;0x0A&gt;</c>: a character that the vocabulary lacks becomes those of its
/// bytes.</summary>
internal static class ByteEntries
{
    /// <summary>Whether all bytes of a text have an entry; a text with one that has none is unknown.</summary>
    public static bool Cover(int[] ids, ReadOnlySpan<byte> utf8)
    {
        foreach (var value in utf8)
        {
            if (ids[value] < 0)
            {
                return false;
            }
        }

        return true;
    }

    public static bool TryRead(string? entry, out byte value)
    {
        value = 0;
        return entry is { Length: 6 } && entry.StartsWith("<0x", StringComparison.Ordinal) && entry[5] == '>'
            && byte.TryParse(entry.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>The ids of the entries by their byte, −1 where one is missing; null where all are.</summary>
    public static int[]? Find(IReadOnlyList<string?> entries)
    {
        var ids = new int[256];
        Array.Fill(ids, -1);
        for (var id = 0; id < entries.Count; id++)
        {
            if (TryRead(entries[id], out var value))
            {
                ids[value] = id;
            }
        }

        return Array.TrueForAll(ids, id => id < 0) ? null : ids;
    }
}
