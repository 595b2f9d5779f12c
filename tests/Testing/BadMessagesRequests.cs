namespace Tollgate.Testing;

/// <summary>Bad requests of <c>/v1/messages</c> and <c>/v1/messages/count_tokens</c>.</summary>
public static class BadMessagesRequests
{
    public const string Path = "/v1/messages";
    public const string CountPath = "/v1/messages/count_tokens";

    private const string User = """{"role":"user","content":"Hi"}""";
    private const string InvalidType = "invalid_type";
    private const string InvalidValue = "invalid_value";
    private const string Unsupported = "unsupported_parameter";
    private const string Unknown = "unknown_parameter";
    private const string Missing = "missing_required_parameter";
    private const string Duplicate = "duplicate_parameter";
    private const string Tool = """{"name":"a","input_schema":{"type":"object"}}""";

    public static IEnumerable<BadRequest> All => [.. Members(), .. Messages(), .. Tools(), .. Counts()];

    /// <summary>A good request with further members.</summary>
    public static string Body(string members = "") => BodyOf($"[{User}]", members);

    /// <param name="messages">JSON.</param>
    public static string BodyOf(string messages, string members = "") =>
        $$"""{"model":"tiny-assistant","max_tokens":9,"messages":{{messages}}{{(members.Length == 0 ? "" : "," + members)}}}""";

    private static IEnumerable<BadRequest> Members() => from row in new[]
    {
        ("\"stream\":\"true\"", InvalidType, "stream"),
        ("\"stream_options\":{}", Unknown, "stream_options"),
        ("\"n\":1", Unknown, "n"),
        ("\"temperature\":1.1", InvalidValue, "temperature"),
        ("\"temperature\":\"1\"", InvalidType, "temperature"),
        ("\"top_p\":2", InvalidValue, "top_p"),
        ("\"top_k\":1.5", InvalidType, "top_k"),
        ("\"top_k\":-1", InvalidValue, "top_k"),
        ("\"stop_sequences\":\"x\"", InvalidType, "stop_sequences"),
        ("\"stop_sequences\":[\"\"]", InvalidValue, "stop_sequences[0]"),
        ("\"stop_sequences\":[\"x\",\" \\n\"]", InvalidValue, "stop_sequences[1]"),
        ($"\"stop_sequences\":[{string.Join(',', Enumerable.Repeat("\"x\"", 65))}]", InvalidValue, "stop_sequences"),
        ("\"system\":7", InvalidType, "system"),
        ("\"system\":[{\"type\":\"text\"}]", Missing, "system[0].text"),
        ("\"system\":[{\"text\":\"x\"}]", Missing, "system[0].type"),
        ("\"system\":[{\"type\":\"image\",\"source\":{}}]", Unsupported, "system[0].type"),
        ("\"metadata\":[]", InvalidType, "metadata"),
        ("\"metadata\":{\"user\":\"u\"}", Unknown, "metadata.user"),
        ($"\"metadata\":{{\"user_id\":\"{new string('u', 257)}\"}}", InvalidValue, "metadata.user_id"),
        ("\"service_tier\":\"priority\"", InvalidValue, "service_tier"),
        ("\"speed\":\"fast\"", Unsupported, "speed"),
        ("\"container\":\"c\"", Unsupported, "container"),
        ("\"thread\":{\"type\":\"create\"}", "thread_unsupported_request", "thread"),
        ("\"thread\":\"t\"", InvalidType, "thread"),
        ("\"container\":{\"skills\":[]}", Unsupported, "container"),
        ("\"inference_geo\":\"eu\"", Unsupported, "inference_geo"),
        ("\"workspace_id\":\"w\"", Unsupported, "workspace_id"),
        ("\"context_management\":{}", Unsupported, "context_management"),
        ("\"mcp_servers\":[{}]", Unsupported, "mcp_servers"),
        ("\"diagnostics\":7", InvalidType, "diagnostics"),
        ("\"cache_control\":{}", Missing, "cache_control.type"),
        ("\"cache_control\":{\"type\":\"permanent\"}", InvalidValue, "cache_control.type"),
        ("\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"2h\"}", InvalidValue, "cache_control.ttl"),
        ("\"thinking\":{}", Missing, "thinking.type"),
        ("\"thinking\":{\"type\":\"enabled\"}", Missing, "thinking.budget_tokens"),
        ("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1000}", InvalidValue, "thinking.budget_tokens"),
        ("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2000}", InvalidValue, "thinking.budget_tokens"),
        ("\"thinking\":{\"type\":\"disabled\",\"budget_tokens\":2000}", InvalidValue, "thinking.budget_tokens"),
        ("\"output_config\":{\"effort\":\"huge\"}", InvalidValue, "output_config.effort"),
        ("\"output_config\":{\"format\":{\"type\":\"json_schema\"}}", Missing, "output_config.format.schema"),
        ("\"output_config\":{\"format\":{\"schema\":{}}}", Missing, "output_config.format.type"),
        ("\"output_config\":{\"format\":{\"type\":\"text\"}}", InvalidValue, "output_config.format.type"),
        (
            "\"output_format\":{\"type\":\"json_schema\",\"schema\":{}},"
                + "\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":{}}}",
            InvalidValue, "output_config.format"),
        ("\"max_tokens\":9", Duplicate, "max_tokens"),
    }
    select new BadRequest(Path, Body(row.Item1), 400, row.Item2, row.Item3);

    private static IEnumerable<BadRequest> Messages()
    {
        const string Call = """{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"a","input":{}}]}""";
        yield return new BadRequest(Path, """{"model":"tiny-assistant","max_tokens":9}""", 400, Missing, "messages");
        yield return new BadRequest(Path, $$"""{"model":"tiny-assistant","messages":[{{User}}]}""", 400, Missing, "max_tokens");
        yield return new BadRequest(
            Path, $$"""{"model":"tiny-assistant","max_tokens":0,"messages":[{{User}}]}""", 400, InvalidValue, "max_tokens");
        yield return new BadRequest(
            Path, $$"""{"model":"tiny-assistant","max_tokens":null,"messages":[{{User}}]}""", 400, Missing, "max_tokens");
        yield return new BadRequest(Path, $$"""{"max_tokens":9,"messages":[{{User}}]}""", 400, Missing, "model");
        foreach (var (messages, code, param) in new[]
        {
            ("[]", InvalidValue, "messages"),
            ("\"Hi\"", InvalidType, "messages"),
            ("[{\"role\":\"user\"}]", Missing, "messages[0].content"),
            ("[{\"content\":\"Hi\"}]", Missing, "messages[0].role"),
            ("[{\"role\":\"tool\",\"content\":\"Hi\"}]", InvalidValue, "messages[0].role"),
            ("[{\"role\":\"user\",\"content\":\"\"}]", InvalidValue, "messages[0].content"),
            ("[{\"role\":\"user\",\"content\":[]}]", InvalidValue, "messages[0].content"),
            ("[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"\"}]}]", InvalidValue, "messages[0].content"),
            ("[{\"role\":\"user\",\"content\":[{\"text\":\"Hi\"}]}]", Missing, "messages[0].content[0].type"),
            ("[{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}]", Missing, "messages[0].content[0].text"),
            ("[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Hi\",\"id\":\"x\"}]}]", Unknown, "messages[0].content[0].id"),
            ("[{\"role\":\"user\",\"content\":[{\"type\":\"sound\"}]}]", InvalidValue, "messages[0].content[0].type"),
            (
                "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"See\"},{\"type\":\"image\",\"source\":{}}]}]", Unsupported,
                "messages[0].content[1].type"),
            (
                "[{\"role\":\"user\",\"content\":[{\"source\":{\"type\":\"url\",\"url\":\"x\"},\"type\":\"image\"}]}]", Unsupported,
                "messages[0].content[0].source"),
            ("[{\"role\":\"user\",\"content\":[{\"type\":\"document\",\"source\":{}}]}]", Unsupported, "messages[0].content[0].type"),
            ("[{\"role\":\"user\",\"content\":[{\"type\":\"search_result\"}]}]", Unsupported, "messages[0].content[0].type"),
            ("[{\"role\":\"assistant\",\"content\":[{\"type\":\"server_tool_use\"}]}]", Unsupported, "messages[0].content[0].type"),
            (
                "[{\"role\":\"user\",\"content\":[{\"type\":\"tool_use\",\"id\":\"x\",\"name\":\"a\",\"input\":{}}]}]", InvalidValue,
                "messages[0].content[0].type"),
            (
                "[{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"x\",\"name\":\"a\",\"input\":\"{}\"}]}]",
                InvalidType, "messages[0].content[0].input"),
            (
                "[{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"x\"}]}]", InvalidValue,
                "messages[0].content[0].tool_use_id"),
            ($"[{User},{Call}]", InvalidValue, "messages[1].content"),
            (
                $"[{User},{Call},{{\"role\":\"user\",\"content\":[{{\"type\":\"tool_result\",\"tool_use_id\":\"c1\",\"content\":"
                    + "[{\"type\":\"text\",\"text\":\"x\"},{\"type\":\"image\",\"source\":{}}]}]}]",
                Unsupported, "messages[2].content[0].content[1].type"),
            ("[{\"role\":\"assistant\",\"content\":\"Hi\"}]", InvalidValue, "messages"),
            ($"[{User},{{\"role\":\"assistant\",\"content\":\"Well, \"}}]", InvalidValue, "messages[1].content"),
        })
        {
            yield return new BadRequest(Path, BodyOf(messages), 400, code, param);
        }

        yield return new BadRequest(
            Path,
            BodyOf(
                $"[{User},{{\"role\":\"assistant\",\"content\":\"{{\"}}]",
                "\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":{}}}"),
            400, Unsupported, "messages[1].content");
    }

    private static IEnumerable<BadRequest> Tools() => from row in new[]
    {
        ("\"tools\":{}", InvalidType, "tools"),
        ("\"tools\":[{\"name\":\"a\"}]", Missing, "tools[0].input_schema"),
        ("\"tools\":[{\"input_schema\":{}}]", Missing, "tools[0].name"),
        ("\"tools\":[{\"name\":\"a b\",\"input_schema\":{}}]", InvalidValue, "tools[0].name"),
        ($"\"tools\":[{Tool},{Tool}]", InvalidValue, "tools[1].name"),
        ("\"tools\":[{\"name\":\"a\",\"input_schema\":{\"type\":\"string\"}}]", "invalid_function_parameters", "tools[0].input_schema"),
        ("\"tools\":[{\"name\":\"a\",\"input_schema\":{},\"max_uses\":5}]", Unknown, "tools[0].max_uses"),
        ("\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"web_search\",\"max_uses\":5}]", Unsupported, "tools[0].type"),
        ("\"tools\":[{\"max_uses\":5,\"type\":\"web_search_20250305\",\"name\":\"web_search\"}]", Unsupported, "tools[0].type"),
        ("\"tools\":[{\"type\":\"bash_20250124\",\"name\":\"bash\"}],\"tool_choice\":{\"type\":\"any\"}", Unsupported, "tools[0].type"),
        ("\"tools\":[{\"name\":\"a\",\"input_schema\":{},\"defer_loading\":true}]", Unsupported, "tools[0].defer_loading"),
        (
            "\"tools\":[{\"name\":\"a\",\"input_schema\":{},\"allowed_callers\":[\"code_execution_20250825\"]}]", Unsupported,
            "tools[0].allowed_callers[0]"),
        ("\"tool_choice\":\"auto\"", InvalidType, "tool_choice"),
        ("\"tool_choice\":{}", Missing, "tool_choice.type"),
        ("\"tool_choice\":{\"type\":\"any\"}", InvalidValue, "tool_choice"),
        ("\"tool_choice\":{\"type\":\"tool\"}", Missing, "tool_choice.name"),
        ($"\"tools\":[{Tool}],\"tool_choice\":{{\"type\":\"tool\",\"name\":\"b\"}}", InvalidValue, "tool_choice.name"),
        ($"\"tools\":[{Tool}],\"tool_choice\":{{\"type\":\"auto\",\"name\":\"a\"}}", InvalidValue, "tool_choice.name"),
    }
    select new BadRequest(Path, Body(row.Item1), 400, row.Item2, row.Item3);

    private static IEnumerable<BadRequest> Counts()
    {
        yield return new BadRequest(CountPath, """{"model":"tiny-assistant"}""", 400, Missing, "messages");
        yield return new BadRequest(CountPath, Body(), 400, Unknown, "max_tokens");
        yield return new BadRequest(
            CountPath, """{"model":"tiny-assistant","messages":[{"role":"user","content":[{"type":"image","source":{}}]}]}""", 400,
            Unsupported, "messages[0].content[0].type");
    }
}
