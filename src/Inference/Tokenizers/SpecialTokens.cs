namespace Tollgate.Inference.Tokenizers;

/// <summary>Finds tokens that are written out in a text: the leftmost, and of those the longest.</summary>
internal sealed class SpecialTokens
{
    private readonly Dictionary<char, (string Text, int Id)[]> _byFirst;

    public SpecialTokens(IEnumerable<(string Text, int Id)> tokens)
    {
        _byFirst = tokens
            .Where(t => t.Text.Length > 0)
            .GroupBy(t => t.Text[0])
            .ToDictionary(g => g.Key, g => g.OrderByDescending(t => t.Text.Length).ToArray());
        Starts = System.Buffers.SearchValues.Create([.. _byFirst.Keys]);
    }

    private System.Buffers.SearchValues<char> Starts { get; }

    /// <summary>The first token at or after the start of the text; length 0 when there is none.</summary>
    public (int Start, int Length, int Id) Find(ReadOnlySpan<char> text)
    {
        var at = 0;
        while (true)
        {
            var next = text[at..].IndexOfAny(Starts);
            if (next < 0)
            {
                return (text.Length, 0, -1);
            }

            at += next;
            foreach (var (token, id) in _byFirst[text[at]])
            {
                if (text[at..].StartsWith(token, StringComparison.Ordinal))
                {
                    return (at, token.Length, id);
                }
            }

            at++;
        }
    }
}
