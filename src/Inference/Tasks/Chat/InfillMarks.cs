using System.Text;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>
/// The tokens with which a model was trained to fill a gap: the prefix mark, the text before the gap, the suffix mark, the text after it
/// and the middle mark, behind which the model writes what belongs into the gap.
/// </summary>
internal sealed class InfillMarks
{
    /// <summary>Texts of the marks in each family, and of the tokens that end what the family's models write.</summary>
    private static readonly Family[] Families =
    [
        // Qwen, CodeGemma
        new("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>",
            ["<|endoftext|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<|file_separator|>"]),
        // StarCoder, SmolLM and Granite
        new("<fim_prefix>", "<fim_suffix>", "<fim_middle>", ["<|endoftext|>", "<fim_pad>", "<file_sep>", "<reponame>", "<repo_name>"]),
        // DeepSeek: the hole lies between the texts, the end behind both
        new("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", ["<｜end▁of▁sentence｜>"]),
        // CodeLlama
        new("<PRE>", "<SUF>", "<MID>", ["<EOT>"]),
        new("▁<PRE>", "▁<SUF>", "▁<MID>", ["▁<EOT>"]),
    ];

    private readonly ITokenizer _tokenizer;
    private readonly string[] _recognised;

    private InfillMarks(ITokenizer tokenizer, Family family, int[] marks)
    {
        (_tokenizer, Prefix, Suffix, Middle) = (tokenizer, marks[0], marks[1], marks[2]);
        Ends = [.. family.Ends.Select(text => FindToken(tokenizer, text)).OfType<int>()];
        _recognised = [.. family.Marks.Where((_, mark) => !tokenizer.IsSpecial(marks[mark]))];
    }

    public int Prefix { get; }

    public int Suffix { get; }

    public int Middle { get; }

    /// <summary>Tokens that end the middle, beside the model's own end tokens.</summary>
    public IReadOnlyList<int> Ends { get; }

    /// <summary>The marks of the first known family whose three marks the vocabulary has; null when it has none.</summary>
    public static InfillMarks? Find(ITokenizer tokenizer)
    {
        foreach (var family in Families)
        {
            int[] marks = [.. family.Marks.Select(text => FindToken(tokenizer, text)).OfType<int>()];
            if (marks.Length == family.Marks.Length)
            {
                return new InfillMarks(tokenizer, family, marks);
            }
        }

        return null;
    }

    /// <summary>Appends the ids of a client's text. A mark written out in it is text, even where the tokenizer would take it for the
    /// token: it never sees the mark in one piece.</summary>
    public void EncodeText(ReadOnlySpan<char> text, List<int> ids)
    {
        while (FindMark(text) is >= 0 and var at)
        {
            _tokenizer.Encode(text[..(at + 1)], allowSpecial: false, ids);
            text = text[(at + 1)..];
        }

        _tokenizer.Encode(text, allowSpecial: false, ids);
    }

    private int FindMark(ReadOnlySpan<char> text)
    {
        var first = -1;
        foreach (var mark in _recognised)
        {
            var at = text.IndexOf(mark, StringComparison.Ordinal);
            first = at >= 0 && (first < 0 || at < first) ? at : first;
        }

        return first;
    }

    private static int? FindToken(ITokenizer tokenizer, string text)
    {
        var ids = new List<int>();
        tokenizer.Encode(text, allowSpecial: true, ids);
        return ids.Count == 1 && (tokenizer.IsSpecial(ids[0]) || tokenizer.TokenBytes(ids[0]).SequenceEqual(Encoding.UTF8.GetBytes(text)))
            ? ids[0] : null;
    }

    private sealed record Family(string Prefix, string Suffix, string Middle, string[] Ends)
    {
        public string[] Marks { get; } = [Prefix, Suffix, Middle];
    }
}
