using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Finds what <see cref="Utf8JsonReader"/> lets pass or does not name.</summary>
internal static class JsonFaults
{
    /// <returns>Position of the first byte that is no UTF-8; the length where there is none.</returns>
    public static int FirstInvalidByte(ReadOnlySpan<byte> utf8)
    {
        Span<char> scratch = stackalloc char[512];
        var position = 0;
        OperationStatus status;
        do
        {
            status = Utf8.ToUtf16(utf8[position..], scratch, out var read, out _, replaceInvalidSequences: false);
            position += read;
        }
        while (status == OperationStatus.DestinationTooSmall);

        return position;
    }

    /// <summary>Finds an unpaired surrogate among the escapes of a well-formed JSON string.</summary>
    /// <returns>Position of its backslash; −1 where there is none.</returns>
    public static int FindLoneSurrogate(ReadOnlySpan<byte> escaped)
    {
        var position = 0;
        var high = -1;
        while (true)
        {
            var backslash = escaped[position..].IndexOf((byte)'\\');
            if (high >= 0 && backslash != 0)
            {
                return high;
            }

            if (backslash < 0)
            {
                return -1;
            }

            position += backslash;
            var isUnit = escaped[position + 1] == (byte)'u';
            var unit = isUnit
                ? int.Parse(escaped.Slice(position + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
                : 0;
            if ((high >= 0) != (unit is >= 0xDC00 and <= 0xDFFF))
            {
                return high >= 0 ? high : position;
            }

            high = unit is >= 0xD800 and <= 0xDBFF ? position : -1;
            position += isUnit ? 6 : 2;
        }
    }

    /// <summary>After a <see cref="JsonException"/>: whether the nesting was too deep.</summary>
    public static bool IsTooDeep(in Utf8JsonReader json, ReadOnlySpan<byte> text, int maxDepth)
    {
        var depth = json.CurrentDepth + (json.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray ? 1 : 0);
        return depth == maxDepth && text[(int)json.BytesConsumed..].TrimStart(" \t\r\n,"u8) is [(byte)'[' or (byte)'{', ..];
    }
}
