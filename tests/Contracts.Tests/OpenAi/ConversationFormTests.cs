using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Tests.OpenAi;

/// <summary>Functions, calls and formats of a chat in the form that all wires share.</summary>
public sealed class ConversationFormTests
{
    private const string Weather =
        """{"type":"function","function":{"name":"weather","description":"é","parameters":{"type":"object"},"strict":true}}""";

    private const string Time = """{"type":"function","function":{"name":"time","description":null}}""";

    [Fact]
    public void Functions_are_kept_in_their_order_with_their_schemas_as_written()
    {
        var chat = Parse.Chat($"\"tools\":[{Weather},{Time}],\"parallel_tool_calls\":false");

        var tools = chat.Tools!;
        Assert.Equal(["weather", "time"], tools.Definitions.Select(tool => tool.Name));
        Assert.Equal("""{"type":"object"}""", tools.Definitions[0].Parameters!.Value.GetRawText());
        Assert.Equal((true, false), (tools.Definitions[0].Strict, tools.Definitions[1].Strict));
        Assert.Null(tools.Definitions[1].Description);
        Assert.Equal((false, false, 2), (tools.Required, tools.Parallel, tools.Callable.Count));
        Assert.Equal((2, 7 + 2 + 17 + 4), (chat.Size.Tools, chat.Size.ToolUtf8Bytes));
    }

    [Theory]
    [InlineData("\"none\"", false)]
    [InlineData("\"auto\"", false, "weather", "time")]
    [InlineData("null", false, "weather", "time")]
    [InlineData("\"required\"", true, "weather", "time")]
    [InlineData("""{"type":"function","function":{"name":"time"}}""", true, "time")]
    [InlineData("""{"function":{"name":"time"},"type":"function"}""", true, "time")]
    [InlineData("""{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"time"}}]}}""",
        false, "time")]
    public void A_choice_says_which_functions_may_be_called(string choice, bool required, params string[] callable)
    {
        var tools = Parse.Chat($"\"tools\":[{Weather},{Time}],\"tool_choice\":{choice}").Tools;

        Assert.Equal(callable, tools?.Callable.Select(tool => tool.Name) ?? []);
        Assert.Equal(required, tools?.Required ?? false);
    }

    [Fact]
    public void Without_calls_allowed_no_function_counts_in_the_size()
    {
        var chat = Parse.Chat($"\"tools\":[{Weather}],\"tool_choice\":\"none\"");

        Assert.Null(chat.Tools);
        Assert.Equal((0, 0L), (chat.Size.Tools, chat.Size.ToolUtf8Bytes));
    }

    [Theory]
    [InlineData("\"tool_choice\":\"none\"")]
    [InlineData("\"tool_choice\":\"auto\",\"tools\":[]")]
    public void A_choice_of_nothing_needs_no_functions(string members) => Assert.Null(Parse.Chat(members).Tools);

    [Fact]
    public void Older_functions_are_called_one_at_a_time()
    {
        var chat = Parse.Chat("""  "functions":[{"name":"f"},{"name":"g"}],"function_call":{"name":"g"}  """);

        Assert.True(chat.UsesFunctions);
        Assert.Equal((true, false, "g"), (chat.Tools!.Required, chat.Tools.Parallel, Assert.Single(chat.Tools.Callable).Name));
    }

    [Fact]
    public void Calls_and_results_are_paired_by_their_ids()
    {
        var chat = Parse.ChatOf("""
            [{"role":"user","content":"Q"},
             {"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}},
              {"id":"b","index":1,"type":"function","function":{"name":"g","arguments":""}}]},
             {"role":"tool","tool_call_id":"b","content":[{"type":"text","text":"2"}]},
             {"role":"tool","tool_call_id":"a","name":"f","content":""}]
            """);

        Assert.Equal([new ToolCall("a", "f", """{"x":1}"""), new ToolCall("b", "g", "")], chat.Messages[1].Calls);
        Assert.Equal(("b", "2", "a", "f"),
            (chat.Messages[2].CallId, chat.Messages[2].Content, chat.Messages[3].CallId, chat.Messages[3].Name));
        Assert.Equal((2, 4, 1 + (1 + 1 + 7) + (1 + 1) + (1 + 1) + (1 + 1)), (chat.Size.Calls, chat.Size.Messages, chat.Size.Utf8Bytes));
    }

    [Fact]
    public void What_OpenAIs_client_adds_to_an_answer_comes_back_and_is_left_out()
    {
        var chat = Parse.ChatOf(
            """
            [{"role":"user","content":"x"},{"role":"assistant","content":"b","parsed":{"x":[1]},"tool_calls":[{"id":"call_1",
            "type":"function","function":{"parsed_arguments":{"x":[1]},"name":"f","arguments":"{}"}}]},
            {"role":"tool","tool_call_id":"call_1","content":"1"}]
            """);

        Assert.Equal(["x", "b", "1"], chat.Messages.Select(message => message.Content));
        Assert.Equal(("f", "{}"), (chat.Messages[1].Calls[0].Name, chat.Messages[1].Calls[0].Arguments));
    }

    [Fact]
    public void An_older_call_and_its_result_are_a_call_and_a_result()
    {
        var chat = Parse.ChatOf("""
            [{"role":"assistant","function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":null}]
            """);

        Assert.Equal(("f", "{}"), (Assert.Single(chat.Messages[0].Calls).Name, chat.Messages[0].Calls[0].Arguments));
        Assert.Equal(("tool", "f", ""), (chat.Messages[1].Role, chat.Messages[1].Name, chat.Messages[1].Content));
    }

    [Theory]
    [InlineData("""  "response_format":{"type":"text"}  """, null)]
    [InlineData("""  "response_format":{"type":"json_object"}  """, "AnyObject")]
    [InlineData("""  "response_format":{"type":"json_schema","json_schema":{"name":"a"}}  """, "AnyObject")]
    [InlineData("""  "structured_outputs":{"json_object":true}  """, "AnyObject")]
    [InlineData("""  "structured_outputs":{"json_object":false}  """, null)]
    [InlineData("""  "response_format":{"json_schema":{"strict":true,"schema":{"type":"object"},"name":"a"},"type":"json_schema"}  """,
        """Schema a {"type":"object"} True response_format.json_schema.schema""")]
    [InlineData("""  "guided_json":"{\"type\":\"array\"}"  """, """Schema  {"type":"array"} False guided_json""")]
    [InlineData("""  "structured_outputs":{"json":true}  """, "Schema  true False structured_outputs.json")]
    [InlineData("""  "response_format":{"type":"regex","pattern":"a+"}  """, "Pattern a+ response_format.pattern")]
    [InlineData("""  "guided_regex":"a+"  """, "Pattern a+ guided_regex")]
    [InlineData("""  "response_format":{"type":"grammar","grammar":"root ::= \"a\""}  """, "Gbnf response_format.grammar")]
    [InlineData("""  "response_format":{"type":"grammar","definition":"start: \"a\""}  """, "Lark response_format.definition")]
    [InlineData("""  "structured_outputs":{"grammar":"start: \"a\""}  """, "Lark structured_outputs.grammar")]
    [InlineData("""  "guided_choice":["yes","no"]  """, "yes|no guided_choice")]
    public void A_format_is_read_from_whichever_member_has_it(string members, string? expected) => Assert.Equal(
        expected,
        Parse.Chat(members).Format switch
        {
            OutputFormat.AnyObject => "AnyObject",
            OutputFormat.Schema schema => $"Schema {schema.Name} {schema.Value.GetRawText()} {schema.Strict} {schema.Member}",
            OutputFormat.Pattern pattern => $"Pattern {pattern.Expression} {pattern.Member}",
            OutputFormat.Rules rules => $"{rules.Syntax} {rules.Member}",
            OutputFormat.OneOf oneOf => $"{string.Join('|', oneOf.Texts)} {oneOf.Member}",
            _ => null,
        });

    [Fact]
    public void A_schema_outlives_the_body()
    {
        var body = System.Text.Encoding.UTF8.GetBytes(
            """{"model":"a","messages":[{"role":"user","content":"x"}],"guided_json":{"const":"kept"}}""");
        Assert.True(ChatRequest.TryParse(body, out var request, out _));

        Array.Clear(body);

        Assert.Equal(JsonValueKind.Object, ((OutputFormat.Schema)request.Format!).Value.ValueKind);
        Assert.Equal("kept", ((OutputFormat.Schema)request.Format!).Value.GetProperty("const").GetString());
    }
}
