namespace Tollgate.Testing;

/// <summary>Bad requests of responses.</summary>
public static partial class BadRequests
{
    public const string ResponsePath = "/v1/responses";

    /// <summary>A good request of a response with further members.</summary>
    public static string ResponseBody(string members = "") => $$"""{"model":"tiny-assistant","input":"Hi"{{Comma(members)}}}""";

    private static IEnumerable<BadRequest> Responses()
    {
        foreach (var (members, code, param) in new[]
        {
            ("\"instructions\":1", InvalidType, "instructions"),
            ("\"previous_response_id\":1", InvalidType, "previous_response_id"),
            ("\"previous_response_id\":\"\"", InvalidValue, "previous_response_id"),
            ("\"store\":\"yes\"", InvalidType, "store"),
            ("\"stream\":1", InvalidType, "stream"),
            ("\"stream_options\":{}", InvalidValue, "stream_options"),
            ("\"max_output_tokens\":0", InvalidValue, "max_output_tokens"),
            ("\"max_output_tokens\":1.5", InvalidType, "max_output_tokens"),
            ("\"temperature\":2.1", InvalidValue, "temperature"),
            ("\"top_p\":\"1\"", InvalidType, "top_p"),
            ("\"seed\":1.5", InvalidType, "seed"),
            ("\"stop\":\"\"", InvalidValue, "stop"),
            ("\"presence_penalty\":3", InvalidValue, "presence_penalty"),
            ("\"frequency_penalty\":3", InvalidValue, "frequency_penalty"),
            ("\"logit_bias\":[]", InvalidType, "logit_bias"),
            ("\"top_logprobs\":21", InvalidValue, "top_logprobs"),
            ("\"include\":\"x\"", InvalidType, "include"),
            ("\"include\":[\"x\"]", InvalidValue, "include[0]"),
            ("\"metadata\":{\"a\":1}", InvalidType, "metadata.a"),
            ("\"truncation\":\"auto\"", Unsupported, "truncation"),
            ("\"truncation\":\"x\"", InvalidValue, "truncation"),
            ("\"background\":true,\"stream\":true", Unsupported, "stream"),
            ("\"background\":true,\"store\":false", Unsupported, "store"),
            ("\"background\":1", InvalidType, "background"),
            ("\"background_options\":{}", Unsupported, "background_options"),
            ("\"conversation\":\"conv_1\"", Unsupported, "conversation"),
            ("\"conversation\":{\"id\":\"conv_1\"}", Unsupported, "conversation"),
            ("\"context_management\":[]", Unsupported, "context_management"),
            ("\"prompt\":{\"id\":\"p\"}", Unsupported, "prompt"),
            ("\"moderation\":{}", Unsupported, "moderation"),
            ("\"access_programs\":{}", Unsupported, "access_programs"),
            ("\"image\":{}", Unsupported, "image"),
            ("\"service_tier\":\"flex\"", Unsupported, "service_tier"),
            ("\"service_tier\":\"x\"", InvalidValue, "service_tier"),
            ("\"max_tool_calls\":0", InvalidValue, "max_tool_calls"),
            ("\"reasoning\":{\"effort\":\"huge\"}", InvalidValue, "reasoning.effort"),
            ("\"reasoning\":{\"summary\":1}", InvalidType, "reasoning.summary"),
            ("\"reasoning\":{\"x\":1}", Unknown, "reasoning.x"),
            ("\"user\":1", InvalidType, "user"),
            ($"\"safety_identifier\":\"{new string('x', 65)}\"", InvalidValue, "safety_identifier"),
            ("\"prompt_cache_key\":1", InvalidType, "prompt_cache_key"),
            ("\"prompt_cache_options\":1", InvalidType, "prompt_cache_options"),
            ("\"prompt_cache_retention\":\"1y\"", InvalidValue, "prompt_cache_retention"),
            ("\"text\":\"x\"", InvalidType, "text"),
            ("\"text\":{\"verbosity\":\"loud\"}", InvalidValue, "text.verbosity"),
            ("\"text\":{\"format\":{}}", Missing, "text.format.type"),
            ("\"text\":{\"format\":{\"type\":\"xml\"}}", InvalidValue, "text.format.type"),
            ("\"text\":{\"format\":{\"type\":\"json_schema\"}}", Missing, "text.format.name"),
            ("\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"n\"}}", Missing, "text.format.schema"),
            ("\"text\":{\"format\":{\"type\":\"json_schema\",\"json_schema\":{}}}", Unknown, "text.format.json_schema"),
            ("\"text\":{\"format\":{\"type\":\"text\",\"schema\":{}}}", InvalidValue, "text.format.schema"),
            ("\"text\":{\"format\":{\"type\":\"regex\"}}", Missing, "text.format.pattern"),
            ("\"tools\":{}", InvalidType, "tools"),
            ("\"tools\":[{\"name\":\"f\"}]", Missing, "tools[0].type"),
            ("\"tools\":[{\"type\":\"function\"}]", Missing, "tools[0].name"),
            ("\"tools\":[{\"type\":\"web_search\"}]", Unsupported, "tools[0].type"),
            ("\"tools\":[{\"type\":\"x\"}]", InvalidValue, "tools[0].type"),
            ("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]", Unknown, "tools[0].function"),
            ("\"tools\":[{\"type\":\"function\",\"name\":\"f\",\"async\":true}]", Unsupported, "tools[0].async"),
            ("\"tools\":[{\"type\":\"function\",\"name\":\"f\",\"allowed_callers\":[]}]", Unsupported, "tools[0].allowed_callers"),
            ("\"tool_choice\":\"x\"", InvalidValue, "tool_choice"),
            ("\"tool_choice\":\"required\"", InvalidValue, "tool_choice"),
            ("\"tool_choice\":{\"type\":\"function\"}", Missing, "tool_choice.name"),
            ("\"tool_choice\":{\"type\":\"web_search\"}", Unsupported, "tool_choice.type"),
            ("\"tool_choice\":{\"type\":\"allowed_tools\",\"mode\":\"auto\"}", Missing, "tool_choice.tools"),
            ("\"parallel_tool_calls\":1", InvalidType, "parallel_tool_calls"),
            ("\"max_tokens\":5", Unknown, "max_tokens"),
            ("\"messages\":[]", Unknown, "messages"),
            ("\"n\":1", Unknown, "n"),
        })
        {
            yield return new BadRequest(ResponsePath, ResponseBody(members), 400, code, param);
        }

        foreach (var (input, code, param) in new[]
        {
            ("1", InvalidType, "input"),
            ("[]", InvalidValue, "input"),
            ("[1]", InvalidType, "input[0]"),
            ("[{}]", Missing, "input[0].role"),
            ("[{\"role\":\"user\"}]", Missing, "input[0].content"),
            ("[{\"role\":\"tool\",\"content\":\"x\"}]", InvalidValue, "input[0].role"),
            ("[{\"role\":\"user\",\"content\":[]}]", Missing, "input[0].content"),
            ("[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}]", InvalidValue, "input[0].content[0].type"),
            ("[{\"role\":\"user\",\"content\":[{\"type\":\"output_text\",\"text\":\"x\"}]}]", InvalidValue, "input[0].content[0].type"),
            ("[{\"role\":\"assistant\",\"content\":[{\"type\":\"input_text\",\"text\":\"x\"}]}]", InvalidValue, "input[0].content[0].type"),
            ("[{\"role\":\"user\",\"content\":[{\"type\":\"input_image\",\"image_url\":\"x\"}]}]", Unsupported, "input[0].content[0].type"),
            ("[{\"role\":\"user\",\"content\":[{\"image_url\":\"x\",\"type\":\"input_image\"}]}]", Unsupported,
                "input[0].content[0].image_url"),
            ("[{\"role\":\"user\",\"content\":[{\"type\":\"input_file\",\"file_id\":\"x\"}]}]", Unsupported, "input[0].content[0].type"),
            ("[{\"type\":\"x\"}]", InvalidValue, "input[0].type"),
            ("[{\"type\":\"computer_call\",\"id\":\"c\"}]", Unsupported, "input[0].type"),
            ("[{\"type\":\"message\",\"role\":\"user\",\"content\":\"x\",\"call_id\":\"c\"}]", Unknown, "input[0].call_id"),
            ("[{\"type\":\"function_call\",\"name\":\"f\",\"arguments\":\"{}\"}]", Missing, "input[0].call_id"),
            ("[{\"type\":\"function_call\",\"call_id\":\"c\",\"arguments\":\"{}\"}]", Missing, "input[0].name"),
            ("[{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\"}]", Missing, "input[0].arguments"),
            ("[{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":{}}]", InvalidType, "input[0].arguments"),
            ("[{\"type\":\"function_call_output\",\"output\":\"x\"}]", Missing, "input[0].call_id"),
            ("[{\"type\":\"function_call_output\",\"call_id\":\"c\"}]", Missing, "input[0].output"),
            ("[{\"type\":\"item_reference\"}]", Missing, "input[0].id"),
            ("[{\"type\":\"reasoning\",\"id\":\"r\",\"summary\":[]}]", InvalidValue, "input"),
            ("[{\"role\":\"user\",\"content\":\"x\",\"x\":1}]", Unknown, "input[0].x"),
        })
        {
            yield return new BadRequest(ResponsePath, $$"""{"model":"tiny-assistant","input":{{input}}}""", 400, code, param);
        }

        yield return new BadRequest(ResponsePath, """{"model":"tiny-assistant"}""", 400, Missing, "input");
        yield return new BadRequest(ResponsePath, """{"model":"tiny-assistant","input":null}""", 400, Missing, "input");
        yield return new BadRequest(ResponsePath, """{"input":"Hi"}""", 400, Missing, "model");
    }
}
