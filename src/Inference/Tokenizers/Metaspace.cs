using System.Text.Json;

namespace Tollgate.Inference.Tokenizers;

/// <summary>SentencePiece's way with blanks, as the pre-tokenizer of a <c>tokenizer.json</c> describes it: a visible mark stands for a
/// blank, and begins each word.</summary>
/// <param name="Mark">Stands for a blank, usually ▁.</param>
/// <param name="Prepend">Whether a mark is put before a text that has none.</param>
/// <param name="SplitsAtMarks">Whether each mark begins a piece of its own, which tokens do not cross.</param>
/// <param name="SplitsAtWhiteSpace">Whether a text is cut at white space first, which is dropped.</param>
internal sealed record Metaspace(char Mark, bool Prepend, bool SplitsAtMarks, bool SplitsAtWhiteSpace)
{
    /// <exception cref="FormatException">The pre-tokenizer is of another kind.</exception>
    public static Metaspace Read(JsonElement element)
    {
        if (element.GetProperty("type").GetString() != "Sequence")
        {
            return ReadOne(element, splitsAtWhiteSpace: false);
        }

        TokenizerMembers.RequireOnly(element, "pre_tokenizer", "type", "pretokenizers");
        JsonElement[] steps = [.. element.GetProperty("pretokenizers").EnumerateArray()];
        switch (steps)
        {
            case [var only]:
                return ReadOne(only, splitsAtWhiteSpace: false);
            case [var first, var second]:
                TokenizerMembers.Require(first, "type", "WhitespaceSplit");
                TokenizerMembers.RequireOnly(first, "pre_tokenizer", "type");
                return ReadOne(second, splitsAtWhiteSpace: true);
            default:
                throw new FormatException("The tokenizer's pre-tokenizer has more steps than WhitespaceSplit and Metaspace.");
        }
    }

    /// <summary>Cuts a text into pieces. None is empty.</summary>
    public IEnumerable<string> Split(string text)
    {
        if (!SplitsAtWhiteSpace)
        {
            return SplitMarks(text);
        }

        var words = new List<string>();
        var start = -1;
        for (var at = 0; at <= text.Length; at++)
        {
            if (at == text.Length || char.IsWhiteSpace(text[at])) // No white space is beyond U+FFFF.
            {
                if (start >= 0)
                {
                    words.AddRange(SplitMarks(text[start..at]));
                }

                start = -1;
            }
            else if (start < 0)
            {
                start = at;
            }
        }

        return words;
    }

    private static Metaspace ReadOne(JsonElement element, bool splitsAtWhiteSpace)
    {
        TokenizerMembers.Require(element, "type", "Metaspace");
        TokenizerMembers.RequireOnly(
            element, "pre_tokenizer", "type", "replacement", "str_rep", "add_prefix_space", "prepend_scheme", "split");
        var mark = element.GetProperty("replacement").GetString()!;
        if (mark.Length != 1 || char.IsSurrogate(mark[0]))
        {
            throw new FormatException($"The tokenizer's mark '{mark}' is not one character.");
        }

        // Files of before 2023 have add_prefix_space alone.
        var adds = TokenizerMembers.Find(element, "add_prefix_space")?.GetBoolean() ?? true;
        var scheme = TokenizerMembers.Find(element, "prepend_scheme")?.GetString() ?? (adds ? "always" : "never");
        if (scheme is not ("always" or "first" or "never") || (scheme == "first" && splitsAtWhiteSpace))
        {
            throw new FormatException(
                $"The tokenizer's prepend_scheme '{scheme}' is not supported; 'always', 'never' and, without WhitespaceSplit, 'first' "
                + "are.");
        }

        return new Metaspace(
            mark[0], scheme != "never", TokenizerMembers.Find(element, "split")?.GetBoolean() ?? true, splitsAtWhiteSpace);
    }

    private IEnumerable<string> SplitMarks(string text)
    {
        if (text.Length == 0)
        {
            yield break;
        }

        var marked = text.Replace(' ', Mark);
        marked = Prepend && marked[0] != Mark ? Mark + marked : marked;
        for (var start = 0; start < marked.Length;)
        {
            var next = SplitsAtMarks ? marked.IndexOf(Mark, start + 1) : -1;
            var end = next < 0 ? marked.Length : next;
            yield return marked[start..end];
            start = end;
        }
    }
}
