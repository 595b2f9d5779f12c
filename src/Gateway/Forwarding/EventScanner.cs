using System.Buffers.Text;
using Tollgate.Gateway.Calls;

namespace Tollgate.Gateway.Forwarding;

/// <summary>Why a scan stopped.</summary>
internal enum ScanEnd
{
    /// <summary>The bytes end, perhaps in the middle of an event.</summary>
    NeedsMore,

    /// <summary>The next event ends the stream well, such as <c>[DONE]</c>.</summary>
    Done,

    /// <summary>The next event is the worker's error frame.</summary>
    Failed,

    /// <summary>The next event breaks the rules: its id is missing, is not a number, falls, or is above the hold.</summary>
    Broken,
}

/// <summary>The whole events at the front of some bytes.</summary>
/// <param name="Length">Bytes of the events that may go out.</param>
/// <param name="Counted">Whether one of them carries data, as opposed to comments that only keep a connection open.</param>
/// <param name="Tokens">Output tokens up to and including the last of them.</param>
/// <param name="Count">How many they are.</param>
/// <param name="Next">Bytes of the event after them that made the scan stop; 0 for <see cref="ScanEnd.NeedsMore"/>.</param>
internal readonly record struct ScannedEvents(int Length, bool Counted, long Tokens, int Count, ScanEnd End, int Next);

/// <summary>
/// Finds the borders of a worker's events and reads their token counts without parsing any JSON: each event that carries data starts with
/// the line <c>id: &lt;output tokens so far, all choices&gt;</c>. Events end with an empty line; lines end with LF.
/// </summary>
internal static class EventScanner
{
    /// <param name="bytes">Starts at the border of an event.</param>
    /// <param name="tokens">Output tokens of everything before; an id may not be smaller.</param>
    /// <param name="mostTokens">Output tokens that the hold covers; an id may not be greater.</param>
    /// <param name="wire">How the stream ends.</param>
    public static ScannedEvents Scan(ReadOnlySpan<byte> bytes, long tokens, long mostTokens, Wire wire)
    {
        var (length, count) = (0, 0);
        var counted = false;
        while (true)
        {
            var border = bytes[length..].IndexOf("\n\n"u8);
            if (border < 0)
            {
                return new ScannedEvents(length, counted, tokens, count, ScanEnd.NeedsMore, 0);
            }

            var next = border + 2;
            var end = ReadEvent(bytes.Slice(length, border + 1), ref tokens, mostTokens, wire, ref counted);
            if (end != ScanEnd.NeedsMore)
            {
                return new ScannedEvents(length, counted, tokens, count, end, next);
            }

            length += next;
            count++;
        }
    }

    /// <param name="text">One event with the end of its last line.</param>
    private static ScanEnd ReadEvent(ReadOnlySpan<byte> text, ref long tokens, long mostTokens, Wire wire, ref bool counted)
    {
        long? id = null;
        if (text.StartsWith("id: "u8))
        {
            if (!Utf8Parser.TryParse(text[4..], out long value, out var digits) || text[4 + digits] != '\n' || value < tokens
                || value > mostTokens)
            {
                return ScanEnd.Broken;
            }

            id = value;
            text = text[(4 + digits + 1)..];
        }

        if (text.IsEmpty || text[0] == ':')
        {
            return ScanEnd.NeedsMore;
        }

        if (StartsWithOne(text, wire.Ends))
        {
            tokens = id ?? tokens;
            return ScanEnd.Done;
        }

        if (StartsWithOne(text, wire.Failures))
        {
            return ScanEnd.Failed;
        }

        if (id is null)
        {
            return ScanEnd.Broken; // What is not counted may not go out: it would be delivered and never billed.
        }

        tokens = id.Value;
        counted = true;
        return ScanEnd.NeedsMore;
    }

    private static bool StartsWithOne(ReadOnlySpan<byte> text, IReadOnlyList<byte[]> beginnings)
    {
        foreach (var beginning in beginnings)
        {
            if (text.StartsWith(beginning))
            {
                return true;
            }
        }

        return false;
    }
}
