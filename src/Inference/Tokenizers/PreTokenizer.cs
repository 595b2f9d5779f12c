using System.Globalization;
using System.Text;

namespace Tollgate.Inference.Tokenizers;

/// <summary>Cuts a text into the pieces that are merged on their own. The rules are those of the models' regular expressions,
/// written out by hand: .NET's expressions look at UTF-16 units and so miss letters beyond U+FFFF, and these run in linear time.</summary>
internal abstract class PreTokenizer
{
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    private const string Ending = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private const string Spaces2 = @"|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string LlamaWords = Ending + @"|[^\r\n\p{L}\p{N}]?\p{L}+|";
    private const string LlamaSigns = @"| ?[^\s\p{L}\p{N}]+[\r\n]*" + Spaces2;
    private const string OtherCase = @"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]";
    private const string LowerCase = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
    private const string CasedSigns = @"| ?[^\s\p{L}\p{N}]+[\r\n/]*" + Spaces2;

    /// <summary>Capitals and small letters of one word, with an optional ending.</summary>
    private const string Gpt4Words = $@"[^\r\n\p{{L}}\p{{N}}]?{OtherCase}*{LowerCase}+{Ending}?|"
        + $@"[^\r\n\p{{L}}\p{{N}}]?{OtherCase}+{LowerCase}*{Ending}?|";

    private const string TekkenWords = $@"[^\r\n\p{{L}}\p{{N}}]?{OtherCase}*{LowerCase}+|[^\r\n\p{{L}}\p{{N}}]?{OtherCase}+{LowerCase}*|";

    private const string DeepSeekWords = @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
        + @"| ?[\p{P}\p{S}]+[\r\n]*" + Spaces2;

    private static readonly Dictionary<string, PreTokenizer[]> Known = new(StringComparer.Ordinal)
    {
        ["gpt-2"] = [new GptRules()],
        ["smollm"] = [new DigitRule(), new GptRules()],
        ["llama-bpe"] = [new LlamaRules(digits: 3)],
        ["dbrx"] = [new LlamaRules(digits: 3)],
        ["qwen2"] = [new LlamaRules(digits: 1)],
        ["default"] = [new PunctuationRule(), new GptRules(), new NumberRule(), new ThreeDigitsRule()],
        ["qwen35"] =
        [
            new PatternRule(Ending + @"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*" + Spaces2),
        ],
        ["gpt-4o"] = [new PatternRule(Gpt4Words + @"\p{N}{1,3}" + CasedSigns)],
        ["tekken"] = [new PatternRule(TekkenWords + @"\p{N}" + CasedSigns)],
        ["deepseek-v3"] = [new PatternRule(@"\p{N}{1,3}"), new PatternRule("[一-龥\u3040-ゟ゠-ヿ]+"), new PatternRule(DeepSeekWords)],
        ["deepseek-coder"] =
        [
            new PatternRule(@"[\r\n]"), new PatternRule(@"\s?\p{L}+"), new PatternRule(@"\s?\p{P}+"),
            new PatternRule("[一-龥ࠀ-一가-\uD7FF]+"), new DigitRule(),
        ],
        ["bloom"] = [new PatternRule(@" ?[^(\s|.,!?…。，、।۔،)]+")],
    };

    /// <summary>Expressions whose rules are written out.</summary>
    private static readonly Dictionary<string, string> Expressions = new(StringComparer.Ordinal)
    {
        [Gpt2] = "gpt-2",
        [LlamaWords + @"\p{N}{1,3}" + LlamaSigns] = "llama-bpe",
        [LlamaWords + @"\p{N}" + LlamaSigns] = "qwen2",
    };

    private static readonly PreTokenizer[] Clip = [new ClipRules()];

    /// <summary>Names of the rule sets that model files name.</summary>
    public static IReadOnlyCollection<string> Names => Known.Keys;

    /// <summary>Whether models with these rules bring text into its composed form (NFC) first. GGUF files do not say so.</summary>
    public static bool Composes(string name) => name is "qwen2" or "qwen35";

    /// <summary>Whether models with these rules take a piece that is an entry as it is, whatever the merges say.</summary>
    public static bool TakesWholePieces(string name) => name is "llama-bpe" or "tekken";

    /// <summary>Whether raw prompts of models with these rules begin with the start token where their file is silent on it.</summary>
    public static bool BeginsTexts(string name) => name is "llama-bpe" or "tekken";

    /// <summary>The rules of a name.</summary>
    /// <exception cref="ArgumentException">No rule set has that name.</exception>
    public static PreTokenizer[] Find(string name) => Known.TryGetValue(name, out var rules)
        ? rules : throw new ArgumentException($"The pre-tokenizer '{name}' is not known.", nameof(name));

    /// <summary>Rules that cut as the matches of a regular expression do, which leave nothing out; null where none are written
    /// out.</summary>
    public static PreTokenizer[]? FindByExpression(string expression) =>
        Expressions.TryGetValue(expression, out var name) ? Known[name] : null;

    /// <summary>Cuts a text and hands each piece on.</summary>
    /// <param name="start">Where the text begins in what the pieces are places of.</param>
    public static void Split(ReadOnlySpan<PreTokenizer> rules, ReadOnlySpan<char> text, int start, List<Range> pieces)
    {
        if (rules.IsEmpty)
        {
            pieces.Add(start..(start + text.Length));
            return;
        }

        rules[0].Cut(text, start, rules[1..], pieces);
    }

    /// <summary>Cuts a text as CLIP does. Pieces of white space are among those handed on; CLIP drops them.</summary>
    public static void SplitForClip(ReadOnlySpan<char> text, List<Range> pieces) => Split(Clip, text, 0, pieces);

    /// <summary>Length of the piece at the start of the text, in UTF-16 units, at least 1.</summary>
    protected virtual int Next(ReadOnlySpan<char> text) => text.Length;

    protected static Kind KindAt(ReadOnlySpan<char> text, out int length)
    {
        if (text.IsEmpty)
        {
            length = 0;
            return Kind.End;
        }

        var unit = text[0];
        if (unit < 128)
        {
            length = 1;
            return char.IsAsciiLetter(unit) ? Kind.Letter
                : char.IsAsciiDigit(unit) ? Kind.Number
                : unit is ' ' or (>= '\t' and <= '\r') ? Kind.Space : Kind.Other;
        }

        Rune.DecodeFromUtf16(text, out var rune, out length);
        if (Rune.IsWhiteSpace(rune))
        {
            return Kind.Space;
        }

        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Kind.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
            _ => Kind.Other,
        };
    }

    /// <summary>Length of the run of one kind at the start of the text; at most <paramref name="most"/> characters.</summary>
    protected static int Run(ReadOnlySpan<char> text, Kind kind, int most = int.MaxValue)
    {
        var length = 0;
        for (var i = 0; i < most && KindAt(text[length..], out var step) == kind; i++)
        {
            length += step;
        }

        return length;
    }

    /// <summary><c>\s+(?!\S)|\s+</c>: a run of spaces leaves its last one to the word that follows.</summary>
    protected static int Spaces(ReadOnlySpan<char> text)
    {
        var run = Run(text, Kind.Space);
        return run < text.Length && run > 1 ? run - 1 : run; // every white space is one UTF-16 unit
    }

    /// <summary>Length of an English contraction's ending ('s, 't, 're, 've, 'm, 'll, 'd), or 0.</summary>
    protected static int Contraction(ReadOnlySpan<char> text, StringComparison comparison)
    {
        if (text.Length < 2 || text[0] != '\'')
        {
            return 0;
        }

        foreach (var ending in (ReadOnlySpan<string>)["'re", "'ve", "'ll", "'s", "'t", "'m", "'d"])
        {
            if (text.StartsWith(ending, comparison))
            {
                return ending.Length;
            }
        }

        // Unicode's simple case folding makes U+017F, the long s, an s.
        return comparison == StringComparison.OrdinalIgnoreCase && text[1] == '\u017F' ? 2 : 0;
    }

    /// <summary>Cuts a text and has other rules cut the pieces.</summary>
    protected virtual void Cut(ReadOnlySpan<char> text, int start, ReadOnlySpan<PreTokenizer> others, List<Range> pieces)
    {
        while (text.Length > 0)
        {
            var length = Next(text);
            Split(others, text[..length], start, pieces);
            text = text[length..];
            start += length;
        }
    }

    /// <summary>What a rule sees of a character.</summary>
    protected enum Kind
    {
        End,
        Letter,
        Number,
        Space,
        Other,
    }

    /// <summary>GPT-2: contractions, then words, numbers and signs, each with one space before it.</summary>
    private sealed class GptRules : PreTokenizer
    {
        protected override int Next(ReadOnlySpan<char> text)
        {
            var ending = Contraction(text, StringComparison.Ordinal);
            if (ending > 0)
            {
                return ending;
            }

            var space = text[0] == ' ' ? 1 : 0;
            var kind = KindAt(text[space..], out _);
            return kind is Kind.Space or Kind.End ? Spaces(text) : space + Run(text[space..], kind);
        }
    }

    /// <summary>Llama 3 and Qwen 2: any one sign may lead a word, numbers are cut short, line ends stick to what is before them.</summary>
    private sealed class LlamaRules(int digits) : PreTokenizer
    {
        protected override int Next(ReadOnlySpan<char> text)
        {
            var ending = Contraction(text, StringComparison.OrdinalIgnoreCase);
            if (ending > 0)
            {
                return ending;
            }

            var kind = KindAt(text, out var first);
            if (kind == Kind.Letter)
            {
                return Run(text, Kind.Letter);
            }

            if (kind == Kind.Number)
            {
                return Run(text, Kind.Number, digits);
            }

            if (text[0] is not ('\r' or '\n') && KindAt(text[first..], out _) == Kind.Letter)
            {
                return first + Run(text[first..], Kind.Letter);
            }

            var space = text[0] == ' ' ? 1 : 0;
            if (KindAt(text[space..], out _) == Kind.Other)
            {
                var signs = space + Run(text[space..], Kind.Other);
                return signs + LineEnds(text[signs..]);
            }

            // \s*[\r\n]+ reaches to the last line end of the run of white space.
            var run = Run(text, Kind.Space);
            var lineEnd = text[..run].LastIndexOfAny('\r', '\n');
            return lineEnd >= 0 ? lineEnd + 1 : Spaces(text);
        }

        private static int LineEnds(ReadOnlySpan<char> text)
        {
            var other = text.IndexOfAnyExcept('\r', '\n');
            return other < 0 ? text.Length : other;
        }
    }

    /// <summary>CLIP: contractions, words, single number characters and runs of signs, all without the spaces between them.</summary>
    private sealed class ClipRules : PreTokenizer
    {
        protected override int Next(ReadOnlySpan<char> text)
        {
            var ending = Contraction(text, StringComparison.Ordinal);
            if (ending > 0)
            {
                return ending;
            }

            var kind = KindAt(text, out var first);
            return kind == Kind.Number ? first : Run(text, kind);
        }
    }

    /// <summary>Every number character stands alone.</summary>
    private sealed class DigitRule : PreTokenizer
    {
        protected override int Next(ReadOnlySpan<char> text) =>
            KindAt(text, out var first) == Kind.Number ? first : LengthUntil(text, static rest => KindAt(rest, out _) == Kind.Number);
    }

    /// <summary>Runs of number characters stand alone.</summary>
    private sealed class NumberRule : PreTokenizer
    {
        protected override int Next(ReadOnlySpan<char> text) => KindAt(text, out _) == Kind.Number
            ? Run(text, Kind.Number)
            : LengthUntil(text, static rest => KindAt(rest, out _) == Kind.Number);
    }

    /// <summary>Groups of three ASCII digits stand alone.</summary>
    private sealed class ThreeDigitsRule : PreTokenizer
    {
        protected override int Next(ReadOnlySpan<char> text) => AreThreeDigits(text) ? 3 : LengthUntil(text, AreThreeDigits);

        private static bool AreThreeDigits(ReadOnlySpan<char> text) =>
            text.Length >= 3 && char.IsAsciiDigit(text[0]) && char.IsAsciiDigit(text[1]) && char.IsAsciiDigit(text[2]);
    }

    /// <summary>Runs of punctuation and of the signs <c>$ + &lt; = &gt; ^ ~ |</c> stand alone.</summary>
    private sealed class PunctuationRule : PreTokenizer
    {
        protected override int Next(ReadOnlySpan<char> text)
        {
            var length = 0;
            while (length < text.Length && IsPunctuation(text[length..]))
            {
                length++;
                length += length < text.Length && char.IsLowSurrogate(text[length]) && char.IsHighSurrogate(text[length - 1]) ? 1 : 0;
            }

            return length > 0 ? length : LengthUntil(text, IsPunctuation);
        }

        private static bool IsPunctuation(ReadOnlySpan<char> text)
        {
            Rune.DecodeFromUtf16(text, out var rune, out _);
            return Rune.IsPunctuation(rune) || rune.Value is '$' or '+' or '<' or '=' or '>' or '^' or '~' or '|';
        }
    }

    /// <summary>The matches of a regular expression stand alone, and what lies between them.</summary>
    private sealed class PatternRule(string expression) : PreTokenizer
    {
        private readonly SplitPattern _pattern = new(expression);

        protected override void Cut(ReadOnlySpan<char> text, int start, ReadOnlySpan<PreTokenizer> others, List<Range> pieces)
        {
            var matches = new List<Range>();
            _pattern.Find(text, matches);
            matches.Add(text.Length..text.Length);
            var end = 0;
            foreach (var match in matches)
            {
                foreach (var part in (ReadOnlySpan<Range>)[end..match.Start.Value, match])
                {
                    if (part.End.Value > part.Start.Value)
                    {
                        Split(others, text[part], start + part.Start.Value, pieces);
                    }
                }

                end = match.End.Value;
            }
        }
    }

    /// <summary>Whether a text begins with a character of a class.</summary>
    private delegate bool Condition(ReadOnlySpan<char> rest);

    private static int LengthUntil(ReadOnlySpan<char> text, Condition holds)
    {
        var length = 0;
        while (length < text.Length && !holds(text[length..]))
        {
            length += char.IsHighSurrogate(text[length]) && length + 1 < text.Length && char.IsLowSurrogate(text[length + 1]) ? 2 : 1;
        }

        return length;
    }
}
