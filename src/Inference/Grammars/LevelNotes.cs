namespace Tollgate.Inference.Grammars;

/// <summary>What a walk over the trie finds out of one level of a stack.</summary>
/// <param name="toEnd">Bytes to the level's end before the walk.</param>
internal sealed class LevelNotes(long toEnd)
{
    /// <summary>Lists of more tokens are not kept: 16 bytes each.</summary>
    private const int MostTokens = 8_192;

    /// <summary>Bytes to the level's end before the walk.</summary>
    public long ToEnd => toEnd;

    /// <summary>Nodes of the trie at which the level may end, with tokens below them.</summary>
    public List<int> Leaving { get; } = [];

    /// <summary>Tokens that make the way to the level's end longer, with that way in bytes; null where there are too many.</summary>
    public List<(int Token, long ToEnd)>? Longer { get; private set; } = [];

    /// <summary>Tokens that make it shorter; null where there are too many.</summary>
    public List<(int Token, long ToEnd)>? Shorter { get; private set; } = [];

    /// <summary>Notes the tokens of one node of the trie.</summary>
    /// <param name="toEndBehind">Bytes to the level's end behind them.</param>
    public void Note(ReadOnlySpan<int> tokens, long toEndBehind)
    {
        if (toEndBehind > toEnd)
        {
            Longer = Add(Longer, tokens, toEndBehind);
        }
        else if (toEndBehind < toEnd)
        {
            Shorter = Add(Shorter, tokens, toEndBehind);
        }
    }

    private static List<(int Token, long ToEnd)>? Add(List<(int Token, long ToEnd)>? list, ReadOnlySpan<int> tokens, long toEnd)
    {
        if (list is null || list.Count + tokens.Length > MostTokens)
        {
            return null;
        }

        foreach (var token in tokens)
        {
            list.Add((token, toEnd));
        }

        return list;
    }
}
