using System.Text;
using System.Text.Json;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Responses;

namespace Tollgate.Contracts.Tests.Responses;

public sealed class ResponsesRequestTests
{
    private const string Call =
        """{"type":"function_call","id":"fc_1","call_id":"call_1","name":"f","arguments":"{}","status":"completed"}""";

    [Fact]
    public void A_text_is_one_message_of_the_user_behind_the_instructions()
    {
        var request = Parse("\"Hi\"", """ ,"instructions":"Be brief." """);

        Assert.Equal([("system", "Be brief."), ("user", "Hi")], request.Messages.Select(message => (message.Role, message.Content)));
        Assert.Equal((11, 2), (request.Size.Utf8Bytes, request.Size.Messages));
        Assert.Equal("input", request.MessagesMember);
    }

    [Fact]
    public void Instructions_that_are_empty_make_no_message()
    {
        var request = Parse("\"Hi\"", """ ,"instructions":"" """);

        Assert.Equal(["user"], request.Messages.Select(message => message.Role));
        Assert.Equal("", request.Instructions);
    }

    [Fact]
    public void Items_make_the_messages_that_the_same_conversation_has_as_a_chat()
    {
        var request = Parse(
            $$"""
            [{"role":"developer","content":"d"},{"type":"message","role":"user","content":[{"type":"input_text","text":"a"},
            {"type":"input_text","text":"b"}],"status":"completed"},
            {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"x"}],
            "content":[{"type":"reasoning_text","text":"y"}]},
            {"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"Let me see.",
            "annotations":[],"logprobs":[]}]},
            {{Call}},{"type":"function_call","call_id":"call_2","name":"g","arguments":"[]"},
            {"type":"function_call_output","call_id":"call_2","output":"2"},
            {"type":"function_call_output","id":null,"call_id":"call_1","output":[{"type":"input_text","text":"1"}]},
            {"type":"function_call","call_id":"call_3","name":"f","arguments":""}]
            """);
        var chat = OpenAi.Parse.ChatOf(
            """
            [{"role":"developer","content":"d"},{"role":"user","content":"ab"},{"role":"assistant","content":"Let me see.","tool_calls":[
            {"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"}},
            {"id":"call_2","type":"function","function":{"name":"g","arguments":"[]"}}]},
            {"role":"tool","tool_call_id":"call_2","content":"2"},{"role":"tool","tool_call_id":"call_1","content":"1"},
            {"role":"assistant","content":null,"tool_calls":[{"id":"call_3","type":"function","function":{"name":"f","arguments":""}}]}]
            """);

        Assert.Equal(chat.Messages.Select(Show), request.Messages.Select(Show));
        Assert.Equal((chat.Size.Messages, chat.Size.Calls), (request.Size.Messages, request.Size.Calls));
        Assert.Null(request.FindGap());
    }

    [Fact]
    public void An_answer_that_is_sent_back_is_accepted_with_its_ids()
    {
        var request = Parse(
            """
            [{"role":"user","content":"a"},{"id":"msg_0195aaaa00007000800000000000000do0","type":"message","status":"incomplete",
            "role":"assistant","content":[{"type":"output_text","annotations":[],"logprobs":[{"token":"x","bytes":[120],"logprob":-1,
            "top_logprobs":[]}],"text":"b"}]},{"role":"assistant","content":[{"type":"refusal","refusal":"No."}],"phase":"final_answer"}]
            """);

        Assert.Equal(["a", "b", "No."], request.Messages.Select(message => message.Content));
        Assert.Equal("msg_0195aaaa00007000800000000000000do0", request.Items[1].Id);
    }

    [Fact]
    public void What_OpenAIs_client_adds_to_an_answer_comes_back_and_is_left_out()
    {
        var request = Parse(
            """
            [{"role":"user","content":"a"},{"type":"message","role":"assistant",
            "content":[{"type":"output_text","text":"b","parsed":{"x":[1]}}]},
            {"type":"function_call","call_id":"call_1","name":"f","arguments":"{}","parsed_arguments":{"x":[1]}},
            {"type":"function_call_output","call_id":"call_1","output":"1"}]
            """);

        Assert.Equal(["a", "b", "1"], request.Messages.Select(message => message.Content));
        Assert.Equal("{}", Assert.Single(request.Messages[1].Calls).Arguments);
    }

    [Fact]
    public void A_result_without_its_call_is_a_gap_that_a_conversation_before_it_can_fill()
    {
        const string Result = """{"type":"function_call_output","call_id":"call_1","output":"1"}""";
        var request = Parse($"[{Result}]", """ ,"previous_response_id":"resp_1" """);

        Assert.Equal("input[0].call_id", request.FindGap()!.Param);
        Assert.Null(request.FindGap(Parse($"[{Call},{Result}]")));
        var other = Call.Replace("call_1", "call_9", StringComparison.Ordinal);
        Assert.Equal("input[0].call_id", request.FindGap(Parse($"[{other},{Result}]"))!.Param);
        Assert.Equal("input[0].call_id", request.FindGap(Parse($"[{Result},{Call}]"))!.Param);
    }

    [Fact]
    public void An_item_that_is_named_by_its_id_is_a_gap_until_it_stands_there()
    {
        var request = Parse("""[{"type":"item_reference","id":"msg_1"},{"id":"msg_2"},{"role":"user","content":"x"}]""");

        Assert.Equal(["msg_1", "msg_2"], request.References.Select(reference => reference.Id));
        Assert.Equal("input[0].id", request.FindGap()!.Param);
    }

    [Fact]
    public void Items_are_written_as_they_are_kept_and_read_again_as_the_same()
    {
        var request = Parse(
            $$"""
            [{"role":"user","content":"é\n"},{"role":"assistant","content":"b"},{{Call}},
            {"type":"function_call_output","call_id":"call_1","output":"1"},{"id":"msg_9"}]
            """);
        var found = JsonElement.Parse("""{"id":"msg_9","type":"message","role":"user","content":[{"type":"input_text","text":"c"}]}""");

        var written = Encoding.UTF8.GetString(request.WriteItems("resp_0195aaaa00007000800000000000000d", _ => found));
        var again = Parse(written);

        Assert.Equal(
            [
                "msg_0195aaaa00007000800000000000000di0", "msg_0195aaaa00007000800000000000000di1", "fc_1",
                "fco_0195aaaa00007000800000000000000di3", "msg_9",
            ],
            JsonElement.Parse(written).EnumerateArray().Select(item => item.GetProperty("id").GetString()));
        Assert.Equal(request.Messages.Select(Show).Append(" user c|"), again.Messages.Select(Show));
        Assert.Equal("resp_0195aaaa00007000800000000000000d", ResponseIds.ResponseOf("fco_0195aaaa00007000800000000000000di3"));
        Assert.Null(ResponseIds.ResponseOf("fc_1"));
        Assert.Null(ResponseIds.ResponseOf("msg_0195aaaa00007000800000000000000"));
    }

    [Theory]
    [InlineData("""{"model":"a","input":"x"}""", """{"store":false,"model":"a","input":[1]}""")]
    [InlineData("""{"input":[{"role":"user","content":"x"}] ,"store":null,"model":"a"}""", """{"input":[1] ,"store":false,"model":"a"}""")]
    public void A_completed_body_has_another_input_and_says_what_is_kept(string body, string expected)
    {
        var utf8 = Encoding.UTF8.GetBytes(body);
        Assert.True(ResponsesRequest.TryParse(utf8, out var request, out _));

        Assert.Equal(expected, Encoding.UTF8.GetString(request.Complete(utf8, "[1]"u8.ToArray(), store: false)));
    }

    [Fact]
    public void A_body_is_rewritten_with_the_models_name_and_the_cap()
    {
        var utf8 = Encoding.UTF8.GetBytes("""{"model":"a","input":"x","max_output_tokens":null}""");
        Assert.True(ResponsesRequest.TryParse(utf8, out var request, out _));

        Assert.Equal("""{"model":"b","input":"x","max_output_tokens":7}""", Encoding.UTF8.GetString(request.Rewrite(utf8, "b", 7)));
    }

    [Fact]
    public void Functions_and_formats_are_those_of_a_chat_in_flat_form()
    {
        const string Parameters = """{"type":"object","properties":{"city":{"type":"string"}}}""";
        var request = Parse(
            "\"Hi\"",
            $$"""
            ,"tools":[{"type":"function","name":"f","description":"d","parameters":{{Parameters}},"strict":true},
            {"type":"function","name":"g","parameters":null,"strict":null}],
            "tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"g"}]},"parallel_tool_calls":false,
            "text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"},"strict":true},"verbosity":"low"}
            """);
        var chat = OpenAi.Parse.Chat(
            $$$"""
            "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{{{Parameters}}},"strict":true}},
            {"type":"function","function":{"name":"g"}}]
            """);

        Assert.Equal((chat.Size.Tools, chat.Size.ToolUtf8Bytes), (request.Size.Tools, request.Size.ToolUtf8Bytes));
        Assert.Equal((true, false), (request.Tools!.Required, request.Tools.Parallel));
        Assert.Equal(["g"], request.Tools.Callable.Select(tool => tool.Name));
        var schema = Assert.IsType<OutputFormat.Schema>(request.Format);
        Assert.Equal(("n", true, "text.format.schema"), (schema.Name, schema.Strict, schema.Member));
        Assert.Equal("low", request.Settings.Verbosity);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData(""" ,"include":["message.output_text.logprobs"] """, 0)]
    [InlineData(""" ,"include":["message.output_text.logprobs"],"top_logprobs":3 """, 3)]
    [InlineData(""" ,"top_logprobs":3 """, 3)]
    [InlineData(""" ,"include":["reasoning.encrypted_content"],"top_logprobs":0 """, null)]
    public void Log_probabilities_come_where_they_are_asked_for(string members, int? alternatives) =>
        Assert.Equal(alternatives, Parse("\"Hi\"", members).Sampling.Logprobs);

    private static string Show(ChatMessage message) =>
        $"{message.CallId} {message.Role} {message.Content}|"
        + string.Join(';', message.Calls.Select(call => $"{call.Id} {call.Name} {call.Arguments}"));

    private static ResponsesRequest Parse(string input, string members = "")
    {
        Assert.True(
            ResponsesRequest.TryParse(
                Encoding.UTF8.GetBytes($$"""{"model":"tiny-assistant","input":{{input}}{{members}}}"""), out var request, out var error),
            error?.Message);
        return request;
    }
}
