namespace Tollgate.Inference.Tests.Prompts;

/// <summary>
/// Chat templates made at random from what real ones do: conditions on role, content, name and place, and texts around them.
/// </summary>
internal sealed class RandomTemplate(Random random)
{
    private static readonly string[] Texts =
    [
        "<|im_start|>", "<|im_end|>\\n", "<|endoftext|>", "\\n\\n", " ", "[INST] ", "### Instruction:\\n", "USER: ",
        "You are a helpful assistant. ", "ÄÖÜ", "中文", "😀", "=-=-=-=-=-=-=-=-=", "x", "a b c d e f",
    ];

    private static readonly string[] Words = ["hello", "{", "</think>", "Zebra", "weather", "é", "\\n", "go", "x"];

    private static readonly string[] Filters =
    [
        "", "", "", " | trim", " | upper", " | lower", " | tojson", " | title", " | replace('a', 'bcd')", " | string", " | capitalize",
        ".strip()",
    ];

    /// <summary>Words that some template may look for.</summary>
    public static IReadOnlyList<string> Specials { get; } = [.. Words.Select(word => word.Replace("\\n", "\n", StringComparison.Ordinal))];

    public string Make() =>
        $"{Maybe(0.4, Text)}{Maybe(0.3, () => Condition(Global(), Text()))}{{% for m in messages %}}{Body(random.Next(1, 5))}{{% endfor %}}"
        + $"{Maybe(0.3, () => Condition(Global(), Text()))}{{% if add_generation_prompt %}}{Text()}{{% endif %}}";

    private string Body(int parts)
    {
        var body = Maybe(0.6, Text) + (random.Next(3) == 0 ? Condition("m['content']", Content()) : Content());
        for (var i = 0; i < parts; i++)
        {
            body += random.Next(6) switch
            {
                0 => Text(),
                1 => "{{ m.role }}",
                2 => Content(),
                3 => Condition(Local(), random.Next(2) == 0 ? Text() + Text() : Content()),
                4 => $"{{% if m.name %}}{Text()}{{{{ m.name{Pick(Filters)} }}}}{{% endif %}}",
                _ => "{{ loop.index }}",
            };
        }

        return body;
    }

    private string Content() => $"{{{{ m['content']{Pick(Filters)} }}}}";

    private string Text() => random.Next(5) == 0 ? "{{ bos_token }}" : $"{{{{ '{Pick(Texts)}' }}}}";

    private string Local() => random.Next(9) switch
    {
        0 => $"m.role == '{Pick(["user", "system", "assistant", "developer"])}'",
        1 => "m.content",
        2 => $"'{Pick(Words)}' in m.content",
        3 => $"m.content | length > {random.Next(1, 60)}",
        4 => "loop.first",
        5 => "loop.last",
        6 => "not m.content",
        7 => $"m.content.startswith('{Pick(Words)}')",
        _ => $"loop.index0 % {random.Next(2, 5)} == 0",
    };

    private string Global() => random.Next(3) switch
    {
        0 => "messages[0].role == 'system'",
        1 => $"messages | length > {random.Next(1, 12)}",
        _ => "messages[0].content",
    };

    private static string Condition(string condition, string body) => $"{{% if {condition} %}}{body}{{% endif %}}";

    private string Maybe(double chance, Func<string> make) => random.NextDouble() < chance ? make() : "";

    private string Pick(string[] values) => values[random.Next(values.Length)];
}
