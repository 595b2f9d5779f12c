namespace Tollgate.Testing;

/// <summary>A request that must be refused, and how.</summary>
/// <param name="Path">Such as <c>/v1/chat/completions</c>.</param>
/// <param name="Body">JSON.</param>
/// <param name="Param">The member that the error must name; null when it can name none.</param>
public sealed record BadRequest(string Path, string Body, int Status, string? Code, string? Param)
{
    public override string ToString() => $"{Path} {(Body.Length > 160 ? Body[..160] + "…" : Body)}";
}

/// <summary>
/// At least one bad request for each member of each endpoint, to be refused alike by the parser and by a whole platform.
/// </summary>
public static partial class BadRequests
{
    public const string ChatPath = "/v1/chat/completions";
    public const string CompletionPath = "/v1/completions";
    public const string EmbeddingPath = "/v1/embeddings";
    public const string RerankPath = "/v1/rerank";
    public const string ClassificationPath = "/v1/classifications";
    public const string PredictPath = "/predict";
    public const string ModerationPath = "/v1/moderations";

    private const string User = """{"role":"user","content":"Hi"}""";
    private const string InvalidType = "invalid_type";
    private const string InvalidValue = "invalid_value";
    private const string Unsupported = "unsupported_parameter";
    private const string Unknown = "unknown_parameter";
    private const string Missing = "missing_required_parameter";
    private const string Duplicate = "duplicate_parameter";

    public static IReadOnlyList<BadRequest> All { get; } =
        [.. WrongTypes(), .. Shared(), .. Chats(), .. Hints(), .. Refused(), .. Tools(), .. Formats(), .. Messages(), .. Calls(),
            .. Completions(), .. Embeddings(), .. Reranks(), .. Classifications(), .. Predictions(), .. Moderations(),
            .. BadPictureRequests.All, .. BadPictureRequests.Detections, .. BadPictureRequests.Ocr, .. ImageGenerations(), .. Responses(),
            .. BadMessagesRequests.All, .. BadTensorRequests.All, .. Malformed()];

    /// <summary>A good chat with further members.</summary>
    public static string ChatBody(string members = "") => $$"""{"model":"tiny-assistant","messages":[{{User}}]{{Comma(members)}}}""";

    /// <summary>A good completion with further members.</summary>
    public static string PromptsBody(int prompts, string members = "") =>
        $$"""{"model":"tiny-assistant","prompt":[{{string.Join(',', Enumerable.Repeat("\"x\"", prompts))}}]{{Comma(members)}}}""";

    public static string CompletionBody(string members = "") => $$"""{"model":"tiny-assistant","prompt":"Once"{{Comma(members)}}}""";

    /// <summary>A good embedding with further members.</summary>
    public static string EmbeddingBody(string members = "") => $$"""{"model":"tiny-embed","input":"Once"{{Comma(members)}}}""";

    private static string Comma(string members) => members.Length == 0 ? "" : "," + members;

    private static BadRequest Chat(string members, string code, string? param) => new(ChatPath, ChatBody(members), 400, code, param);

    private static BadRequest Completion(string members, string code, string? param) =>
        new(CompletionPath, CompletionBody(members), 400, code, param);

    private static BadRequest Embedding(string members, string code, string? param) =>
        new(EmbeddingPath, EmbeddingBody(members), 400, code, param);

    private static IEnumerable<BadRequest> WrongTypes()
    {
        string[] numbers = ["temperature", "top_p", "presence_penalty", "frequency_penalty"];
        string[] integers = ["n", "seed", "max_tokens"];
        string[] booleans = ["stream"];
        foreach (var (names, wrong) in new[]
        {
            (numbers, new[] { "\"1\"", "true", "[]", "{}" }),
            (integers, ["\"1\"", "true", "[]", "{}", "1.5", "5.0", "1e2"]),
            (booleans, ["\"true\"", "1", "[]", "{}"]),
            (["user"], ["1", "true", "[]", "{}"]),
            (["stop"], ["1", "true", "{}"]),
            (["logit_bias", "stream_options"], ["1", "true", "[]", "\"x\""]),
        })
        {
            foreach (var request in names.SelectMany(name => wrong.SelectMany(value => new[]
            {
                Chat($"\"{name}\":{value}", InvalidType, name), Completion($"\"{name}\":{value}", InvalidType, name),
            })))
            {
                yield return request;
            }
        }

        foreach (var (name, wrong) in new[]
        {
            ("max_completion_tokens", new[] { "\"1\"", "2.5", "true" }),
            ("logprobs", ["1", "\"true\"", "[]"]),
            ("top_logprobs", ["true", "\"1\"", "1.5"]),
            ("metadata", ["1", "[]", "\"x\""]),
            ("modalities", ["1", "\"text\"", "{}"]),
            ("response_format", ["1", "\"text\"", "[]"]),
            ("structured_outputs", ["1", "\"x\"", "[]"]),
            ("guided_json", ["1", "[]"]),
            ("guided_regex", ["1", "{}"]),
            ("guided_grammar", ["true", "[]"]),
            ("guided_choice", ["1", "\"x\"", "{}"]),
            ("tools", ["1", "\"x\"", "{}"]),
            ("functions", ["1", "\"x\"", "{}"]),
            ("tool_choice", ["1", "[]"]),
            ("function_call", ["1", "[]"]),
            ("audio", ["1", "\"x\"", "[]"]),
            ("web_search_options", ["1", "\"x\"", "[]"]),
            ("moderation", ["1", "[]"]),
            ("prediction", ["1", "\"x\"", "[]"]),
            ("prompt_cache_options", ["1", "\"x\"", "[]"]),
            ("prompt_cache_key", ["1", "[]"]),
            ("prompt_cache_retention", ["1", "{}"]),
            ("safety_identifier", ["1", "{}"]),
            ("service_tier", ["1", "true"]),
            ("verbosity", ["1", "true"]),
            ("reasoning_effort", ["1", "true"]),
            ("store", ["1", "\"true\""]),
            ("parallel_tool_calls", ["1", "\"true\""]),
        })
        {
            foreach (var value in wrong)
            {
                yield return Chat($"\"{name}\":{value}", InvalidType, name);
            }
        }
    }

    /// <summary>Wrong members of the extensions that chats, completions and responses share.</summary>
    private static IReadOnlyList<(string Members, string Code, string Param)> Extensions =>
    [
        ("\"top_k\":-2", InvalidValue, "top_k"),
        ("\"top_k\":1.5", InvalidType, "top_k"),
        ("\"min_p\":1.1", InvalidValue, "min_p"),
        ("\"min_p\":-0.1", InvalidValue, "min_p"),
        ("\"typical_p\":0", InvalidValue, "typical_p"),
        ("\"typical_p\":1.1", InvalidValue, "typical_p"),
        ("\"typical_p\":\"1\"", InvalidType, "typical_p"),
        ("\"repetition_penalty\":0", InvalidValue, "repetition_penalty"),
        ("\"repetition_penalty\":2.1", InvalidValue, "repetition_penalty"),
        ("\"min_tokens\":-1", InvalidValue, "min_tokens"),
        ("\"min_tokens\":2147483648", InvalidValue, "min_tokens"),
        ("\"stop_token_ids\":5", InvalidType, "stop_token_ids"),
        ("\"stop_token_ids\":[-1]", InvalidValue, "stop_token_ids[0]"),
        ("\"stop_token_ids\":[5,\"6\"]", InvalidType, "stop_token_ids[1]"),
        ($"\"stop_token_ids\":[{string.Join(',', Enumerable.Range(0, 65))}]", InvalidValue, "stop_token_ids"),
        ("\"ignore_eos\":1", InvalidType, "ignore_eos"),
        ("\"include_stop_str_in_output\":\"true\"", InvalidType, "include_stop_str_in_output"),
        ("\"skip_special_tokens\":0", InvalidType, "skip_special_tokens"),
        ("\"spaces_between_special_tokens\":0", InvalidType, "spaces_between_special_tokens"),
        ("\"bad_words\":\"x\"", InvalidType, "bad_words"),
        ("\"bad_words\":[\"x\",\"\"]", InvalidValue, "bad_words[1]"),
        ($"\"bad_words\":[{string.Join(',', Enumerable.Repeat("\"x\"", 65))}]", InvalidValue, "bad_words"),
        ("\"allowed_token_ids\":[]", InvalidValue, "allowed_token_ids"),
        ("\"allowed_token_ids\":{}", InvalidType, "allowed_token_ids"),
        ("\"length_penalty\":\"1\"", InvalidType, "length_penalty"),
        ("\"early_stopping\":1", InvalidType, "early_stopping"),
        ("\"use_beam_search\":true", Unsupported, "use_beam_search"),
        ("\"use_beam_search\":1", InvalidType, "use_beam_search"),
        ("\"prompt_logprobs\":1", Unsupported, "prompt_logprobs"),
        ("\"truncate_prompt_tokens\":5", Unsupported, "truncate_prompt_tokens"),
        ("\"logits_processors\":[]", Unsupported, "logits_processors"),
    ];

    private static IEnumerable<BadRequest> Shared()
    {
        foreach (var (members, code, param) in new[]
        {
            ("\"temperature\":-0.1", InvalidValue, "temperature"),
            ("\"temperature\":2.1", InvalidValue, "temperature"),
            ("\"temperature\":1e400", InvalidValue, "temperature"),
            ("\"top_p\":-0.1", InvalidValue, "top_p"),
            ("\"top_p\":1.1", InvalidValue, "top_p"),
            ("\"presence_penalty\":-2.1", InvalidValue, "presence_penalty"),
            ("\"presence_penalty\":2.1", InvalidValue, "presence_penalty"),
            ("\"frequency_penalty\":-2.1", InvalidValue, "frequency_penalty"),
            ("\"frequency_penalty\":2.1", InvalidValue, "frequency_penalty"),
            ("\"n\":0", InvalidValue, "n"),
            ("\"n\":129", InvalidValue, "n"),
            ("\"n\":99999999999999999999", InvalidValue, "n"),
            ("\"seed\":9223372036854775808", InvalidValue, "seed"),
            ("\"max_tokens\":-1", InvalidValue, "max_tokens"),
            ("\"max_tokens\":2147483648", InvalidValue, "max_tokens"),
            ("\"max_tokens\":99999999999999999999", InvalidValue, "max_tokens"),
            ("\"stop\":\"\"", InvalidValue, "stop"),
            ("\"stop\":[\"\"]", InvalidValue, "stop[0]"),
            ("\"stop\":[\"a\",1]", InvalidType, "stop[1]"),
            ("\"stop\":[\"a\",null]", InvalidType, "stop[1]"),
            ("\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]", InvalidValue, "stop"),
            ("\"logit_bias\":{\"x\":1}", InvalidValue, "logit_bias"),
            ("\"logit_bias\":{\"-1\":1}", InvalidValue, "logit_bias"),
            ("\"logit_bias\":{\"17\\u0000\":1}", InvalidValue, "logit_bias"),
            ("\"logit_bias\":{\"\":1}", InvalidValue, "logit_bias"),
            ("\"logit_bias\":{\"5\":101}", InvalidValue, "logit_bias.5"),
            ("\"logit_bias\":{\"5\":\"1\"}", InvalidType, "logit_bias.5"),
            ("\"logit_bias\":{\"5\":1,\"5\":2}", Duplicate, "logit_bias.5"),
            ("\"logit_bias\":{\"5\":1,\"05\":2}", Duplicate, "logit_bias.05"),
            ("\"stream_options\":{\"include_usage\":true}", InvalidValue, "stream_options"),
            ("\"stream\":false,\"stream_options\":{}", InvalidValue, "stream_options"),
            ("\"stream\":true,\"stream_options\":{\"include_usage\":1}", InvalidType, "stream_options.include_usage"),
            ("\"stream\":true,\"stream_options\":{\"include_obfuscation\":\"no\"}", InvalidType, "stream_options.include_obfuscation"),
            ("\"stream\":true,\"stream_options\":{\"x\":1}", Unknown, "stream_options.x"),
            ("\"top_a\":0.5", Unknown, "top_a"),
            ("\"Temperature\":1", Unknown, "Temperature"),
            ("\"temperature\":1,\"temperature\":1", Duplicate, "temperature"),
            ("\"temperature\":1,\"temperatur\\u0065\":1", Duplicate, "temperature"),
            ("\"user\":null,\"user\":null", Duplicate, "user"),
            ("\"user\":\"\\ud800\"", InvalidValue, "user"),
            ("\"user\":\"\\udc00\\ud800\"", InvalidValue, "user"),
            ("\"user\":\"\\ud83dx\\ude00\"", InvalidValue, "user"),
            ("\"\\ud800\":1", InvalidValue, null),
        })
        {
            yield return Chat(members, code, param);
            yield return Completion(members, code, param);
        }

        foreach (var (members, code, param) in Extensions)
        {
            yield return Chat(members, code, param);
            yield return Completion(members, code, param);
            yield return new BadRequest(ResponsePath, ResponseBody(members), 400, code, param);
        }
    }

    private static IEnumerable<BadRequest> Chats() =>
    [
        Chat("\"max_tokens\":0", InvalidValue, "max_tokens"),
        Chat("\"max_completion_tokens\":0", InvalidValue, "max_completion_tokens"),
        Chat("\"max_completion_tokens\":4294967296", InvalidValue, "max_completion_tokens"),
        Chat("\"max_tokens\":5,\"max_completion_tokens\":6", InvalidValue, "max_tokens"),
        Chat("\"top_logprobs\":5", InvalidValue, "top_logprobs"),
        Chat("\"logprobs\":false,\"top_logprobs\":5", InvalidValue, "top_logprobs"),
        Chat("\"logprobs\":true,\"top_logprobs\":21", InvalidValue, "top_logprobs"),
        Chat("\"logprobs\":true,\"top_logprobs\":-1", InvalidValue, "top_logprobs"),
        Chat("\"prompt\":\"x\"", Unknown, "prompt"),
        Chat("\"best_of\":2", Unsupported, "best_of"),
        Chat("\"best_of\":0", InvalidValue, "best_of"),
        new(ChatPath, $$"""{"messages":[{{User}}]}""", 400, Missing, "model"),
        new(ChatPath, $$"""{"model":null,"messages":[{{User}}]}""", 400, Missing, "model"),
        new(ChatPath, $$"""{"model":5,"messages":[{{User}}]}""", 400, InvalidType, "model"),
        new(ChatPath, $$"""{"model":"","messages":[{{User}}]}""", 400, InvalidValue, "model"),
        new(ChatPath, $$"""{"model":"{{new string('m', 300)}}","messages":[{{User}}]}""", 400, InvalidValue, "model"),
    ];

    private static IEnumerable<BadRequest> Hints() =>
    [
        Chat("\"service_tier\":\"flex\"", Unsupported, "service_tier"),
        Chat("\"service_tier\":\"gold\"", InvalidValue, "service_tier"),
        Chat("\"verbosity\":\"loud\"", InvalidValue, "verbosity"),
        Chat("\"reasoning_effort\":\"much\"", InvalidValue, "reasoning_effort"),
        Chat("\"prompt_cache_retention\":\"1y\"", InvalidValue, "prompt_cache_retention"),
        Chat("\"prompt_cache_options\":{\"a\":1,\"a\":2}", Duplicate, "prompt_cache_options.a"),
        Chat("\"prediction\":{\"content\":\"\\ud800\"}", InvalidValue, "prediction"),
        Chat($"\"safety_identifier\":\"{new string('x', 65)}\"", InvalidValue, "safety_identifier"),
        Chat($"\"prompt_cache_key\":\"{new string('x', 1025)}\"", InvalidValue, "prompt_cache_key"),
        Chat("\"metadata\":{\"a\":1}", InvalidType, "metadata.a"),
        Chat("\"metadata\":{\"a\":null}", InvalidType, "metadata.a"),
        Chat("\"metadata\":{\"a\":\"1\",\"a\":\"1\"}", Duplicate, "metadata.a"),
        Chat($"\"metadata\":{{\"a\":\"{new string('x', 513)}\"}}", InvalidValue, "metadata.a"),
        Chat($"\"metadata\":{{\"{new string('x', 65)}\":\"1\"}}", InvalidValue, "metadata"),
        Chat($"\"metadata\":{{{string.Join(',', Enumerable.Range(0, 17).Select(i => $"\"k{i}\":\"v\""))}}}", InvalidValue, "metadata"),
    ];

    private static IEnumerable<BadRequest> Refused() =>
    [
        Chat("""  "audio":{"voice":"alloy","format":"wav"}  """, Unsupported, "audio"),
        Chat("""  "modalities":["text","audio"]  """, Unsupported, "modalities"),
        Chat("""  "modalities":["smell"]  """, InvalidValue, "modalities[0]"),
        Chat("""  "modalities":[1]  """, InvalidType, "modalities[0]"),
        Chat("""  "web_search_options":{}  """, Unsupported, "web_search_options"),
        Chat("""  "moderation":{}  """, Unsupported, "moderation"),
        Chat("""  "store":true  """, Unsupported, "store"),
    ];

    private static IEnumerable<BadRequest> Messages()
    {
        foreach (var (messages, code, param) in new[]
        {
            ("null", Missing, "messages"),
            ("1", InvalidType, "messages"),
            ("{}", InvalidType, "messages"),
            ("\"Hi\"", InvalidType, "messages"),
            ("[]", InvalidValue, "messages"),
            ("[null]", InvalidType, "messages[0]"),
            ("[\"Hi\"]", InvalidType, "messages[0]"),
            ($"[{User},7]", InvalidType, "messages[1]"),
            ("[{}]", Missing, "messages[0].role"),
            ("""[{"content":"Hi"}]""", Missing, "messages[0].role"),
            ("""[{"role":null,"content":"Hi"}]""", Missing, "messages[0].role"),
            ("""[{"role":1,"content":"Hi"}]""", InvalidType, "messages[0].role"),
            ("""[{"role":"robot","content":"Hi"}]""", InvalidValue, "messages[0].role"),
            ("""[{"role":"user"}]""", Missing, "messages[0].content"),
            ("""[{"role":"user","content":null}]""", Missing, "messages[0].content"),
            ("""[{"role":"assistant","content":null}]""", Missing, "messages[0].content"),
            ("""[{"role":"user","content":1}]""", InvalidType, "messages[0].content"),
            ("""[{"role":"user","content":{}}]""", InvalidType, "messages[0].content"),
            ("""[{"role":"user","content":"\ud800"}]""", InvalidValue, "messages[0].content"),
            ("""[{"role":"user","content":[]}]""", InvalidValue, "messages[0].content"),
            ("""[{"role":"user","content":["Hi"]}]""", InvalidType, "messages[0].content[0]"),
            ("""[{"role":"user","content":[{}]}]""", Missing, "messages[0].content[0].type"),
            ("""[{"role":"user","content":[{"text":"Hi"}]}]""", Missing, "messages[0].content[0].type"),
            ("""[{"role":"user","content":[{"type":"text"}]}]""", Missing, "messages[0].content[0].text"),
            ("""[{"role":"user","content":[{"type":"text","text":null}]}]""", Missing, "messages[0].content[0].text"),
            ("""[{"role":"user","content":[{"type":"text","text":5}]}]""", InvalidType, "messages[0].content[0].text"),
            ("""[{"role":"user","content":[{"type":5}]}]""", InvalidType, "messages[0].content[0].type"),
            ("""[{"role":"user","content":[{"type":"smell"}]}]""", InvalidValue, "messages[0].content[0].type"),
            ("""[{"role":"user","content":[{"type":"text","text":"x"},{"type":"image_url","image_url":{"url":"x"}}]}]""", Unsupported,
                "messages[0].content[1].type"),
            ("""[{"role":"user","content":[{"image_url":{"url":"x"},"type":"image_url"}]}]""", Unsupported,
                "messages[0].content[0].image_url"),
            ("""[{"role":"user","content":[{"type":"input_audio"}]}]""", Unsupported, "messages[0].content[0].type"),
            ("""[{"role":"user","content":[{"type":"file"}]}]""", Unsupported, "messages[0].content[0].type"),
            ("""[{"role":"user","content":[{"type":"text","text":"x","bold":1}]}]""", Unknown, "messages[0].content[0].bold"),
            ("""[{"role":"user","content":[{"type":"text","text":"x","text":"x"}]}]""", Duplicate, "messages[0].content[0].text"),
            ("""[{"role":"user","content":[{"type":"refusal","refusal":"x"}]}]""", InvalidValue, "messages[0].content"),
            ("""[{"role":"user","content":"Hi","refusal":"no"}]""", InvalidValue, "messages[0].refusal"),
            ("""[{"role":"assistant","content":"Hi","refusal":"no"}]""", InvalidValue, "messages[0].refusal"),
            ("""[{"role":"assistant","content":"Hi","refusal":1}]""", InvalidType, "messages[0].refusal"),
            ("""[{"role":"assistant","content":"Hi","audio":{"id":"f"}}]""", Unsupported, "messages[0].audio"),
            ("""[{"role":"assistant","content":"Hi","annotations":1}]""", InvalidType, "messages[0].annotations"),
            ("""[{"role":"user","content":"Hi","name":1}]""", InvalidType, "messages[0].name"),
            ("""[{"role":"user","content":"Hi","name":""}]""", InvalidValue, "messages[0].name"),
            ($$"""[{"role":"user","content":"Hi","name":"{{new string('n', 65)}}"}]""", InvalidValue, "messages[0].name"),
            ("""[{"role":"user","content":"Hi","mood":"sad"}]""", Unknown, "messages[0].mood"),
            ("""[{"role":"user","role":"user","content":"Hi"}]""", Duplicate, "messages[0].role"),
        })
        {
            yield return new(ChatPath, $$"""{"model":"tiny-assistant","messages":{{messages}}}""", 400, code, param);
        }

        yield return new(ChatPath, """{"model":"tiny-assistant"}""", 400, Missing, "messages");
    }

    private static IEnumerable<BadRequest> Completions()
    {
        yield return Completion("\"best_of\":0", InvalidValue, "best_of");
        yield return Completion("\"best_of\":21", InvalidValue, "best_of");
        yield return Completion("\"best_of\":1.5", InvalidType, "best_of");
        yield return Completion("\"n\":3,\"best_of\":2", InvalidValue, "best_of");
        yield return new(CompletionPath, PromptsBody(129), 400, InvalidValue, "prompt");
        yield return new(CompletionPath, PromptsBody(2, "\"n\":65"), 400, InvalidValue, "n");
        yield return new(CompletionPath, PromptsBody(7, "\"n\":2,\"best_of\":20"), 400, InvalidValue, "best_of");
        yield return new(CompletionPath, PromptsBody(2048, "\"n\":128"), 400, InvalidValue, "n");
        yield return Completion("\"n\":2,\"best_of\":3,\"stream\":true", InvalidValue, "best_of");
        yield return Completion("\"logprobs\":6", InvalidValue, "logprobs");
        yield return Completion("\"logprobs\":-1", InvalidValue, "logprobs");
        yield return Completion("\"logprobs\":true", InvalidType, "logprobs");
        yield return Completion("\"echo\":1", InvalidType, "echo");
        yield return Completion("\"suffix\":1", InvalidType, "suffix");
        yield return Completion("\"suffix\":\"end\",\"echo\":true,\"logprobs\":0", Unsupported, "suffix");
        yield return Completion("\"messages\":[]", Unknown, "messages");
        yield return Completion("\"max_completion_tokens\":5", Unknown, "max_completion_tokens");
        yield return new(CompletionPath, """{"prompt":"Once"}""", 400, Missing, "model");
        yield return new(CompletionPath, """{"model":"tiny-assistant"}""", 400, Missing, "prompt");
        foreach (var request in Prompts(CompletionPath, "prompt"))
        {
            yield return request;
        }
    }

    private static IEnumerable<BadRequest> Prompts(string path, string member)
    {
        foreach (var (value, code, at) in new[]
        {
            ("null", Missing, ""),
            ("1", InvalidType, ""),
            ("true", InvalidType, ""),
            ("{}", InvalidType, ""),
            ("[]", InvalidValue, ""),
            ("[true]", InvalidType, "[0]"),
            ("[null]", InvalidType, "[0]"),
            ("[\"a\",1]", InvalidType, "[1]"),
            ("[1,\"a\"]", InvalidType, "[1]"),
            ("[1,-1]", InvalidValue, "[1]"),
            ("[1,2147483648]", InvalidValue, "[1]"),
            ("[1,1.5]", InvalidType, "[1]"),
            ("[[1],2]", InvalidType, "[1]"),
            ("[[1],\"a\"]", InvalidType, "[1]"),
            ("[[]]", InvalidValue, "[0]"),
            ("[[1],[2,\"a\"]]", InvalidType, "[1][1]"),
            ("[[[1]]]", InvalidType, "[0][0]"),
            ("[\"a\",\"\\udfff\"]", InvalidValue, "[1]"),
        })
        {
            yield return new(path, $$"""{"model":"tiny-assistant","{{member}}":{{value}}}""", 400, code, member + at);
        }
    }

    private static IEnumerable<BadRequest> Malformed()
    {
        foreach (var path in new[]
        {
            ChatPath, CompletionPath, EmbeddingPath, RerankPath, ClassificationPath, PredictPath, ModerationPath, BadPictureRequests.Path,
            ImageGenerationPath,
        })
        {
            foreach (var body in new[]
            {
                "", " ", "null", "[]", "\"x\"", "1", "{", "{]", "{\"model\"}", "{\"model\":}", "{\"model\":\"x\",}",
                "{'model':'x'}", "{\"model\":NaN}",
                "{\"model\":\"a\nb\"}", "{\"model\":\"\\x\"}", "{\"model\":\"\\ud8\"}", "{\"model\":01}", "{/**/}", "\uFEFF{}",
            })
            {
                yield return new(path, body, 400, null, null);
            }
        }

        yield return new(ChatPath, ChatBody() + "{}", 400, null, null);
        yield return new(CompletionPath, CompletionBody() + "x", 400, null, null);
        yield return new(EmbeddingPath, EmbeddingBody() + "]", 400, null, null);
        yield return new(ChatPath, ChatBody("\"prediction\":" + new string('[', 100)), 400, InvalidType, "prediction");
        yield return new(ChatPath, ChatBody("\"prediction\":" + string.Concat(Enumerable.Repeat("{\"a\":", 100))), 400, null, null);
    }
}
