namespace Tollgate.Testing;

/// <summary>Bad functions, calls and formats of chats.</summary>
public static partial class BadRequests
{
    private const string Parameters = "invalid_function_parameters";

    private static IEnumerable<BadRequest> Tools()
    {
        const string Tool = """{"type":"function","function":{"name":"f"}}""";
        foreach (var (members, code, param) in new[]
        {
            ("\"tools\":[1]", InvalidType, "tools[0]"),
            ("\"tools\":[{}]", Missing, "tools[0].type"),
            ("""  "tools":[{"type":"function"}]  """, Missing, "tools[0].function"),
            ("""  "tools":[{"type":1}]  """, InvalidType, "tools[0].type"),
            ("""  "tools":[{"type":"web_search"}]  """, InvalidValue, "tools[0].type"),
            ("""  "tools":[{"type":"custom","custom":{"name":"c"}}]  """, Unsupported, "tools[0].type"),
            ("""  "tools":[{"custom":{"name":"c"},"type":"custom"}]  """, Unsupported, "tools[0].custom"),
            ("""  "tools":[{"type":"function","function":{}}]  """, Missing, "tools[0].function.name"),
            ("""  "tools":[{"type":"function","function":{"name":null}}]  """, Missing, "tools[0].function.name"),
            ("""  "tools":[{"type":"function","function":{"name":1}}]  """, InvalidType, "tools[0].function.name"),
            ("""  "tools":[{"type":"function","function":{"name":"a b"}}]  """, InvalidValue, "tools[0].function.name"),
            ($$$"""  "tools":[{"type":"function","function":{"name":"{{{new string('n', 65)}}}"}}]  """,
                InvalidValue, "tools[0].function.name"),
            ($"\"tools\":[{Tool},{Tool}]", InvalidValue, "tools[1].function.name"),
            ("""  "tools":[{"type":"function","function":{"name":"f","description":1}}]  """, InvalidType, "tools[0].function.description"),
            ("""  "tools":[{"type":"function","function":{"name":"f","strict":"yes"}}]  """, InvalidType, "tools[0].function.strict"),
            ("""  "tools":[{"type":"function","function":{"name":"f","parameters":[]}}]  """, InvalidType, "tools[0].function.parameters"),
            ("""  "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"string"}}}]  """, Parameters,
                "tools[0].function.parameters"),
            ("""  "tools":[{"type":"function","function":{"name":"f","parameters":{"a":1,"a":2}}}]  """, Duplicate,
                "tools[0].function.parameters.a"),
            ("""  "tools":[{"type":"function","function":{"name":"f","x":1}}]  """, Unknown, "tools[0].function.x"),
            ("""  "tools":[{"type":"function","x":1}]  """, Unknown, "tools[0].x"),
            ($"\"tools\":[{string.Join(',', Enumerable.Range(0, 129).Select(i => Tool.Replace("\"f\"", $"\"f{i}\"")))}]",
                InvalidValue, "tools"),
            ($"\"tools\":[{Tool}],\"functions\":[{{\"name\":\"g\"}}]", InvalidValue, "functions"),
            ("\"functions\":[1]", InvalidType, "functions[0]"),
            ("\"functions\":[{}]", Missing, "functions[0].name"),
            ("""  "functions":[{"name":"f","parameters":1}]  """, InvalidType, "functions[0].parameters"),
            ("""  "tool_choice":"sometimes"  """, InvalidValue, "tool_choice"),
            ("""  "tool_choice":"required"  """, InvalidValue, "tool_choice"),
            ("\"tool_choice\":{}", Missing, "tool_choice.type"),
            ("""  "tool_choice":{"type":1}  """, InvalidType, "tool_choice.type"),
            ("""  "tool_choice":{"type":"custom","custom":{"name":"c"}}  """, Unsupported, "tool_choice.type"),
            ("""  "tool_choice":{"type":"function"}  """, Missing, "tool_choice.function"),
            ("""  "tool_choice":{"type":"function","function":{}}  """, Missing, "tool_choice.function.name"),
            ("""  "tool_choice":{"type":"function","function":{"name":"f"}}  """, InvalidValue, "tool_choice.function.name"),
            ($"\"tools\":[{Tool}],\"tool_choice\":{{\"type\":\"function\",\"function\":{{\"name\":\"g\"}}}}", InvalidValue,
                "tool_choice.function.name"),
            ("""  "tool_choice":{"type":"allowed_tools"}  """, Missing, "tool_choice.allowed_tools"),
            ("""  "tool_choice":{"type":"allowed_tools","allowed_tools":{"tools":[]}}  """,
                InvalidValue, "tool_choice.allowed_tools.tools"),
            ("""  "tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"none"}}  """,
                InvalidValue, "tool_choice.allowed_tools.mode"),
            ("""  "tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function"}]}}  """, Missing,
                "tool_choice.allowed_tools.tools[0].function"),
            ("""  "function_call":"required"  """, InvalidValue, "function_call"),
            ("\"function_call\":{}", Missing, "function_call.name"),
            ("""  "function_call":{"name":"f"}  """, InvalidValue, "function_call.name"),
        })
        {
            yield return Chat(members, code, param);
        }
    }

    private static IEnumerable<BadRequest> Formats()
    {
        foreach (var (members, code, param) in new[]
        {
            ("""  "response_format":{"type":"xml"}  """, InvalidValue, "response_format.type"),
            ("""  "response_format":{"type":1}  """, InvalidType, "response_format.type"),
            ("""  "response_format":{}  """, Missing, "response_format.type"),
            ("""  "response_format":{"type":"text","x":1}  """, Unknown, "response_format.x"),
            ("""  "response_format":{"type":"json_schema"}  """, Missing, "response_format.json_schema"),
            ("""  "response_format":{"type":"json_schema","json_schema":[]}  """, InvalidType, "response_format.json_schema"),
            ("""  "response_format":{"type":"json_schema","json_schema":{"schema":{}}}  """, Missing, "response_format.json_schema.name"),
            ("""  "response_format":{"type":"json_schema","json_schema":{"name":"a b"}}  """, InvalidValue,
                "response_format.json_schema.name"),
            ("""  "response_format":{"type":"json_schema","json_schema":{"name":"a","schema":[]}}  """, InvalidType,
                "response_format.json_schema.schema"),
            ("""  "response_format":{"type":"json_schema","json_schema":{"name":"a","strict":1}}  """, InvalidType,
                "response_format.json_schema.strict"),
            ("""  "response_format":{"type":"json_schema","schema":{}}  """, Unsupported, "response_format.schema"),
            ("""  "response_format":{"type":"text","json_schema":{"name":"a"}}  """, InvalidValue, "response_format.json_schema"),
            ("""  "response_format":{"type":"regex"}  """, Missing, "response_format.pattern"),
            ("""  "response_format":{"type":"regex","pattern":""}  """, InvalidValue, "response_format.pattern"),
            ("""  "response_format":{"type":"regex","grammar":"x"}  """, InvalidValue, "response_format.grammar"),
            ("""  "response_format":{"type":"regex","pattern":"a","regex":"b"}  """, InvalidValue, "response_format.regex"),
            ("""  "response_format":{"type":"grammar"}  """, Missing, "response_format.grammar"),
            ("""  "response_format":{"type":"grammar","grammar":"x","syntax":"yacc"}  """, InvalidValue, "response_format.syntax"),
            ("""  "response_format":{"type":"json_object","syntax":"lark"}  """, InvalidValue, "response_format.syntax"),
            ("""  "structured_outputs":{"regex":"a","choice":["b"]}  """, InvalidValue, "structured_outputs.choice"),
            ("""  "structured_outputs":{"x":1}  """, Unknown, "structured_outputs.x"),
            ("""  "structured_outputs":{"json":7}  """, InvalidType, "structured_outputs.json"),
            ("""  "guided_json":"{"  """, InvalidValue, "guided_json"),
            ("\"guided_choice\":[]", InvalidValue, "guided_choice"),
            ("\"guided_choice\":[\"\"]", InvalidValue, "guided_choice[0]"),
            ("\"guided_choice\":[1]", InvalidType, "guided_choice[0]"),
            ("\"guided_regex\":\"\"", InvalidValue, "guided_regex"),
            ("""  "guided_regex":"a","response_format":{"type":"json_object"}  """, InvalidValue, "response_format"),
        })
        {
            yield return Chat(members, code, param);
        }
    }

    /// <summary>Messages with calls and their results.</summary>
    private static IEnumerable<BadRequest> Calls()
    {
        const string Call = """{"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"}}""";
        foreach (var (messages, code, param) in new[]
        {
            ("""[{"role":"tool","content":"7"}]""", Missing, "messages[0].tool_call_id"),
            ("""[{"role":"tool","content":"7","tool_call_id":null}]""", Missing, "messages[0].tool_call_id"),
            ("""[{"role":"tool","content":"7","tool_call_id":1}]""", InvalidType, "messages[0].tool_call_id"),
            ("""[{"role":"tool","content":"7","tool_call_id":""}]""", InvalidValue, "messages[0].tool_call_id"),
            ("""[{"role":"tool","content":"7","tool_call_id":"call_1"}]""", InvalidValue, "messages[0].tool_call_id"),
            ($$"""[{"role":"assistant","tool_calls":[{{Call}}]},{"role":"tool","tool_call_id":"call_1"}]""", Missing,
                "messages[1].content"),
            ($$"""[{"role":"assistant","tool_calls":[{{Call}}]},{"role":"tool","tool_call_id":"call_2","content":"7"}]""", InvalidValue,
                "messages[1].tool_call_id"),
            ("""[{"role":"function","content":"7"}]""", Missing, "messages[0].name"),
            ("""[{"role":"user","content":"Hi","tool_call_id":"x"}]""", InvalidValue, "messages[0].tool_call_id"),
            ($$"""[{"role":"user","content":"Hi","tool_calls":[{{Call}}]}]""", InvalidValue, "messages[0].tool_calls"),
            ("""[{"role":"user","content":"Hi","function_call":{"name":"f","arguments":""}}]""", InvalidValue, "messages[0].function_call"),
            ("""[{"role":"assistant","tool_calls":1}]""", InvalidType, "messages[0].tool_calls"),
            ("""[{"role":"assistant","tool_calls":[]}]""", Missing, "messages[0].content"),
            ("""[{"role":"assistant","tool_calls":[1]}]""", InvalidType, "messages[0].tool_calls[0]"),
            ("""[{"role":"assistant","tool_calls":[{"type":"function"}]}]""", Missing, "messages[0].tool_calls[0].id"),
            ("""[{"role":"assistant","tool_calls":[{"id":null,"type":"function"}]}]""", Missing, "messages[0].tool_calls[0].id"),
            ("""[{"role":"assistant","tool_calls":[{"id":"x"}]}]""", Missing, "messages[0].tool_calls[0].type"),
            ("""[{"role":"assistant","tool_calls":[{"id":"x","type":"custom"}]}]""", InvalidValue, "messages[0].tool_calls[0].type"),
            ("""[{"role":"assistant","tool_calls":[{"id":"x","type":"function"}]}]""", Missing, "messages[0].tool_calls[0].function"),
            ("""[{"role":"assistant","tool_calls":[{"id":"x","type":"function","function":{"name":"f"}}]}]""", Missing,
                "messages[0].tool_calls[0].function.arguments"),
            ("""[{"role":"assistant","tool_calls":[{"id":"x","type":"function","function":{"name":"f","arguments":{}}}]}]""", InvalidType,
                "messages[0].tool_calls[0].function.arguments"),
            ("""[{"role":"assistant","tool_calls":[{"id":"x","type":"function","function":{"name":"a b","arguments":""}}]}]""",
                InvalidValue,
                "messages[0].tool_calls[0].function.name"),
            ("""[{"role":"assistant","function_call":1}]""", InvalidType, "messages[0].function_call"),
            ("""[{"role":"assistant","function_call":{"name":"f"}}]""", Missing, "messages[0].function_call.arguments"),
            ($$$"""[{"role":"assistant","function_call":{"name":"f","arguments":""},"tool_calls":[{{{Call}}}]}]""", InvalidValue,
                "messages[0].tool_calls"),
        })
        {
            yield return new(ChatPath, $$"""{"model":"tiny-assistant","messages":{{messages}}}""", 400, code, param);
        }
    }
}
