using System.Text;

namespace Tollgate.Inference.Tests.Tokenizers;

/// <summary>Texts that tokenizers disagree about, and random ones, the same in every run.</summary>
internal static class TextFuzz
{
    private static readonly string[] Parts =
    [
        " ", "  ", "\n", "\r\n", "\t", "\n\n ", "\u00A0", "\u3000", "a", "Hello", " world", "don't", "I'LL", "'S", "'re", "x's", "ÀÉÎ",
        "é", "e\u0301", "naïve", "ß", "İ", "Σ",
        "123", "1", " 42", "3.14", "٣٤", "½", "Ⅻ", "你好", "世界", "日本語", "한국어", "각", "привет", "שלום", "😀", "👩‍👩‍👧", "🇨🇳", "𝒳", "𠀀", "!",
        "...", "?!", "-", "_", "$", "€", "<=>",
        "<|im_end|>", "[CLS]", "[SEP]", "[MASK]", "{", "}", "\"", "\\", "/", "`", "~", "^", "©", "…", "—", "\u200B", "\u200D", "\uFEFF",
        "\u00AD", "ſ", "ﬁ", "ｆｕｌｌ", "Ǆ", "ʼn",
    ];

    public static IReadOnlyList<string> Texts(int count)
    {
        var random = new Random(20260305);
        var texts = new List<string>(Parts) { "" };
        while (texts.Count < count)
        {
            var text = new StringBuilder();
            for (var i = random.Next(1, 12); i > 0; i--)
            {
                text.Append(Parts[random.Next(Parts.Length)]);
            }

            texts.Add(text.ToString());
        }

        return texts;
    }
}
