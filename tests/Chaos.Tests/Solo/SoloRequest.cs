using System.Globalization;
using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Chaos.Tests.Solo;

/// <summary>One request of a text model whose answer depends on nothing but itself: it names a seed.</summary>
/// <param name="Path">Such as <c>/v1/chat/completions</c>.</param>
/// <param name="Body">JSON.</param>
/// <param name="Kind">What tells it from the others, for reports.</param>
internal sealed record SoloRequest(string Path, string Body, string Kind)
{
    private const string Model = "\"model\":\"tiny-assistant\"";

    private static readonly string[] Questions =
    [
        "What is the capital of France?", "Tell me a story about a fox named Mia.", "What is 3 + 4?", "Hello!", "Name three colours.",
        "Translate 'good morning' to German.", "What is the weather in Paris?", "Is this spam: You won a prize!",
    ];

    /// <summary>Schemas with what makes an automaton work: choices, repetitions, counts, recursion, patterns.</summary>
    private static readonly string[] Schemas =
    [
        """
        {"type":"object","properties":{"city":{"type":"string","maxLength":40},"population":{"type":"integer","minimum":0}},
         "required":["city","population"],"additionalProperties":false}
        """,
        """
        {"type":"object","properties":{"tags":{"type":"array","items":{"enum":["red","green","blue"]},"minItems":1,"maxItems":5}},
         "required":["tags"],"additionalProperties":false}
        """,
        """{"type":"array","items":{"type":"number"},"maxItems":6}""",
        """
        {"type":"object","properties":{"day":{"type":"string","format":"date"},"code":{"type":"string","pattern":"^[A-Z]{2}[0-9]{3}$"}},
         "required":["day","code"],"additionalProperties":false}
        """,
        """
        {"$ref":"#/$defs/node","$defs":{"node":{"type":"object",
         "properties":{"value":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/node"},{"type":"null"}]}},
         "required":["value","next"],"additionalProperties":false}}}
        """,
        """
        {"anyOf":[
         {"type":"object","properties":{"kind":{"const":"a"},"x":{"type":"boolean"}},"required":["kind","x"],"additionalProperties":false},
         {"type":"object","properties":{"kind":{"const":"b"}},"required":["kind"],"additionalProperties":false}]}
        """,
    ];

    private static readonly (string Name, string Parameters)[] Functions =
    [
        ("get_weather", """
            {"type":"object","properties":{"city":{"type":"string","maxLength":30}},"required":["city"],"additionalProperties":false}
            """),
        ("add", """
            {"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}},"required":["a","b"],"additionalProperties":false}
            """),
        ("stop", """{"type":"object","properties":{},"required":[],"additionalProperties":false}"""),
    ];

    public static SoloRequest Draw(Random random) => random.Next(10) switch
    {
        0 or 1 => Chat(random, "", "free"),
        2 or 3 => Chat(random, Format(random, out var format), format),
        4 or 5 => Chat(random, ChatTools(random, out var choice), choice),
        6 => Completion(random),
        7 or 8 => Responses(random),
        _ => Messages(random),
    };

    private static SoloRequest Chat(Random random, string members, string kind) => new(
        PublicEndpoint.ChatCompletions.Path,
        $$"""
        {{{Model}},"messages":[{"role":"user","content":"{{Question(random)}}"}],"max_tokens":{{random.Next(8, 80)}},
         "n":{{random.Next(1, 4)}},"temperature":{{Temperature(random)}},"seed":{{random.Next()}},"logprobs":true,"top_logprobs":2,
         "stream":{{Flag(random)}}{{members}}}
        """,
        $"chat {kind}");

    private static SoloRequest Completion(Random random) => new(
        PublicEndpoint.Completions.Path,
        $$"""
        {{{Model}},"prompt":["{{Question(random)}}","Once upon"],"max_tokens":{{random.Next(0, 20)}},"echo":{{Flag(random)}},"logprobs":3,
         "temperature":{{Temperature(random)}},"seed":{{random.Next()}}}
        """,
        "completion");

    private static SoloRequest Responses(Random random)
    {
        var format = random.Next(2) == 0
            ? $$$""","text":{"format":{"type":"json_schema","name":"s","schema":{{{Pick(random, Schemas)}}}}}""" : "";
        return new SoloRequest(
            "/v1/responses",
            $$"""
            {{{Model}},"input":"{{Question(random)}}","max_output_tokens":{{random.Next(16, 80)}},"temperature":0,"store":false,
             "stream":{{Flag(random)}}{{format}}}
            """,
            format.Length == 0 ? "response free" : "response schema");
    }

    private static SoloRequest Messages(Random random)
    {
        var tools = string.Join(',', Functions.Select(
            function => $$"""{"name":"{{function.Name}}","input_schema":{{function.Parameters}}}"""));
        var called = random.Next(2) == 0 ? $$""","tools":[{{tools}}],"tool_choice":{"type":"any"}""" : "";
        return new SoloRequest(
            "/v1/messages",
            $$"""
            {{{Model}},"messages":[{"role":"user","content":"{{Question(random)}}"}],"max_tokens":{{random.Next(8, 80)}},"temperature":0,
             "stream":{{Flag(random)}}{{called}}}
            """,
            called.Length == 0 ? "message free" : "message tools");
    }

    private static string Format(Random random, out string kind)
    {
        (kind, var format) = random.Next(5) switch
        {
            0 => ("object", """{"type":"json_object"}"""),
            1 => ("regex", """{"type":"regex","pattern":"(yes|no), [a-z]{3,12}( [a-z]{2,9}){0,6}\\."}"""),
            2 => (
                "gbnf",
                """
                {"type":"grammar","syntax":"gbnf","grammar":"root ::= item (\", \" item)*\nitem ::= [a-z]+ | \"(\" root \")\""}
                """),
            _ => ("schema", $$$"""{"type":"json_schema","json_schema":{"name":"s","schema":{{{Pick(random, Schemas)}}}}}"""),
        };
        return ",\"response_format\":" + format;
    }

    private static string ChatTools(Random random, out string kind)
    {
        var tools = string.Join(',', Functions.Select(function =>
            $$$"""{"type":"function","function":{"name":"{{{function.Name}}}","strict":true,"parameters":{{{function.Parameters}}}}}"""));
        (kind, var choice) = random.Next(3) switch
        {
            0 => ("tools auto", "\"auto\""),
            1 => ("tools required", "\"required\""),
            _ => ("tools named", $$$"""{"type":"function","function":{"name":"{{{Pick(random, Functions).Name}}}"}}"""),
        };
        return $",\"tools\":[{tools}],\"tool_choice\":{choice},\"parallel_tool_calls\":{Flag(random)}";
    }

    private static string Question(Random random) => Pick(random, Questions);

    private static string Temperature(Random random) => Pick(random, [0.0, 0.8, 1.5]).ToString(CultureInfo.InvariantCulture);

    private static string Flag(Random random) => random.Next(2) == 0 ? "true" : "false";

    private static T Pick<T>(Random random, IReadOnlyList<T> items) => items[random.Next(items.Count)];

    /// <summary>An answer without what is new in each: ids and times, and the order in which several choices take turns in a
    /// stream.</summary>
    public static string Normalize(string answer)
    {
        var events = answer.Split('\n').Select(line => line.StartsWith("data: ", StringComparison.Ordinal) ? line[6..] : line)
            .Where(data => data.StartsWith('{')).Select(data => JsonElement.Parse(data));
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        foreach (var item in events.OrderBy(ChoiceOf)) // Stable: within a choice the order stays.
        {
            Write(item, text);
            text.WriteLine();
        }

        return text.ToString();
    }

    private static int ChoiceOf(JsonElement item) =>
        item.TryGetProperty("choices", out var choices) && choices.GetArrayLength() == 1 ? choices[0].GetProperty("index").GetInt32() : 0;

    private static void Write(JsonElement value, StringWriter text)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                var cached = value.TryGetProperty("cache_read_input_tokens", out var read) ? read.GetInt64() : (long?)null;
                foreach (var member in value.EnumerateObject().Where(member => !IsNew(member.Name)))
                {
                    text.Write($"{member.Name}{{");
                    if (cached is not null && member.Name == "input_tokens")
                    {
                        text.Write(member.Value.GetInt64() + cached); // Anthropic's are without the cached ones.
                    }
                    else
                    {
                        Write(member.Value, text);
                    }

                    text.Write('}');
                }

                break;
            case JsonValueKind.Array:
                text.Write('[');
                foreach (var item in value.EnumerateArray())
                {
                    Write(item, text);
                    text.Write(',');
                }

                text.Write(']');
                break;
            default:
                text.Write(value.GetRawText());
                break;
        }
    }

    /// <summary>Ids and times, and how much of a prompt an earlier one had too: that tells of earlier requests.</summary>
    private static bool IsNew(string member) =>
        member is "id" or "created" or "created_at" or "completed_at" or "item_id" or "call_id" or "tool_use_id"
            or "cached_tokens" or "cache_read_input_tokens";
}
