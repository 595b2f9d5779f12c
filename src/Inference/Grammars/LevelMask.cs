namespace Tollgate.Inference.Grammars;

/// <summary>The tokens that one level of a stack allows, whatever is below it. Immutable.</summary>
internal sealed class LevelMask
{
    private readonly ulong[] _bits;
    private readonly long _toEnd;
    private readonly (int Token, long ToEnd)[]? _longer;
    private readonly (int Token, long ToEnd)[]? _shorter;

    /// <param name="bits">Tokens that may follow, except those that go on in lower levels.</param>
    /// <param name="longestEnd">The longest way to this level's end behind an allowed token, in bytes.</param>
    public LevelMask(ulong[] bits, LevelNotes notes, long longestEnd)
    {
        _bits = bits;
        _toEnd = notes.ToEnd;
        _longer = notes.Longer?.ToArray();
        _shorter = notes.Shorter?.ToArray();
        Leaving = [.. notes.Leaving];
        LongestEnd = longestEnd;
    }

    /// <summary>Tokens that may follow, except those that go on in lower levels.</summary>
    public ulong[] Bits => _bits;

    /// <summary>Nodes of the trie at which the level may end, with tokens below them.</summary>
    public int[] Leaving { get; }

    /// <summary>The longest way to this level's end behind an allowed token, in bytes.</summary>
    public long LongestEnd { get; }

    /// <summary>Bytes of memory.</summary>
    public long Bytes => (8L * _bits.Length) + (4L * Leaving.Length) + (16L * ((_longer?.Length ?? 0) + (_shorter?.Length ?? 0)));

    /// <summary>Adds the tokens behind which the way to the level's end is within a limit.</summary>
    /// <returns>False where it is not known which these are; nothing is added.</returns>
    public bool TryAddTo(ulong[] bits, long limit)
    {
        if (limit >= LongestEnd)
        {
            Add(bits, _bits);
            return true;
        }

        if (limit < _toEnd)
        {
            foreach (var (token, toEnd) in _shorter ?? [])
            {
                bits[token >> 6] |= toEnd <= limit ? 1ul << (token & 63) : 0;
            }

            return _shorter is not null;
        }

        if (_longer is null)
        {
            return false;
        }

        var within = (ulong[])_bits.Clone();
        foreach (var (token, toEnd) in _longer)
        {
            within[token >> 6] &= toEnd > limit ? ~(1ul << (token & 63)) : ulong.MaxValue;
        }

        Add(bits, within);
        return true;
    }

    private static void Add(ulong[] bits, ulong[] others)
    {
        for (var word = 0; word < bits.Length; word++)
        {
            bits[word] |= others[word];
        }
    }
}
