using System.Text;
using System.Text.Json;

namespace Tollgate.Inference.Tokenizers;

/// <summary>What the normalizer of a <c>tokenizer.json</c> does to a text before a unigram model reads it, step by step.</summary>
internal sealed class UnigramNormalizer
{
    private readonly List<Func<string, string>> _steps = [];

    private UnigramNormalizer()
    {
    }

    /// <summary>Most bytes that one byte of a text becomes.</summary>
    public int MostBytesPerByte { get; private set; } = 1;

    /// <param name="normalizer">Null for one that leaves texts as they are.</param>
    /// <exception cref="FormatException">It has a step of another kind.</exception>
    public static UnigramNormalizer Read(JsonElement? normalizer)
    {
        var made = new UnigramNormalizer();
        if (normalizer is { } element)
        {
            made.Add(element);
        }

        return made;
    }

    public string Apply(ReadOnlySpan<char> text) => _steps.Aggregate(ReplaceLoneSurrogates(text), (current, step) => step(current));

    private void Add(JsonElement step)
    {
        switch (step.GetProperty("type").GetString())
        {
            case "Sequence":
                TokenizerMembers.RequireOnly(step, "normalizer", "type", "normalizers");
                foreach (var one in step.GetProperty("normalizers").EnumerateArray())
                {
                    Add(one);
                }

                break;
            case "Precompiled":
                TokenizerMembers.RequireOnly(step, "normalizer", "type", "precompiled_charsmap");
                if (TokenizerMembers.Find(step, "precompiled_charsmap")?.GetBytesFromBase64() is { Length: > 0 } data)
                {
                    var map = new CharacterMap(data);
                    Add(map.Apply, map.MostBytesPerByte);
                }

                break;
            case "Replace":
                AddReplace(step);
                break;
            case "Strip":
                TokenizerMembers.RequireOnly(step, "normalizer", "type", "strip_left", "strip_right");
                var (left, right) = (step.GetProperty("strip_left").GetBoolean(), step.GetProperty("strip_right").GetBoolean());
                Add(text => Strip(text, left, right), growth: 1);
                break;
            case "NFC":
                TokenizerMembers.RequireOnly(step, "normalizer", "type");
                Add(CanonicalForms.Compose, CanonicalForms.MostBytesPerByte);
                break;
            case "Lowercase":
                TokenizerMembers.RequireOnly(step, "normalizer", "type");
                Add(text => text.Replace("İ", "i\u0307", StringComparison.Ordinal).ToLowerInvariant(), growth: 2); // Two bytes to three.
                break;
            case var other:
                throw new FormatException(
                    $"The tokenizer's normalizer '{other}' is not supported; Precompiled, Replace, Strip, NFC and Lowercase are.");
        }
    }

    private void AddReplace(JsonElement step)
    {
        TokenizerMembers.RequireOnly(step, "normalizer", "type", "pattern", "content");
        var (pattern, content) = (step.GetProperty("pattern"), step.GetProperty("content").GetString()!);
        if (pattern.TryGetProperty("String", out var fixedText) && fixedText.GetString() is { Length: > 0 } wanted)
        {
            Add(text => text.Replace(wanted, content, StringComparison.Ordinal), Growth(wanted.Length));
        }
        else if (pattern.TryGetProperty("Regex", out var regex) && regex.GetString() == " {2,}")
        {
            Add(text => ReplaceRuns(text, content), Growth(2));
        }
        else
        {
            throw new FormatException($"The tokenizer's normalizer replaces {pattern}; a text is supported, and runs of blanks.");
        }

        int Growth(int bytes) => Math.Max((Encoding.UTF8.GetByteCount(content) + bytes - 1) / bytes, 1);
    }

    /// <param name="growth">Most bytes that one byte becomes in this step.</param>
    private void Add(Func<string, string> step, int growth)
    {
        _steps.Add(step);
        MostBytesPerByte = Math.Min(MostBytesPerByte * growth, 1 << 16);
    }

    /// <summary>A text without half characters, as it is in UTF-8.</summary>
    private static string ReplaceLoneSurrogates(ReadOnlySpan<char> text) =>
        text.IndexOfAnyInRange('\uD800', '\uDFFF') < 0 ? text.ToString() : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes([.. text]));

    private static string ReplaceRuns(string text, string content)
    {
        var replaced = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            var start = text.IndexOf("  ", at, StringComparison.Ordinal);
            if (start < 0)
            {
                return replaced.Append(text, at, text.Length - at).ToString();
            }

            var end = text.AsSpan(start).IndexOfAnyExcept(' ') is >= 0 and var length ? start + length : text.Length;
            replaced.Append(text, at, start - at).Append(content);
            at = end;
        }

        return replaced.ToString();
    }

    private static string Strip(string text, bool left, bool right)
    {
        text = left ? text.TrimStart() : text;
        return right ? text.TrimEnd() : text;
    }
}
