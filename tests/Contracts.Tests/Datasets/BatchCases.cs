using System.Text;
using Tollgate.Contracts.Datasets;
using static Tollgate.Contracts.Tests.Datasets.DatasetCase;

namespace Tollgate.Contracts.Tests.Datasets;

/// <summary>Batches.</summary>
internal static class BatchCases
{
    public static IEnumerable<DatasetCase> All() =>
    [
        Batch("a batch", Request("one") + "\n" + Request("two") + "\n", 2),
        Batch("a batch of embeddings", Request("one", "/v1/embeddings"), 1),
        Batch("50,000 lines", string.Join('\n', Enumerable.Range(0, 50_000).Select(i => Request($"r{i}"))), 50_000),
        Batch(
            "50,001 lines", string.Join('\n', Enumerable.Range(0, 50_001).Select(i => Request($"r{i}"))), 50_000,
            ("too_many_rows", 50_001, 1)),
        Batch("ids that differ in case", Request("one") + "\n" + Request("One"), 2),
        Batch("an id twice", string.Join('\n', Request("one"), Request("two"), Request("one")), 3, ("duplicate_custom_id", 3, 14)),
        Batch(
            "an id twice by an escape", string.Join('\n', Request("one"), Request("two"), Request(@"\u006fne")), 3,
            ("duplicate_custom_id", 3, 14)),
        Batch(
            "an id three times", string.Join('\n', Request("x"), Request("x"), Request("x")), 3,
            ("duplicate_custom_id", 2, 14), ("duplicate_custom_id", 3, 14)),
        Batch("an empty batch", "", 0, ("empty_file", 1, 1)),
        Batch("a batch in an array", "[" + Request("one") + "]", 0, ("json_array", 1, 1)),
        Batch("a batch that is packed", [0x1F, 0x8B, 8, 0], 0, ("compressed_file", 1, 1)),
        Batch("CSV as a batch", "text,label\nfine,a\n", 2, ("invalid_json", 1, 2), ("invalid_json", 2, 2)),
        Batch(
            "examples as a batch", """{"text":"fine","label":"a"}""", 1, ("missing_custom_id", 1, 1), ("missing_member", 1, 1),
            ("missing_member", 1, 1), ("missing_member", 1, 1)),
        Batch(
            "two endpoints", Request("one") + "\n" + Request("two", "/v1/embeddings") + "\n" + Request("three"), 3, ("mixed_urls", 2, 42)),
        SecondRequest("no id", Swap("\"custom_id\":\"x\",", ""), "missing_custom_id", 1),
        SecondRequest("an id of null", Swap("\"x\"", "null"), "missing_custom_id", 14),
        SecondRequest("a number as id", Swap("\"x\"", "7"), "invalid_custom_id", 14),
        SecondRequest("an empty id", Request(""), "invalid_custom_id", 14),
        SecondRequest("a long id", Request(new string('x', 513)), "invalid_custom_id", 14),
        SecondRequest("no method", Swap("\"method\":\"POST\",", ""), "missing_member", 1),
        SecondRequest("another method", Swap("POST", "GET"), "invalid_method", 27),
        SecondRequest("a method in lower case", Swap("POST", "post"), "invalid_method", 27),
        SecondRequest("no url", Swap("\"url\":\"/v1/chat/completions\",", ""), "missing_member", 1),
        SecondRequest("another url", Request("x", "/v1/files"), "invalid_url", 40),
        SecondRequest("a whole address as url", Request("x", "https://api.openai.com/v1/chat/completions"), "invalid_url", 40),
        SecondRequest("an endpoint of forms", Request("x", "/v1/audio/transcriptions"), "invalid_url", 40),
        SecondRequest("a number as url", Swap("\"/v1/chat/completions\"", "1"), "invalid_url", 40),
        SecondRequest("no body", """{"custom_id":"x","method":"POST","url":"/v1/chat/completions"}""", "missing_member", 1),
        SecondRequest(
            "a body that is a text", """{"custom_id":"x","method":"POST","url":"/v1/chat/completions","body":"{}"}""", "invalid_body", 70),
        SecondRequest("no model", Swap("\"model\":\"m\",", ""), "missing_model", 70),
        SecondRequest("a number as model", Swap("\"m\"", "5"), "invalid_model", 79),
        SecondRequest("an empty model", Swap("\"m\"", "\"\""), "invalid_model", 79),
        SecondRequest("a model twice", Swap("\"m\"", "\"m\",\"model\":\"n\""), "duplicate_member", 83),
        SecondRequest("a request cut off", Request("x")[..^3], "invalid_json", 96),
        SecondRequest("a line of nothing but an id", """{"custom_id":"x"}""", "missing_member", 1) with
        {
            Faults = [("missing_member", 2, 1), ("missing_member", 2, 1), ("missing_member", 2, 1)],
        },
    ];

    /// <summary>A line in which one part is another.</summary>
    private static string Swap(string part, string by) => Request("x").Replace(part, by, StringComparison.Ordinal);

    private static DatasetCase Batch(string name, string file, long rows, params (string Code, long Line, int Column)[] faults) =>
        Batch(name, Encoding.UTF8.GetBytes(file), rows, faults);

    private static DatasetCase Batch(string name, byte[] file, long rows, params (string Code, long Line, int Column)[] faults) =>
        new(name, DatasetPurpose.Batch, file, rows, faults);
}
