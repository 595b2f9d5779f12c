using System.Collections.Frozen;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Tollgate.Inference.Tokenizers;

/// <summary>Unicode's normal forms: decomposed and composed, of the same characters (NFD, NFC) or of compatible ones (NFKD,
/// NFKC).</summary>
/// <remarks>A table of our own: .NET's <c>Normalize</c> leaves text as it is where globalization is invariant, as it is in every service.
/// Time is n log n in the longest run of marks.</remarks>
internal static class CanonicalForms
{
    /// <summary>Most bytes of UTF-8 that one byte becomes when a text is composed: some characters are only written apart.</summary>
    public const int MostBytesPerByte = 3;

    /// <summary>As <see cref="MostBytesPerByte"/> for compatible characters: one ligature is a sentence.</summary>
    public const int MostCompatibleBytesPerByte = 11;

    private const int HangulFirst = 0xAC00;
    private const int HangulLast = 0xD7A3;
    private const int LeadFirst = 0x1100;
    private const int VowelFirst = 0x1161;
    private const int TailBefore = 0x11A7;
    private const int LeadCount = 19;
    private const int VowelCount = 21;
    private const int TailCount = 28;

    /// <summary>The first character that a composition can change or take away.</summary>
    private const char FirstUnstable = '\u0300';

    /// <summary>The first character that has parts.</summary>
    private const char FirstParted = '\u00A0';

    private static readonly Tables Data = ReadTables();

    /// <summary>The composed form, NFC. A lone surrogate becomes U+FFFD, as it does in UTF-8.</summary>
    public static string Compose(string text) => text.AsSpan().IndexOfAnyInRange(FirstUnstable, char.MaxValue) < 0
        ? text : Write(Compose(DecomposeAll(text, compatible: false)));

    /// <summary>The composed form of compatible characters, NFKC.</summary>
    public static string ComposeCompatible(string text) => text.AsSpan().IndexOfAnyInRange(FirstParted, char.MaxValue) < 0
        ? text : Write(Compose(DecomposeAll(text, compatible: true)));

    /// <summary>The decomposed form: NFD, or NFKD of compatible characters.</summary>
    public static string Decompose(string text, bool compatible) => text.AsSpan().IndexOfAnyInRange(FirstParted, char.MaxValue) < 0
        ? text : Write(DecomposeAll(text, compatible));

    private static List<int> DecomposeAll(string text, bool compatible)
    {
        var points = new List<int>(text.Length + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            Decompose(rune.Value, points, compatible);
        }

        Order(points);
        return points;
    }

    /// <summary>Appends the full decomposition of a character, the marks in the order of the table.</summary>
    public static void Decompose(int point, List<int> points, bool compatible = false)
    {
        if (point is >= HangulFirst and <= HangulLast)
        {
            // A syllable is a lead consonant, a vowel and perhaps a tail consonant (Unicode, section 3.12).
            var syllable = point - HangulFirst;
            points.Add(LeadFirst + (syllable / (VowelCount * TailCount)));
            points.Add(VowelFirst + (syllable / TailCount % VowelCount));
            if (syllable % TailCount != 0)
            {
                points.Add(TailBefore + (syllable % TailCount));
            }
        }
        else if (Data.Parts.TryGetValue(point, out var parts) || (compatible && Data.Compatible.TryGetValue(point, out parts)))
        {
            foreach (var part in parts)
            {
                Decompose(part, points, compatible);
            }
        }
        else
        {
            points.Add(point);
        }
    }

    private static int ClassOf(int point) => point < FirstUnstable ? 0 : Data.Classes.GetValueOrDefault(point);

    /// <summary>Sorts each run of marks by class and keeps the order of equal ones.</summary>
    private static void Order(List<int> points)
    {
        for (var start = 0; start < points.Count; start++)
        {
            var end = start;
            while (end < points.Count && ClassOf(points[end]) != 0)
            {
                end++;
            }

            if (end - start > 1)
            {
                var ordered = CollectionsMarshal.AsSpan(points)[start..end].ToArray().OrderBy(ClassOf).ToArray();
                ordered.CopyTo(CollectionsMarshal.AsSpan(points)[start..end]);
            }

            start = end;
        }
    }

    /// <summary>Joins each character with the starter before it, unless something between them blocks it.</summary>
    private static List<int> Compose(List<int> points)
    {
        var composed = new List<int>(points.Count);
        var starter = -1;
        var lastClass = 0;
        foreach (var point in points)
        {
            var pointClass = ClassOf(point);
            var isNext = starter >= 0 && starter == composed.Count - 1;
            var whole = starter >= 0 && (isNext || (lastClass != 0 && lastClass < pointClass)) ? Join(composed[starter], point) : -1;
            if (whole >= 0)
            {
                composed[starter] = whole;
                continue;
            }

            composed.Add(point);
            lastClass = pointClass;
            starter = pointClass == 0 ? composed.Count - 1 : starter;
        }

        return composed;
    }

    private static int Join(int first, int second)
    {
        if (first is >= LeadFirst and < LeadFirst + LeadCount && second is >= VowelFirst and < VowelFirst + VowelCount)
        {
            return HangulFirst + ((((first - LeadFirst) * VowelCount) + second - VowelFirst) * TailCount);
        }

        if (first is >= HangulFirst and <= HangulLast && (first - HangulFirst) % TailCount == 0
            && second is > TailBefore and < TailBefore + TailCount)
        {
            return first + second - TailBefore;
        }

        return Data.Wholes.TryGetValue((first, second), out var whole) ? whole : -1;
    }

    private static string Write(List<int> points)
    {
        var text = new StringBuilder(points.Count);
        foreach (var point in points)
        {
            text.Append(new Rune(point));
        }

        return text.ToString();
    }

    private static Tables ReadTables()
    {
        using var stream = typeof(CanonicalForms).Assembly.GetManifestResourceStream("decompositions.txt")
            ?? throw new InvalidOperationException("The table of decompositions is not in the assembly.");
        using var reader = new StreamReader(stream);
        var (parts, wholes, classes) = (new Dictionary<int, int[]>(), new Dictionary<(int, int), int>(), new Dictionary<int, int>());
        var compatible = new Dictionary<int, int[]>();
        while (reader.ReadLine() is { } line)
        {
            if (line[0] == '#')
            {
                continue;
            }

            var fields = line[(line[0] is '!' or '=' or '~' ? 1 : 0)..].Split(' ');
            if (line[0] == '=')
            {
                for (var point = Hexadecimal(fields[1]); point <= Hexadecimal(fields[2]); point++)
                {
                    classes[point] = int.Parse(fields[0], CultureInfo.InvariantCulture);
                }

                continue;
            }

            var points = fields.Select(Hexadecimal).ToArray();
            (line[0] == '~' ? compatible : parts)[points[0]] = points[1..];
            if (line[0] is not ('!' or '~'))
            {
                wholes[(points[1], points[2])] = points[0];
            }
        }

        return new Tables(
            parts.ToFrozenDictionary(), compatible.ToFrozenDictionary(), wholes.ToFrozenDictionary(), classes.ToFrozenDictionary());

        static int Hexadecimal(string digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }

    /// <param name="Parts">One step of each decomposition.</param>
    /// <param name="Compatible">One step of the decompositions into compatible characters.</param>
    /// <param name="Wholes">The characters that two compose to.</param>
    /// <param name="Classes">Canonical combining classes other than 0.</param>
    private sealed record Tables(
        FrozenDictionary<int, int[]> Parts, FrozenDictionary<int, int[]> Compatible,
        FrozenDictionary<(int First, int Second), int> Wholes, FrozenDictionary<int, int> Classes);
}
