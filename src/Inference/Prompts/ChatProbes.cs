using Tollgate.Inference.Templates;

namespace Tollgate.Inference.Prompts;

/// <summary>The chats that a template is tried on.</summary>
internal static class ChatProbes
{
    /// <summary>
    /// Roles of growing chats: what stands before a bar comes once, the rest repeats. s system, d developer, u user, a assistant.
    /// </summary>
    public static readonly IReadOnlyList<string> Patterns = ["ua", "s|ua", "d|ua", "au", "u", "s|u", "s", "a", "usad"];

    /// <summary>Short chats in which one message at a time is varied.</summary>
    public static readonly IReadOnlyList<string> Chats = ["u", "uau", "suau", "du"];

    /// <summary>
    /// Texts whose repetition shows how many bytes a template makes of one: plain, escaped, cut, cased and composed ones.
    /// </summary>
    public static readonly IReadOnlyList<string> Repeated =
        ["a", "\"", "aB ", "\\", "\n", "\u0001", "<", "&", "'", "é", "ß", "ŉ", "İ", "中", "\ufb2c", "😀", "\U0001d160", " x", "{", "9"];

    private static readonly string[] PlainContents =
    [
        "", " ", "\n", "x\n", " x ", "Hi there.", "{\"a\":[1]}", "[1]", "<think>\nx\n</think>\n\ny", "</think>", "# x\n\n* y\n", "x\n\ny",
        "0", "true", "none", "http://x.test/y.png", "Ünï 中 😀", string.Concat(Enumerable.Repeat("word ", 50)), new string('x', 600),
    ];

    private const int MostTexts = 160;
    private const int LongestText = 512;
    private const int LargestNumber = 4096;

    /// <summary>Contents that a template may treat in a way of its own.</summary>
    public static IReadOnlyList<string> Contents(TemplateLiterals literals)
    {
        var texts = literals.Texts.Where(text => text.Length <= LongestText).Take(MostTexts);
        var numbers = literals.Numbers.Where(number => number is > 1 and <= LargestNumber).Take(MostTexts);
        return
        [
            .. PlainContents.Concat(texts.SelectMany(text => (string[])[text, text + text, $"x{text}y"]))
                .Concat(numbers.SelectMany(number => (string[])
                    [new string('x', number - 1), new string('x', number), new string('x', number + 1)]))
                .Distinct(),
        ];
    }

    /// <param name="pattern">As one of <see cref="Patterns"/>.</param>
    public static List<TemplateMessage> Make(string pattern, int length, string content)
    {
        var head = pattern.IndexOf('|', StringComparison.Ordinal);
        var tail = pattern[(head + 1)..];
        return
        [
            .. Enumerable.Range(0, length)
                .Select(i => new TemplateMessage(Role(i < head ? pattern[i] : tail[(i - Math.Max(head, 0)) % tail.Length]), content)),
        ];
    }

    private static string Role(char letter) => letter switch
    {
        's' => "system",
        'd' => "developer",
        'u' => "user",
        _ => "assistant",
    };
}
