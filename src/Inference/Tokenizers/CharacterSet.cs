using System.Globalization;
using System.Text;

namespace Tollgate.Inference.Tokenizers;

/// <summary>A set of Unicode characters. Immutable, so thread-safe.</summary>
internal sealed class CharacterSet
{
    private const int Last = 0x10FFFF;
    private const int PlaneSize = 0x10000;

    /// <summary>Larger sets are of whole categories, which hold both cases.</summary>
    private const int MostFolded = 512;

    private static readonly Lazy<List<(int First, int Last)>[]> Categories = new(ReadCategories);

    /// <summary>The script Han, Unicode 15.1.</summary>
    private static readonly (int First, int Last)[] HanRanges =
    [
        (0x2E80, 0x2E99), (0x2E9B, 0x2EF3), (0x2F00, 0x2FD5), (0x3005, 0x3005), (0x3007, 0x3007), (0x3021, 0x3029), (0x3038, 0x303B),
        (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFA6D), (0xFA70, 0xFAD9), (0x16FE2, 0x16FE3), (0x16FF0, 0x16FF1),
        (0x20000, 0x2A6DF), (0x2A700, 0x2B739), (0x2B740, 0x2B81D), (0x2B820, 0x2CEA1), (0x2CEB0, 0x2EBE0), (0x2EBF0, 0x2EE5D),
        (0x2F800, 0x2FA1D), (0x30000, 0x3134A), (0x31350, 0x323AF),
    ];

    private readonly ulong[] _plane = new ulong[PlaneSize / 64];
    private readonly (int First, int Last)[] _ranges;

    private CharacterSet((int First, int Last)[] ranges)
    {
        _ranges = ranges;
        foreach (var (first, last) in ranges)
        {
            for (var point = first; point <= Math.Min(last, PlaneSize - 1); point++)
            {
                _plane[point >> 6] |= 1UL << (point & 63);
            }
        }
    }

    /// <summary>White space, as Unicode defines it.</summary>
    public static CharacterSet Space { get; } = Of(
        [(0x09, 0x0D), (0x20, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F),
            (0x205F, 0x205F), (0x3000, 0x3000)]);

    /// <summary>What Oniguruma takes for a letter of a word: letters, marks, numbers and connecting punctuation.</summary>
    public static CharacterSet Word { get; } = Property("L")!.Union(Property("M")!).Union(Property("N")!).Union(Property("Pc")!);

    /// <summary>What Rust's expressions take for a letter of a word: no fractions and the like, but joiners and circled letters.</summary>
    public static CharacterSet RustWord { get; } = Word.Intersect(Property("No")!.Invert()).Union(Of(
        [(0x200C, 0x200D), (0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)]));

    /// <summary>The characters in order, as ranges that do not touch.</summary>
    public IReadOnlyList<(int First, int Last)> Ranges => _ranges;

    /// <param name="ranges">In any order; they may overlap.</param>
    public static CharacterSet Of(IEnumerable<(int First, int Last)> ranges)
    {
        var merged = new List<(int First, int Last)>();
        foreach (var range in ranges.OrderBy(range => range.First))
        {
            if (merged.Count > 0 && range.First <= merged[^1].Last + 1)
            {
                merged[^1] = (merged[^1].First, Math.Max(merged[^1].Last, range.Last));
            }
            else
            {
                merged.Add(range);
            }
        }

        return new CharacterSet([.. merged]);
    }

    public static CharacterSet Of(int point) => new([(point, point)]);

    /// <summary>The characters of a general category such as <c>L</c> or <c>Lu</c>, or of the script <c>Han</c>; null for another
    /// name.</summary>
    public static CharacterSet? Property(string name)
    {
        if (name == "Han")
        {
            return Of(HanRanges);
        }

        var categories = Enum.GetValues<UnicodeCategory>()
            .Where(category => Abbreviate(category).StartsWith(name, StringComparison.Ordinal)).ToArray();
        return name.Length is 1 or 2 && categories.Length > 0
            ? Of(categories.SelectMany(category => Categories.Value[(int)category])) : null;
    }

    public bool Contains(int point)
    {
        if (point < PlaneSize)
        {
            return (_plane[point >> 6] & (1UL << (point & 63))) != 0;
        }

        var (low, high) = (0, _ranges.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (point < _ranges[middle].First)
            {
                high = middle - 1;
            }
            else if (point > _ranges[middle].Last)
            {
                low = middle + 1;
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a text has a character of the set at a place, and the length of the character there, in UTF-16 units.</summary>
    public bool IsAt(ReadOnlySpan<char> text, int at, out int length)
    {
        if ((uint)at >= (uint)text.Length)
        {
            length = 0;
            return false;
        }

        var unit = text[at];
        length = 1;
        if (!char.IsSurrogate(unit))
        {
            return (_plane[unit >> 6] & (1UL << (unit & 63))) != 0;
        }

        Rune.DecodeFromUtf16(text[at..], out var rune, out length); // Half a character reads as U+FFFD.
        return Contains(rune.Value);
    }

    public CharacterSet Union(CharacterSet other) => Of(_ranges.Concat(other._ranges));

    public CharacterSet Intersect(CharacterSet other) => Invert().Union(other.Invert()).Invert();

    public CharacterSet Invert()
    {
        var (gaps, next) = (new List<(int, int)>(), 0);
        foreach (var (first, last) in _ranges)
        {
            if (first > next)
            {
                gaps.Add((next, first - 1));
            }

            next = last + 1;
        }

        if (next <= Last)
        {
            gaps.Add((next, Last));
        }

        return new CharacterSet([.. gaps]);
    }

    /// <summary>The set with both cases of its letters.</summary>
    public CharacterSet IgnoreCase()
    {
        if (_ranges.Sum(range => range.Last - range.First + 1) > MostFolded)
        {
            return this;
        }

        var both = new List<(int, int)>(_ranges);
        foreach (var rune in _ranges.SelectMany(range => Enumerable.Range(range.First, range.Last - range.First + 1))
            .Where(Rune.IsValid).Select(point => new Rune(point)))
        {
            AddPoint(Rune.ToUpperInvariant(rune).Value);
            AddPoint(Rune.ToLowerInvariant(rune).Value);
            switch (rune.Value)
            {
                case 's' or 'S':
                    AddPoint(0x17F); // The long s and the Kelvin sign fold to letters of ASCII.
                    break;
                case 'k' or 'K':
                    AddPoint(0x212A);
                    break;
            }
        }

        return Of(both);

        void AddPoint(int point) => both.Add((point, point));
    }

    private static List<(int First, int Last)>[] ReadCategories()
    {
        var categories = Array.ConvertAll(Enum.GetValues<UnicodeCategory>(), _ => new List<(int, int)>());
        for (var first = 0; first <= Last;)
        {
            var (category, last) = (CharUnicodeInfo.GetUnicodeCategory(first), first);
            while (last < Last && CharUnicodeInfo.GetUnicodeCategory(last + 1) == category)
            {
                last++;
            }

            categories[(int)category].Add((first, last));
            first = last + 1;
        }

        return categories;
    }

    private static string Abbreviate(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => "Lu",
        UnicodeCategory.LowercaseLetter => "Ll",
        UnicodeCategory.TitlecaseLetter => "Lt",
        UnicodeCategory.ModifierLetter => "Lm",
        UnicodeCategory.OtherLetter => "Lo",
        UnicodeCategory.NonSpacingMark => "Mn",
        UnicodeCategory.SpacingCombiningMark => "Mc",
        UnicodeCategory.EnclosingMark => "Me",
        UnicodeCategory.DecimalDigitNumber => "Nd",
        UnicodeCategory.LetterNumber => "Nl",
        UnicodeCategory.OtherNumber => "No",
        UnicodeCategory.SpaceSeparator => "Zs",
        UnicodeCategory.LineSeparator => "Zl",
        UnicodeCategory.ParagraphSeparator => "Zp",
        UnicodeCategory.Control => "Cc",
        UnicodeCategory.Format => "Cf",
        UnicodeCategory.Surrogate => "Cs",
        UnicodeCategory.PrivateUse => "Co",
        UnicodeCategory.ConnectorPunctuation => "Pc",
        UnicodeCategory.DashPunctuation => "Pd",
        UnicodeCategory.OpenPunctuation => "Ps",
        UnicodeCategory.ClosePunctuation => "Pe",
        UnicodeCategory.InitialQuotePunctuation => "Pi",
        UnicodeCategory.FinalQuotePunctuation => "Pf",
        UnicodeCategory.OtherPunctuation => "Po",
        UnicodeCategory.MathSymbol => "Sm",
        UnicodeCategory.CurrencySymbol => "Sc",
        UnicodeCategory.ModifierSymbol => "Sk",
        UnicodeCategory.OtherSymbol => "So",
        _ => "Cn",
    };
}
