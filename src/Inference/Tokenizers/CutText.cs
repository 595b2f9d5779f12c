using System.Text;

namespace Tollgate.Inference.Tokenizers;

/// <summary>Appends the places in a text where something matches, in order and without overlaps.</summary>
internal delegate void MatchFinder(ReadOnlySpan<char> text, List<Range> matches);

/// <summary>A text while pre-tokenizers cut it into pieces. One thread at a time.</summary>
/// <param name="atStart">Whether the text begins what is encoded: no token stands before it.</param>
internal sealed class CutText(string text, bool atStart)
{
    private readonly List<Range> _matches = [];

    /// <summary>Whether <see cref="Text"/> begins what is encoded.</summary>
    public bool AtStart => atStart;

    public string Text { get; private set; } = text;

    /// <summary>The pieces, in order. None is empty.</summary>
    public List<Range> Pieces { get; private set; } = text.Length == 0 ? [] : [0..text.Length];

    /// <summary>Cuts each piece at its matches.</summary>
    /// <param name="isInverse">Whether what lies between the matches counts as the matches.</param>
    public void Split(MatchFinder find, SplitBehaviour behaviour, bool isInverse = false)
    {
        var pieces = new List<Range>(Pieces.Count * 2);
        foreach (var piece in Pieces)
        {
            _matches.Clear();
            find(Text.AsSpan(piece), _matches);
            AddParts(piece.Start.Value, piece.End.Value, behaviour, isInverse, pieces);
        }

        Pieces = pieces;
    }

    /// <summary>Cuts each piece by rules that leave nothing out.</summary>
    public void Split(PreTokenizer[] rules)
    {
        var pieces = new List<Range>(Pieces.Count * 2);
        foreach (var piece in Pieces)
        {
            PreTokenizer.Split(rules, Text.AsSpan(piece), piece.Start.Value, pieces);
        }

        Pieces = pieces;
    }

    /// <summary>Replaces each piece.</summary>
    /// <param name="change">Gives the new text of a piece; its second argument is whether the piece begins the text.</param>
    public void Rewrite(Func<string, bool, string> change)
    {
        var (changed, pieces) = (new StringBuilder(Text.Length + 16), new List<Range>(Pieces.Count));
        foreach (var piece in Pieces)
        {
            var start = changed.Length;
            changed.Append(change(Text[piece], atStart && piece.Start.Value == 0));
            if (changed.Length > start)
            {
                pieces.Add(start..changed.Length);
            }
        }

        (Text, Pieces) = (changed.ToString(), pieces);
    }

    private void AddParts(int start, int end, SplitBehaviour behaviour, bool isInverse, List<Range> pieces)
    {
        var parts = new List<(int Start, int End, bool Matches)>((_matches.Count * 2) + 1);
        var last = start;
        foreach (var match in _matches)
        {
            if (start + match.Start.Value > last)
            {
                parts.Add((last, start + match.Start.Value, isInverse));
            }

            last = start + match.End.Value;
            parts.Add((start + match.Start.Value, last, !isInverse));
        }

        if (last < end)
        {
            parts.Add((last, end, isInverse));
        }

        var first = pieces.Count;
        Join(parts, behaviour, pieces);
        var kept = Compact(pieces, first);
        pieces.RemoveRange(kept, pieces.Count - kept);
    }

    private static void Join(List<(int Start, int End, bool Matches)> parts, SplitBehaviour behaviour, List<Range> pieces)
    {
        for (var i = 0; i < parts.Count; i++)
        {
            var (start, end, matches) = parts[i];
            var (before, after) = (i > 0 && parts[i - 1].Matches, i + 1 < parts.Count && parts[i + 1].Matches);
            switch (behaviour)
            {
                case SplitBehaviour.Removed when matches:
                    continue;
                case SplitBehaviour.Contiguous when i > 0 && before == matches:
                case SplitBehaviour.MergedWithPrevious when i > 0 && matches && !before:
                    pieces[^1] = pieces[^1].Start.Value..end;
                    continue;
                case SplitBehaviour.MergedWithNext when i + 1 < parts.Count && matches && !after:
                    pieces.Add(start..parts[++i].End);
                    continue;
                default:
                    pieces.Add(start..end);
                    continue;
            }
        }
    }

    /// <summary>Moves empty pieces to the end; returns where they begin.</summary>
    private static int Compact(List<Range> pieces, int first)
    {
        var kept = first;
        for (var i = first; i < pieces.Count; i++)
        {
            if (pieces[i].End.Value > pieces[i].Start.Value)
            {
                pieces[kept++] = pieces[i];
            }
        }

        return kept;
    }
}

/// <summary>What becomes of the matches at which a text is cut.</summary>
internal enum SplitBehaviour
{
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,

    /// <summary>Matches side by side are one piece.</summary>
    Contiguous,
}
