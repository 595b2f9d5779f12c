using Tollgate.Contracts.Anthropic;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Tests.OpenAi;
using Tollgate.Testing;

namespace Tollgate.Contracts.Tests.Anthropic;

public sealed class MessagesRequestTests
{
    private const string Call = """
        {"role":"assistant","content":[{"type":"text","text":"Let me see."},
        {"type":"tool_use","id":"c1","name":"weather","input":{"city": "Paris"},"caller":{"type":"direct"}},
        {"type":"tool_use","id":"c2","name":"time","input":{}}]}
        """;

    [Fact]
    public void TryParse_takes_Anthropics_defaults_when_members_are_absent()
    {
        var request = Parse.Messages();

        Assert.Equal("tiny-assistant", request.Model);
        Assert.Equal([("user", "Hi")], Turns(request));
        Assert.Equal(Sampling.Default with { MaxTokens = 9, Stop = request.Sampling.Stop }, request.Sampling);
        Assert.Equal((false, 9L, null, null), (request.Stream, request.MaxOutput!.Value, request.Tools, request.Format));
        Assert.Equal(new PromptSize(Utf8Bytes: 2, TokenIds: 0, Messages: 1, Prompts: 1), request.Size);
        Assert.Empty(request.Sampling.Stop);
    }

    [Fact]
    public void TryParse_reads_every_member_that_is_obeyed()
    {
        var request = Parse.Messages("""
            "system":[{"type":"text","text":"Be "},{"type":"text","text":"brief.","cache_control":{"type":"ephemeral"}}],
            "stream":true,"stop_sequences":["a","b","c","d","e"],"temperature":0.5,"top_p":0.25,
            "tools":[{"name":"weather","description":"W","input_schema":{"type":"object"},"strict":true,"type":"custom"}],
            "tool_choice":{"type":"any","disable_parallel_tool_use":true}
            """);

        Assert.Equal([("system", "Be brief."), ("user", "Hi")], Turns(request));
        Assert.Equal((true, 0.5f, 0.25f), (request.Stream, request.Sampling.Temperature, request.Sampling.TopP));
        Assert.Equal(["a", "b", "c", "d", "e"], request.Sampling.Stop);
        var tool = Assert.Single(request.Tools!.Definitions);
        Assert.Equal(("weather", "W", true), (tool.Name, tool.Description, tool.Strict));
        Assert.Equal((true, false), (request.Tools.Required, request.Tools.Parallel));
        Assert.Equal((11L, 2, 1), (request.Size.Utf8Bytes, request.Size.Messages, request.Size.Tools));
    }

    [Fact]
    public void TryParse_accepts_what_cannot_change_the_answer() => Assert.Equal([("user", "Hi")], Turns(Parse.Messages("""
        "thinking":{"type":"adaptive","display":"summarized"},"metadata":{"user_id":"u"},"service_tier":"auto","speed":"standard",
        "cache_control":{"type":"ephemeral","ttl":"1h"},"diagnostics":{"previous_message_id":null},"user_profile_id":"p",
        "container":null,"mcp_servers":[],"context_management":null,"inference_geo":null,"output_config":{"effort":"max"}
        """)));

    [Fact]
    public void TryParse_joins_messages_of_one_role_in_a_row()
    {
        var request = Parse.MessagesOf("""
            [{"role":"user","content":"One"},{"role":"user","content":[{"type":"text","text":"Two"},{"type":"text","text":"!"}]},
            {"role":"assistant","content":"A"},{"role":"assistant","content":"B"},{"role":"system","content":"S"},
            {"role":"user","content":"Three"}]
            """, "\"system\":\"First\"");

        Assert.Equal(
            [("system", "First"), ("user", "One\n\nTwo!"), ("assistant", "A\n\nB"), ("system", "S"), ("user", "Three")], Turns(request));
        Assert.Equal(5 + 3 + 2 + 3 + 1 + 1 + 2 + 1 + 1 + 5, request.Size.Utf8Bytes);
    }

    [Fact]
    public void TryParse_joins_the_system_member_with_a_first_message_of_the_system() => Assert.Equal(
        [("system", "A\n\nB"), ("user", "Hi")],
        Turns(Parse.MessagesOf("""[{"role":"system","content":"B"},{"role":"user","content":"Hi"}]""", "\"system\":\"A\"")));

    [Fact]
    public void TryParse_reads_calls_and_puts_their_results_before_what_the_user_says()
    {
        var request = Parse.MessagesOf($$"""
            [{"role":"user","content":"Weather?"},{{Call}},
            {"role":"user","content":[{"type":"text","text":"And?"},{"type":"tool_result","tool_use_id":"c1","content":"Rain"},
            {"type":"tool_result","tool_use_id":"c2","is_error":true,
            "content":[{"type":"text","text":"no "},{"type":"text","text":"clock"}]}]}]
            """);

        Assert.Equal(
            [("user", "Weather?"), ("assistant", "Let me see."), ("tool", "Rain"), ("tool", "Error: no clock"), ("user", "And?")],
            Turns(request));
        Assert.Equal(
            [new ToolCall("c1", "weather", """{"city": "Paris"}"""), new ToolCall("c2", "time", "{}")], request.Messages[1].Calls);
        Assert.Equal(["c1", "c2"], request.Messages.Where(message => message.Role == "tool").Select(message => message.CallId));
        Assert.Equal(2, request.Size.Calls);
    }

    [Fact]
    public void TryParse_leaves_thoughts_out_of_the_prompt() => Assert.Equal(
        [("user", "Hi"), ("assistant", "Hello"), ("user", "Bye")],
        Turns(Parse.MessagesOf("""
            [{"role":"user","content":"Hi"},{"role":"assistant","content":[{"type":"thinking","thinking":"Hm","signature":"s"},
            {"type":"redacted_thinking","data":"x"},{"type":"text","text":"Hello","citations":null}]},{"role":"user","content":"Bye"}]
            """)));

    [Fact]
    public void TryParse_takes_a_message_of_the_assistant_at_the_end_as_the_beginning_of_the_answer()
    {
        var request = Parse.MessagesOf("""[{"role":"user","content":"Capital?"},{"role":"assistant","content":"It is"}]""");
        var empty = Parse.MessagesOf("""[{"role":"user","content":"Capital?"},{"role":"assistant","content":[]}]""");

        Assert.Equal([("user", "Capital?")], Turns(request));
        Assert.Equal(("It is", 2, 13L), (request.Prefill, request.Size.Messages, request.Size.Utf8Bytes));
        Assert.Null(empty.Prefill);
    }

    [Fact]
    public void TryParse_reads_a_schema_by_its_newer_and_its_older_member()
    {
        const string Format = """{"type":"json_schema","schema":{"type":"object"}}""";

        var newer = Assert.IsType<OutputFormat.Schema>(Parse.Messages($$"""
            "output_config":{"format":{{Format}}}
            """).Format);
        var older = Assert.IsType<OutputFormat.Schema>(Parse.Messages($"\"output_format\":{Format}").Format);

        Assert.Equal(("output_config.format.schema", "output_format.schema"), (newer.Member, older.Member));
        Assert.Equal("""{"type":"object"}""", newer.Value.GetRawText());
    }

    [Theory]
    [InlineData("\"tool_choice\":{\"type\":\"none\"}", false)]
    [InlineData("\"tool_choice\":{\"type\":\"auto\"}", true)]
    public void TryParse_shows_no_tools_where_none_may_be_called(string choice, bool shown) => Assert.Equal(
        shown, Parse.Messages($"\"tools\":[{{\"name\":\"a\",\"input_schema\":{{}}}}],{choice}").Tools is not null);

    [Fact]
    public void TryParse_of_a_count_takes_the_prompt_of_the_same_conversation_and_holds_nothing()
    {
        const string Conversation = """
            "model":"tiny-assistant","system":"S","tools":[{"name":"a","input_schema":{}}],
            "messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Well"}]
            """;

        var request = Parse.Good<MessagesRequest>(BadMessagesRequests.Path, $"{{{Conversation},\"max_tokens\":5}}");
        var count = Parse.Good<CountTokensRequest>(BadMessagesRequests.CountPath, $"{{{Conversation}}}");

        Assert.Equal(Turns(request), Turns(count));
        Assert.Equal((request.Prefill, request.Tools!.Definitions.Count), (count.Prefill, count.Tools!.Definitions.Count));
        Assert.Equal((0, false, null), (count.MostReadings, count.Generates, count.CapMember));
    }

    private static IEnumerable<(string Role, string Content)> Turns(ConversationRequest request) =>
        request.Messages.Select(message => (message.Role, message.Content));
}
