using System.Text.Json;

namespace Tollgate.EndToEnd.Tests.Clients;

/// <summary>Input files of batches, and what stands in their output and error files.</summary>
internal static class BatchFiles
{
    public const string Chat = "/v1/chat/completions";
    public const string Embeddings = "/v1/embeddings";

    /// <summary>A file of short chats with the custom ids <c>line-1</c> and so on.</summary>
    public static string Chats(int lines) => string.Concat(Enumerable.Range(1, lines).Select(i =>
        $$$"""
        {"custom_id":"line-{{{i}}}","method":"POST","url":"{{{Chat}}}","body":{{{Body(i)}}}}

        """));

    /// <summary>A file of short embeddings.</summary>
    public static string Vectors(int lines) => string.Concat(Enumerable.Range(1, lines).Select(i =>
        $$$"""
        {"custom_id":"line-{{{i}}}","method":"POST","url":"{{{Embeddings}}}","body":{"model":"tiny-embed","input":"Text {{{i}}}"}}

        """));

    private static string Body(int i) =>
        $$"""{"model":"tiny-assistant","max_completion_tokens":4,"messages":[{"role":"user","content":"Say {{i}}."}]}""";

    /// <summary>The lines of an output or error file by their custom id; fails where one stands twice.</summary>
    public static IReadOnlyDictionary<string, JsonElement> Read(string? jsonl) =>
        (jsonl ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))
            .ToDictionary(line => line.GetProperty("custom_id").GetString()!);

    /// <summary>The custom ids of <see cref="Chats"/> and <see cref="Vectors"/>.</summary>
    public static IEnumerable<string> Ids(int lines) => Enumerable.Range(1, lines).Select(i => $"line-{i}");
}
