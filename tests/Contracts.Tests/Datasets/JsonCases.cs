using static Tollgate.Contracts.Tests.Datasets.DatasetCase;

namespace Tollgate.Contracts.Tests.Datasets;

/// <summary>Examples in JSONL.</summary>
internal static class JsonCases
{
    public static IEnumerable<DatasetCase> All() => [.. Syntax(), .. Members(), .. Chats(), .. Classes()];

    private static IEnumerable<DatasetCase> Syntax() =>
    [
        SecondLine("a line cut off", """{"text":"x","label":"a" """, "invalid_json", 25),
        SecondLine("single quotes", "{'text':'x','label':'a'}", "invalid_json", 2),
        SecondLine("a comma after the last member", """{"text":"x","label":"a",}""", "invalid_json", 25),
        SecondLine("a comma after the object", """{"text":"x","label":"a"},""", "invalid_json", 25),
        SecondLine("two objects on a line", """{"text":"x","label":"a"}{"text":"y","label":"b"}""", "invalid_json", 25),
        SecondLine("NaN", """{"text":"x","label":NaN}""", "invalid_json", 21),
        SecondLine("Infinity", """{"text":"x","label":Infinity}""", "invalid_json", 21),
        SecondLine("None of Python", """{"text":"x","label":None}""", "invalid_json", 21),
        SecondLine("a comment", """{"text":"x","label":"a"} // good""", "invalid_json", 26),
        SecondLine("a control character in a string", "{\"text\":\"x\ty\",\"label\":\"a\"}", "invalid_json", 11),
        SecondLine("an escape that is none", """{"text":"x\qy","label":"a"}""", "invalid_json", 12),
        SecondLine("a quote within a text", """{"text":"say "x" now","label":"a"}""", "invalid_json", 15),
        SecondLine("a byte order mark in the middle", "\uFEFF{\"text\":\"x\",\"label\":\"a\"}", "invalid_json", 1),
        SecondLine("an unquoted text", "text and no JSON", "invalid_json", 2),
        SecondLine("a name twice", """{"text":"x","label":"a","text":"y"}""", "duplicate_member", 25),
        SecondLine("a name twice by an escape", """{"text":"x","label":"a","l\u0061bel":"b"}""", "duplicate_member", 25),
        SecondLine("a name twice within an ignored member", """{"text":"x","label":"a","m":{"k":1,"k":2}}""", "duplicate_member", 36),
        // A line has at most 8 of its faults listed.
        Bad("a name 20 times", $$"""
            {"text":"x","label":"a",{{string.Join(',', Enumerable.Repeat("\"n\":0", 20))}}}
            {"text":"y","label":"a"}
            {"text":"z","label":"b"}
            """, 3, [.. Enumerable.Range(0, 8).Select(i => ("duplicate_member", 1L, 31 + (6 * i)))]),
        SecondLine("deep nesting", $$"""{"text":"x","label":"a","m":{{new string('[', 64)}}{{new string(']', 64)}}}""", "too_deep", 92),
        SecondLine("an array on a line", """["x","a"]""", "not_an_object", 1),
        SecondLine("a string on a line", "\"x\"", "not_an_object", 1),
        Bad("a JSON array", """[{"text":"x","label":"a"},{"text":"y","label":"b"}]""", 0, ("json_array", 1, 1)),
        Bad("an indented JSON array", "\n [\n {\"text\":\"x\",\"label\":\"a\"}\n]", 0, ("json_array", 2, 2)),
        Bad("an indented object", "{\n  \"text\": \"x\",\n  \"label\": \"a\"\n}\n", 0, ("json_over_lines", 1, 1)),
    ];

    private static IEnumerable<DatasetCase> Members() =>
    [
        Good("the form of the tutorials", """
            {"data":"fine","label":1}
            {"data":"poor","label":0}
            """, 2),
        Good("whole numbers as labels", """
            {"text":"fine","label":-1}
            {"text":"poor","label":9223372036854775807}
            """, 2),
        Good("further members", """
            {"text":"fine","label":"a","source":{"site":"x","id":[1,2.5e3,null]}}
            {"label":"b","text":"poor"}
            """, 2) with { Warnings = ["ignored_members"] },
        SecondLine("no label", """{"text":"x"}""", "missing_label", 1),
        SecondLine("a label of null", """{"text":"x","label":null}""", "missing_label", 21),
        SecondLine("an empty label", """{"text":"x","label":" "}""", "empty_label", 21),
        SecondLine("a boolean label", """{"text":"x","label":true}""", "invalid_label", 21),
        SecondLine("a fraction as label", """{"text":"x","label":1.0}""", "invalid_label", 21),
        SecondLine("an exponent as label", """{"text":"x","label":1e2}""", "invalid_label", 21),
        SecondLine("a label beyond 64 bits", """{"text":"x","label":9223372036854775808}""", "invalid_label", 21),
        SecondLine("a list of labels", """{"text":"x","label":["a","b"]}""", "invalid_label", 21),
        SecondLine("a number among names", """{"text":"x","label":1}""", "mixed_labels", 21),
        SecondLine("a long label", $$"""{"text":"x","label":"{{new string('l', 129)}}"}""", "label_too_long", 21),
        SecondLine("no text", """{"label":"a"}""", "missing_text", 1),
        SecondLine("no members", "{}", "missing_text", 1),
        SecondLine("OpenAI's older form", """{"prompt":"x","completion":"a"}""", "missing_text", 1),
        SecondLine("a name in another case", """{"Text":"x","label":"a"}""", "missing_text", 1),
        SecondLine("a text of null", """{"text":null,"label":"a"}""", "missing_text", 9),
        SecondLine("a number as text", """{"text":5,"label":"a"}""", "invalid_text", 9),
        SecondLine("a list of texts", """{"text":["x"],"label":"a"}""", "invalid_text", 9),
        SecondLine("an empty text", """{"text":"","label":"a"}""", "empty_text", 9),
        SecondLine("a text of spaces", """{"text":" \n\u00a0","label":"a"}""", "empty_text", 9),
        SecondLine("a character beyond 16 bits before the fault", """{"😀":1,"text":"","label":"a"}""", "empty_text", 15) with
        {
            Warnings = ["ignored_members"],
        },
        SecondLine("another form", """{"data":"x","label":"a"}""", "mixed_forms", 1),
        SecondLine("two forms in one row", """{"text":"x","data":"x","label":"a"}""", "mixed_forms", 13),
        Bad("two faults in one row", """
            {"text":"","label":true}
            {"text":"poor","label":"b"}
            {"text":"fine","label":"a"}
            """, 3, ("invalid_label", 1, 20)),
        Bad("two faults of values in one row", """
            {"text":"","label":""}
            {"text":"poor","label":"b"}
            {"text":"fine","label":"a"}
            """, 3, ("empty_text", 1, 9), ("empty_label", 1, 20)),
    ];

    private static IEnumerable<DatasetCase> Chats() =>
    [
        Good("OpenAI's chats", Chat("fine", "a") + "\n" + Chat("poor", "b"), 2),
        ChatOfTwo("a system message", """{"role":"system","content":"s"}""", "unsupported_messages", 14),
        ChatOfTwo("no message", "", "unsupported_messages", 14),
        ChatOfTwo("no answer", """{"role":"user","content":"x"}""", "missing_label", 43),
        ChatOfTwo(
            "two questions", """{"role":"user","content":"x"},{"role":"user","content":"y"},{"role":"assistant","content":"a"}""",
            "unsupported_messages", 44),
        ChatOfTwo(
            "two turns",
            """{"role":"user","content":"x"},{"role":"assistant","content":"a"},{"role":"user","content":"y"}""",
            "unsupported_messages", 79),
        ChatOfTwo(
            "parts instead of a text", """{"role":"user","content":[{"type":"text","text":"x"}]},{"role":"assistant","content":"a"}""",
            "unsupported_messages", 39),
        ChatOfTwo(
            "a weight", """{"role":"user","content":"x"},{"role":"assistant","content":"a","weight":0}""", "unsupported_messages", 78),
        ChatOfTwo(
            "a call of a tool", """{"role":"user","content":"x"},{"role":"assistant","tool_calls":[]}""", "unsupported_messages", 64),
        ChatOfTwo("a message without a role", """{"content":"x"}""", "unsupported_messages", 28),
        ChatOfTwo("a message that is a text", "\"x\"", "unsupported_messages", 14),
        ChatOfTwo("an empty answer", """{"role":"user","content":"x"},{"role":"assistant","content":""}""", "empty_label", 74),
        Bad(
            "tools beside the messages", "{\"tools\":[]," + Chat("fine", "a")[1..] + "\n" + Chat("poor", "b"), 2,
            ("unsupported_messages", 1, 2)),
        Bad(
            "messages that are none", "{\"messages\":\"x\"}\n" + Chat("fine", "a") + "\n" + Chat("poor", "b"), 3,
            ("unsupported_messages", 1, 13)),
        SecondLine("a chat among rows", Chat("x", "a"), "mixed_forms", 1),
    ];

    private static IEnumerable<DatasetCase> Classes() =>
    [
        Bad("one class only", """
            {"text":"fine","label":"a"}
            {"text":"good","label":"a"}
            """, 2, ("one_class", 1, 1)),
        Bad("one class of CSV only", "text,label\n\nfine,a\ngood,a\n", 2, ("one_class", 3, 1)),
        Bad("10,000 classes", string.Join('\n', Enumerable.Range(0, 10_000).Select(i => Row($"text {i}", $"label {i}"))), 1_001,
            ("too_many_classes", 1_001, 29)),
        Good("1,000 classes", string.Join('\n', Enumerable.Range(0, 2_000).Select(i => Row($"text {i}", $"label {i % 1000}"))), 2_000),
        Bad("200,001 rows", string.Join('\n', Enumerable.Range(0, 200_001).Select(i => Row($"text {i}", $"{i % 2}"))), 200_000,
            ("too_many_rows", 200_001, 1)),
        Good("a class with one row", Row("x", "a") + "\n" + Row("y", "a") + "\n" + Row("z", "b"), 3),
        Good("labels that differ in case", string.Join('\n', Row("x", "a"), Row("y", "A "), Row("z", "a"), Row("u", "A ")), 4) with
        {
            Warnings = ["similar_labels"],
        },
        Good("many of one class", string.Join('\n', Enumerable.Range(0, 23).Select(i => Row($"text {i}", i < 2 ? "a" : "b"))), 23) with
        {
            Warnings = ["imbalanced"],
        },
        Good("a text twice", string.Join('\n', Row("x", "a"), Row("y", "b"), Row("x", "a"), Row("z", "b")), 4) with
        {
            Warnings = ["duplicate_text"],
        },
        Good("a text with two labels", string.Join('\n', Row("x", "a"), Row("y", "b"), Row("x", "b"), Row("z", "a")), 4) with
        {
            Warnings = ["duplicate_text", "contradictory_label"],
        },
        Good("a similar text", string.Join('\n', Row("So good!", "a"), Row("y", "b"), Row("so  good", "b"), Row("z", "a")), 4) with
        {
            Warnings = ["label_noise"],
        },
    ];

    private static string Row(string text, string label) => $$"""{"text":"{{text}}","label":"{{label}}"}""";

    private static string Chat(string text, string label) =>
        $$"""{"messages":[{"role":"user","content":"{{text}}"},{"role":"assistant","content":"{{label}}"}]}""";

    /// <summary>A chat of these messages, between two good ones.</summary>
    private static DatasetCase ChatOfTwo(string name, string messages, string code, int column) => Bad(
        name, $"{Chat("fine", "a")}\n{{\"messages\":[{messages}]}}\n{Chat("poor", "b")}", 3, (code, 2, column));
}
