namespace Tollgate.Inference.Grammars;

/// <summary>Ranges of code points as sequences of ranges of bytes.</summary>
internal static class Utf8Ranges
{
    private const int FirstSurrogate = 0xD800;
    private const int LastSurrogate = 0xDFFF;

    /// <summary>The greatest code points of one to four bytes.</summary>
    private static readonly int[] LastOfLength = [0x7F, 0x7FF, 0xFFFF, RegexNode.LastCodePoint];

    /// <summary>Adds the code points of the ranges as ways from one state to another.</summary>
    public static void Add(Nfa nfa, IReadOnlyList<(int First, int Last)> ranges, int from, int to)
    {
        foreach (var (first, last) in ranges)
        {
            AddLengths(nfa, first, Math.Min(last, FirstSurrogate - 1), from, to);
            AddLengths(nfa, Math.Max(first, LastSurrogate + 1), Math.Min(last, RegexNode.LastCodePoint), from, to);
        }
    }

    private static void AddLengths(Nfa nfa, int first, int last, int from, int to)
    {
        for (var length = 1; length <= LastOfLength.Length && first <= last; length++)
        {
            var end = Math.Min(last, LastOfLength[length - 1]);
            if (first <= end)
            {
                AddOneLength(nfa, first, end, length, from, to);
                first = end + 1;
            }
        }
    }

    /// <summary>Splits until the ranges of all but the first bytes that differ are whole.</summary>
    private static void AddOneLength(Nfa nfa, int first, int last, int length, int from, int to)
    {
        for (var tail = 1; tail < length; tail++)
        {
            var mask = (1 << (6 * tail)) - 1;
            if ((first & ~mask) == (last & ~mask))
            {
                continue;
            }

            if ((first & mask) != 0)
            {
                AddOneLength(nfa, first, first | mask, length, from, to);
                AddOneLength(nfa, (first | mask) + 1, last, length, from, to);
                return;
            }

            if ((last & mask) != mask)
            {
                AddOneLength(nfa, first, (last & ~mask) - 1, length, from, to);
                AddOneLength(nfa, last & ~mask, last, length, from, to);
                return;
            }
        }

        for (var place = 0; place < length; place++)
        {
            var next = place == length - 1 ? to : nfa.AddState();
            nfa.AddBytes(from, ByteAt(first, length, place), ByteAt(last, length, place), next);
            from = next;
        }
    }

    private static int ByteAt(int codePoint, int length, int place)
    {
        var bits = codePoint >> (6 * (length - 1 - place));
        if (place > 0)
        {
            return 0x80 | (bits & 0x3F);
        }

        return length == 1 ? bits : ((0xF00 >> length) & 0xFF) | bits;
    }
}
