namespace Tollgate.Inference.Templates;

/// <summary>Finds a text in another one in time that is linear in both, whatever they are.</summary>
internal sealed class TextSearch
{
    /// <summary>Up to this length .NET's search, which may look at a part again at every place, is the faster one.</summary>
    private const int LongestPlain = 16;

    private readonly string _part;
    private readonly int[]? _borders;
    private readonly TemplateBudget _budget;

    public TextSearch(string part, TemplateBudget budget)
    {
        _part = part;
        _budget = budget;
        if (part.Length > LongestPlain)
        {
            budget.Charge(part.Length / 8);
            budget.Allocate(4L * part.Length);
            _borders = Borders(part);
        }
    }

    /// <summary>The first place at or after <paramref name="start"/>; -1 where there is none.</summary>
    public int Find(string text, int start)
    {
        var at = _borders is null ? text.IndexOf(_part, start, StringComparison.Ordinal) : FindLong(text, start, _borders);
        _budget.Charge(1 + (((at < 0 ? text.Length : at + _part.Length) - start) / 8));
        return at;
    }

    public long Count(string text)
    {
        if (_part.Length == 0)
        {
            return text.Length + 1L;
        }

        var count = 0L;
        for (var at = Find(text, 0); at >= 0; at = Find(text, at + _part.Length))
        {
            count++;
        }

        return count;
    }

    private int FindLong(string text, int start, int[] borders)
    {
        var matched = 0;
        for (var i = start; i < text.Length; i++)
        {
            while (matched > 0 && text[i] != _part[matched])
            {
                matched = borders[matched - 1];
            }

            matched += text[i] == _part[matched] ? 1 : 0;
            if (matched == _part.Length)
            {
                return i - _part.Length + 1;
            }
        }

        return -1;
    }

    /// <summary>For each prefix the length of its longest proper prefix that is its suffix too (Knuth, Morris, Pratt 1977).</summary>
    private static int[] Borders(string part)
    {
        var borders = new int[part.Length];
        for (int i = 1, length = 0; i < part.Length; i++)
        {
            while (length > 0 && part[i] != part[length])
            {
                length = borders[length - 1];
            }

            length += part[i] == part[length] ? 1 : 0;
            borders[i] = length;
        }

        return borders;
    }
}
