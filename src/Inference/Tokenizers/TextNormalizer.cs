using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tollgate.Inference.Tokenizers;

/// <summary>What the normalizer of a <c>tokenizer.json</c> does to a text before it is cut, step by step. Immutable once read, so
/// thread-safe.</summary>
internal sealed class TextNormalizer
{
    private const int MostGrowth = 1 << 16;

    private readonly List<Func<string, string>> _steps = [];
    private readonly Func<string, int> _weigh;

    private TextNormalizer(Func<string, int> weigh) => _weigh = weigh;

    /// <summary>Most tokens that one byte of a text becomes, if a character of the result that the vocabulary lacks becomes one for each
    /// of its bytes.</summary>
    public int MostTokensPerByte { get; private set; } = 1;

    /// <summary>Most characters that one byte of a text becomes.</summary>
    public int MostCharactersPerByte { get; private set; } = 1;

    /// <summary>Most tokens that are put before a text.</summary>
    public int MostExtraTokens { get; private set; }

    /// <summary>What is put before a text that is not empty; null for nothing.</summary>
    public string? Prefix { get; private set; }

    private int MostBytesPerByte { get; set; } = 1;

    private int MostExtraBytes { get; set; }

    /// <param name="normalizer">Null for one that leaves texts as they are.</param>
    /// <param name="weigh">Most tokens that a text becomes which a step puts in.</param>
    /// <exception cref="FormatException">It has a step of another kind.</exception>
    public static TextNormalizer Read(JsonElement? normalizer, Func<string, int> weigh)
    {
        var made = new TextNormalizer(weigh);
        if (normalizer is { } element)
        {
            made.Add(element);
        }

        return made;
    }

    public string Apply(string text)
    {
        foreach (var step in _steps)
        {
            text = step(text);
        }

        return text;
    }

    private void Add(JsonElement step)
    {
        var kind = step.GetProperty("type").GetString();
        switch (kind)
        {
            case "Sequence":
                TokenizerMembers.RequireOnly(step, "normalizer", "type", "normalizers");
                foreach (var one in step.GetProperty("normalizers").EnumerateArray())
                {
                    Add(one);
                }

                break;
            case "Precompiled":
                AddPrecompiled(step);
                break;
            case "Replace":
                AddReplace(step);
                break;
            case "Strip":
                TokenizerMembers.RequireOnly(step, "normalizer", "type", "strip_left", "strip_right");
                var (left, right) = (step.GetProperty("strip_left").GetBoolean(), step.GetProperty("strip_right").GetBoolean());
                _steps.Add(text => Strip(text, left, right));
                break;
            case "Prepend":
                AddPrepend(step);
                break;
            case "BertNormalizer":
                AddBert(step);
                break;
            default:
                AddPlain(step, kind);
                break;
        }
    }

    /// <summary>Adds a step that has no settings.</summary>
    private void AddPlain(JsonElement step, string? kind)
    {
        TokenizerMembers.RequireOnly(step, "normalizer", "type");
        switch (kind)
        {
            case "NFC":
                Add(CanonicalForms.Compose, CanonicalForms.MostBytesPerByte, characters: 1);
                break;
            case "NFD":
                Add(text => CanonicalForms.Decompose(text, compatible: false), CanonicalForms.MostBytesPerByte, characters: 2);
                break;
            case "NFKC":
                Add(CanonicalForms.ComposeCompatible, CanonicalForms.MostCompatibleBytesPerByte, characters: 6);
                break;
            case "NFKD":
                Add(text => CanonicalForms.Decompose(text, compatible: true), CanonicalForms.MostCompatibleBytesPerByte, characters: 6);
                break;
            case "Lowercase":
                Add(BertNormalizer.Lower, bytes: 2, characters: 1); // Two bytes to three.
                break;
            case "StripAccents":
                _steps.Add(StripMarks);
                break;
            case "Nmt":
                _steps.Add(CleanForTranslation);
                break;
            case "ByteLevel":
                Add(ByteAlphabet.Write, bytes: 2, characters: 1);
                break;
            default:
                throw new FormatException(
                    $"The tokenizer's normalizer '{kind}' is not supported; these are: Sequence, Precompiled, Replace, Strip, Prepend, "
                    + "BertNormalizer, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Nmt and ByteLevel.");
        }
    }

    private void AddPrecompiled(JsonElement step)
    {
        TokenizerMembers.RequireOnly(step, "normalizer", "type", "precompiled_charsmap");
        if (TokenizerMembers.Find(step, "precompiled_charsmap")?.GetBytesFromBase64() is { Length: > 0 } data)
        {
            var map = new CharacterMap(data);
            Add(map.Apply, map.MostBytesPerByte, map.MostBytesPerByte);
        }
    }

    private void AddReplace(JsonElement step)
    {
        TokenizerMembers.RequireOnly(step, "normalizer", "type", "pattern", "content");
        var (pattern, content) = (step.GetProperty("pattern"), step.GetProperty("content").GetString()!);
        TokenizerMembers.RequireOnly(pattern, "pattern", "String", "Regex");
        if (pattern.TryGetProperty("String", out var fixedText) && fixedText.GetString() is { Length: > 0 } wanted)
        {
            AddReplacement(text => text.Replace(wanted, content, StringComparison.Ordinal), content, Encoding.UTF8.GetByteCount(wanted));
        }
        else if (pattern.TryGetProperty("Regex", out var regex) && regex.GetString() is { Length: > 0 } source)
        {
            // A match is at least as many bytes long as characters; an empty one would be put between all characters.
            var shortest = PatternParser.Parse(source).Shortest;
            var matcher = new SplitPattern(source);
            AddReplacement(
                text => Replace(text, matcher, content), content,
                shortest > 0 ? shortest : throw new FormatException($"The tokenizer's expression '{source}' matches the empty text."));
        }
        else
        {
            throw new FormatException($"The tokenizer's normalizer replaces {pattern}; a text is supported, and an expression.");
        }
    }

    private void AddReplacement(Func<string, string> replace, string content, int bytes)
    {
        MostTokensPerByte = Math.Min(Math.Max(MostBytesPerByte * Ratio(_weigh(content)), MostTokensPerByte), MostGrowth);
        MostCharactersPerByte = Math.Min(
            Math.Max(MostBytesPerByte * Ratio(content.EnumerateRunes().Count()), MostCharactersPerByte), MostGrowth);
        MostBytesPerByte = Math.Min(MostBytesPerByte * Ratio(Encoding.UTF8.GetByteCount(content)), MostGrowth);
        _steps.Add(replace);
        if (Prefix is { } prefix && replace(prefix) != prefix)
        {
            GrowPrefix(Ratio(Encoding.UTF8.GetByteCount(content)));
        }

        int Ratio(int length) => Math.Max((length + bytes - 1) / bytes, 1);
    }

    private void AddPrepend(JsonElement step)
    {
        TokenizerMembers.RequireOnly(step, "normalizer", "type", "prepend");
        var prefix = step.GetProperty("prepend").GetString()!;
        _steps.Add(text => text.Length == 0 ? text : prefix + text);
        Prefix = prefix + Prefix;
        MostExtraTokens += _weigh(prefix);
        MostExtraBytes += Encoding.UTF8.GetByteCount(prefix);
    }

    private void AddBert(JsonElement step)
    {
        TokenizerMembers.RequireOnly(step, "normalizer", "type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase");
        var lowercase = Flag("lowercase", otherwise: true);
        var normalizer = new BertNormalizer(
            Flag("clean_text", true), Flag("handle_chinese_chars", true), Flag("strip_accents", lowercase), lowercase);
        Add(normalizer.Normalize, bytes: 3, characters: 1);

        bool Flag(string name, bool otherwise) => TokenizerMembers.Find(step, name)?.GetBoolean() ?? otherwise;
    }

    /// <param name="bytes">Most bytes that one byte becomes in this step.</param>
    /// <param name="characters">Most characters that one byte becomes.</param>
    private void Add(Func<string, string> step, int bytes, int characters)
    {
        _steps.Add(step);
        GrowPrefix(bytes);
        MostCharactersPerByte = Math.Min(MostBytesPerByte * characters, MostGrowth);
        MostBytesPerByte = Math.Min(MostBytesPerByte * bytes, MostGrowth);
        MostTokensPerByte = MostBytesPerByte;
    }

    /// <summary>A later step may change what is put before a text.</summary>
    private void GrowPrefix(int bytes)
    {
        MostExtraBytes = Math.Min(MostExtraBytes * bytes, MostGrowth);
        MostExtraTokens = MostExtraBytes;
    }

    private static string Replace(string text, SplitPattern pattern, string content)
    {
        var matches = new List<Range>();
        pattern.Find(text, matches);
        if (matches.Count == 0)
        {
            return text;
        }

        var (replaced, at) = (new StringBuilder(text.Length), 0);
        foreach (var match in matches)
        {
            replaced.Append(text, at, match.Start.Value - at).Append(content);
            at = match.End.Value;
        }

        return replaced.Append(text, at, text.Length - at).ToString();
    }

    private static string Strip(string text, bool left, bool right)
    {
        text = left ? text.TrimStart() : text;
        return right ? text.TrimEnd() : text;
    }

    private static string StripMarks(string text) => Filter(text, rune => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark ? null : rune);

    /// <summary>Drops control characters and makes blanks of all kinds of white space.</summary>
    private static string CleanForTranslation(string text) => Filter(text, rune => rune.Value switch
    {
        (>= 0x01 and <= 0x08) or 0x0B or (>= 0x0E and <= 0x1F) or 0x7F or 0x8F or 0x9F => null,
        0x09 or 0x0A or 0x0C or 0x0D or 0x1680 or (>= 0x200B and <= 0x200F) or 0x2028 or 0x2029 or 0x2581 or 0xFEFF or 0xFFFD
            => new Rune(' '),
        _ => rune,
    });

    private static string Filter(string text, Func<Rune, Rune?> change)
    {
        var changed = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (change(rune) is { } kept)
            {
                changed.Append(kept);
            }
        }

        return changed.ToString();
    }
}
