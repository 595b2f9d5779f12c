using System.Text;
using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Prompts;

/// <summary>The chats with functions, calls and results that a template is tried on.</summary>
internal static class ToolProbes
{
    private const string Id = "c";

    private static readonly ChatMessage User = new("user", "x");

    private static readonly string[] Types = ["string", "number", "integer", "boolean", "null", "array", "object"];

    /// <summary>Chats of which one part grows with a number.</summary>
    public static IReadOnlyList<Func<int, (IReadOnlyList<ChatMessage> Messages, IReadOnlyList<ToolDefinition> Tools)>> Growing { get; } =
    [
        .. ChatProbes.Repeated.SelectMany(text => (Func<int, (IReadOnlyList<ChatMessage>, IReadOnlyList<ToolDefinition>)>[])
        [
            count => ([User], [Tool("f", Repeat(text, count), "{}")]),
            count => ([User], [Tool("f", "d", Property("a", $$"""{"type":"string","description":{{Quote(Repeat(text, count))}}}"""))]),
            count => Called($$"""{"a":{{Quote(Repeat(text, count))}}}""", "y"),
            count => Called("{}", Repeat(text, count)),
            count => Called(Repeat(text, count), "y"), // No JSON, as models write it at times.
        ]),
        count => ([User], [Tool(new string('f', count), null, "{}")]),
        count => ([User], [Tool("f", "d", Property(new string('a', count), """{"type":"string"}"""))]),
        .. Types.Select(type => (Func<int, (IReadOnlyList<ChatMessage>, IReadOnlyList<ToolDefinition>)>)(
            count => ([User], [Tool("f", "d", Properties(count, $$"""{"type":"{{type}}"}"""))]))),
        count => ([User], [Tool("f", "d", Properties(count, """{"type":"array","items":{"type":"string"}}"""))]),
        count => ([User], [Tool("f", "d", Properties(count, """{"type":["string","null"],"default":null}"""))]),
        count => ([User], [Tool("f", "d", Properties(count, """{"anyOf":[{"type":"string"},{"type":"integer"}]}"""))]),
        count => ([User], [Tool("f", "d", Properties(count, "{}"))]),
        count => ([User], [Tool("f", "d", $$"""{"type":"object","required":[{{List("\"a\"", count)}}]}""")]),
        count => ([User], [Tool("f", "d", Property("a", $$"""{"enum":[{{List("1", count)}}]}"""))]),
        count => ([User], [Tool("f", "d", Property("a", $$"""{"type":"string","enum":[{{List("\"a\"", count)}}]}"""))]),
        count => ([User], [Tool("f", "d", Property("a", Nested(count / 2)))]),
        count => Called($"{{\"a\":[{List("1", count)}]}}", "y"),
        count => Called($"{{\"a\":{new string('[', count / 2)}{new string(']', count / 2)}}}", "y"),
    ];

    /// <summary>So many small functions.</summary>
    /// <param name="parameters">Of each; null for none.</param>
    public static (IReadOnlyList<ChatMessage>, IReadOnlyList<ToolDefinition>) Tools(int count, string? description, string? parameters) =>
        ([User], [.. Enumerable.Range(0, count).Select(at => Tool($"f{at}", description, parameters))]);

    /// <summary>So many calls in one message each.</summary>
    /// <param name="results">Whether each is answered by a message of its own.</param>
    public static (IReadOnlyList<ChatMessage>, IReadOnlyList<ToolDefinition>) Calls(int count, string arguments, bool results)
    {
        List<ChatMessage> messages = [];
        for (var at = 0; at < count; at++)
        {
            messages.Add(User);
            messages.Add(Calling(at, arguments));
            if (results)
            {
                messages.Add(Result(at, "y"));
            }
        }

        return (messages, [Tool("f", "d", "{}")]);
    }

    /// <summary>So many calls in one message, and their results.</summary>
    public static (IReadOnlyList<ChatMessage>, IReadOnlyList<ToolDefinition>) CallsTogether(int count)
    {
        var calls = Enumerable.Range(0, count).Select(at => new ToolCall($"{Id}{at}", "f", "{}")).ToArray();
        IEnumerable<ChatMessage> results = Enumerable.Range(0, count).Select(at => Result(at, "y"));
        return ([User, new ChatMessage("assistant", "") { Calls = calls }, .. results], [Tool("f", "d", "{}")]);
    }

    /// <summary>Chats whose functions, calls and results are of other kinds.</summary>
    public static IEnumerable<(IReadOnlyList<ChatMessage> Messages, IReadOnlyList<ToolDefinition> Tools)> Variants(
        TemplateLiterals literals)
    {
        ToolDefinition[] tools =
        [
            Tool("f", null, null), Tool("f", "d", null), Tool("f", null, "{}"), Tool("f", "", Property("a", "{}")),
            Tool("f", "d", """{"type":"object","properties":{},"required":[],"additionalProperties":false}"""),
            Tool("f", "d", """{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"enum":["c",1,null]}}}}}"""),
        ];
        foreach (var tool in tools)
        {
            yield return ([User], [tool]);
            yield return ([new("system", "s"), User], [tool]);
            yield return ([User, new("assistant", "y"), User], [tool, tool with { Name = "g" }]);
            yield return ([User, Calling(0, "{}"), Result(0, "y")], [tool]);
            yield return ([User, Calling(0, "{}"), Result(0, "y"), new("assistant", "z"), User], []);
        }

        foreach (var content in ChatProbes.Contents(literals))
        {
            yield return Called("{}", content);
            yield return ([User, Calling(0, "{\"a\":1}") with { Content = content }, Result(0, "y")], [tools[^1]]);
        }

        // Several calls in one message, several results behind each other.
        foreach (var count in (int[])[2, 3, 8])
        {
            var calls = Enumerable.Range(0, count).Select(at => new ToolCall($"{Id}{at}", "f", "{\"a\":1}")).ToArray();
            ChatMessage[] results = [.. Enumerable.Range(0, count).Select(at => Result(at, "y"))];
            yield return ([User, new ChatMessage("assistant", "t") { Calls = calls }, .. results, User], [tools[1]]);
            yield return ([User, .. results], []);
        }
    }

    /// <summary>Bytes as a gateway counts them.</summary>
    public static long TextBytes(IReadOnlyList<ChatMessage> messages) => messages.Sum(message =>
        Bytes(message.Content) + Bytes(message.Name) + Bytes(message.CallId)
        + message.Calls.Sum(call => Bytes(call.Id) + Bytes(call.Name) + Bytes(call.Arguments)));

    private static long Bytes(string? text) => Encoding.UTF8.GetByteCount(text ?? "");

    private static (IReadOnlyList<ChatMessage>, IReadOnlyList<ToolDefinition>) Called(string arguments, string result) =>
        ([User, Calling(0, arguments), Result(0, result)], [Tool("f", "d", "{}")]);

    private static ChatMessage Calling(int at, string arguments) =>
        new("assistant", "") { Calls = [new ToolCall($"{Id}{at}", "f", arguments)] };

    private static ChatMessage Result(int at, string content) => new("tool", content) { CallId = $"{Id}{at}" };

    private static ToolDefinition Tool(string name, string? description, string? parameters) =>
        new(name, description, parameters is null ? null : JsonElement.Parse(parameters), Strict: false);

    private static string Property(string name, string schema) => Object($"\"{name}\":{schema}");

    private static string Properties(int count, string schema) =>
        Object(string.Join(',', Enumerable.Range(0, count).Select(at => $"\"{(char)('a' + (at % 26))}{at}\":{schema}")));

    private static string Object(string properties) => $"{{\"type\":\"object\",\"properties\":{{{properties}}}}}";

    private static string Nested(int depth) => depth == 0 ? "{}" : $"{{\"items\":{Nested(depth - 1)}}}";

    private static string List(string item, int count) => string.Join(',', Enumerable.Repeat(item, count));

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));

    /// <summary>JSON that keeps letters of other scripts as they are.</summary>
    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var character in text)
        {
            quoted.Append(character is '"' or '\\' ? $"\\{character}" : character < ' ' ? $"\\u{(int)character:x4}" : $"{character}");
        }

        return quoted.Append('"').ToString();
    }
}
