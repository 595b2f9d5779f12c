using System.Buffers;
using System.Text;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>A word with its times.</summary>
/// <param name="Text">Without white space at its ends, with the punctuation beside it; never empty.</param>
/// <param name="Start">Seconds from the recording's beginning.</param>
/// <param name="End">Seconds, from the start on.</param>
internal sealed record SpeechWord(string Text, double Start, double End);

/// <summary>Cuts the tokens of a text into words.</summary>
/// <remarks>The rules of the paper's published program. Tokens that share a character stay together.</remarks>
internal static class SpeechWords
{
    private const string Punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    private const string BeforeWords = "\"'“¿([{-";
    private const string AfterWords = "\"'.。,，!！?？:：”)]}、";

    /// <summary>Languages that part no words by spaces: each character, or what its tokens hold, is a word.</summary>
    private static readonly HashSet<string> WithoutSpaces = new(["zh", "ja", "th", "lo", "my", "yue"], StringComparer.Ordinal);

    /// <param name="tokens">Of a text, without times.</param>
    /// <param name="language">Its code, such as <c>en</c>.</param>
    /// <returns>For each word its text, and where it begins and ends among the tokens; without words of white space.</returns>
    public static IReadOnlyList<(string Text, Range Tokens)> Split(ITokenizer tokenizer, IReadOnlyList<int> tokens, string language)
    {
        var parts = new List<(string Text, int From, int To)>();
        foreach (var part in SplitCharacters(tokenizer, tokens))
        {
            var begins = parts.Count == 0 || WithoutSpaces.Contains(language) || part.Text.StartsWith(' ')
                || IsOneOf(part.Text, Punctuation);
            if (begins)
            {
                parts.Add(part);
            }
            else
            {
                parts[^1] = (parts[^1].Text + part.Text, parts[^1].From, part.To);
            }
        }

        return [.. JoinPunctuation(parts).Where(part => !string.IsNullOrWhiteSpace(part.Text))
            .Select(part => (part.Text.Trim(), part.From..part.To))];
    }

    /// <summary>Tokens of whole characters.</summary>
    private static IEnumerable<(string Text, int From, int To)> SplitCharacters(ITokenizer tokenizer, IReadOnlyList<int> tokens)
    {
        var (bytes, from) = (new List<byte>(), 0);
        for (var i = 0; i < tokens.Count; i++)
        {
            bytes.AddRange(tokenizer.TokenBytes(tokens[i]));
            if (i == tokens.Count - 1 || !IsCut([.. bytes]))
            {
                yield return (Encoding.UTF8.GetString([.. bytes]), from, i + 1);
                bytes.Clear();
                from = i + 1;
            }
        }
    }

    /// <summary>Whether the last character is not whole.</summary>
    private static bool IsCut(ReadOnlySpan<byte> bytes) =>
        Rune.DecodeLastFromUtf8(bytes, out _, out _) == OperationStatus.NeedMoreData;

    /// <summary>Punctuation belongs to the word beside it, whose times stay.</summary>
    private static List<(string Text, int From, int To)> JoinPunctuation(List<(string Text, int From, int To)> parts)
    {
        for (var i = parts.Count - 2; i >= 0; i--)
        {
            if (parts[i].Text.StartsWith(' ') && IsOneOf(parts[i].Text, BeforeWords))
            {
                parts[i + 1] = parts[i + 1] with { Text = parts[i].Text + parts[i + 1].Text };
                parts.RemoveAt(i);
            }
        }

        for (var i = 1; i < parts.Count;)
        {
            if (!parts[i - 1].Text.EndsWith(' ') && parts[i].Text.Length == 1 && IsOneOf(parts[i].Text, AfterWords))
            {
                parts[i - 1] = parts[i - 1] with { Text = parts[i - 1].Text + parts[i].Text };
                parts.RemoveAt(i);
            }
            else
            {
                i++;
            }
        }

        return parts;
    }

    private static bool IsOneOf(string text, string characters) =>
        text.Trim() is [var only] && characters.Contains(only, StringComparison.Ordinal);
}
