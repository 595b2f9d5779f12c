namespace Tollgate.Inference.Tokenizers;

/// <summary>Finds tokens that are written out in a text: the leftmost, and of those the longest.</summary>
/// <remarks>A tree of characters: time is linear in the text, however many tokens begin alike.</remarks>
internal sealed class SpecialTokens
{
    private const int LongestToken = 256;
    private const int MostTokens = 65_536;

    private readonly Dictionary<(int Node, char Next), int> _children = [];
    private readonly Dictionary<int, int> _ids = [];
    private readonly System.Buffers.SearchValues<char> _starts;

    /// <exception cref="FormatException">There are too many tokens, or one is too long to be looked for at every place of a
    /// text.</exception>
    public SpecialTokens(IEnumerable<(string Text, int Id)> tokens)
    {
        var count = 0;
        foreach (var (text, id) in tokens.Where(t => t.Text.Length > 0))
        {
            if (++count > MostTokens || text.Length > LongestToken)
            {
                throw new FormatException(
                    $"The tokenizer has more than {MostTokens} special tokens, or one of more than {LongestToken} characters.");
            }

            var node = 0;
            foreach (var character in text)
            {
                if (!_children.TryGetValue((node, character), out var child))
                {
                    child = _children.Count + 1;
                    _children[(node, character)] = child;
                }

                node = child;
            }

            _ids.TryAdd(node, id);
        }

        _starts = System.Buffers.SearchValues.Create([.. _children.Keys.Where(k => k.Node == 0).Select(k => k.Next)]);
    }

    /// <summary>The first token at or after the start of the text; length 0 when there is none.</summary>
    public (int Start, int Length, int Id) Find(ReadOnlySpan<char> text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            var next = text[at..].IndexOfAny(_starts);
            if (next < 0)
            {
                break;
            }

            at += next;
            if (Match(text[at..]) is { Length: > 0 } match)
            {
                return (at, match.Length, match.Id);
            }
        }

        return (text.Length, 0, -1);
    }

    private (int Length, int Id) Match(ReadOnlySpan<char> text)
    {
        var (node, longest, found) = (0, 0, -1);
        for (var length = 1; length <= text.Length && _children.TryGetValue((node, text[length - 1]), out node); length++)
        {
            if (_ids.TryGetValue(node, out var id))
            {
                (longest, found) = (length, id);
            }
        }

        return (longest, found);
    }
}
