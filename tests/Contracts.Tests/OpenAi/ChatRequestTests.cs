using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Tests.OpenAi;

public sealed class ChatRequestTests
{
    [Fact]
    public void TryParse_takes_OpenAIs_defaults_when_members_are_absent()
    {
        var chat = Parse.Chat();

        Assert.Equal("tiny-assistant", chat.Model);
        Assert.Equal([new ChatMessage("user", "Hi", null)], chat.Messages);
        Assert.Equal(Sampling.Default, chat.Sampling);
        Assert.Equal((false, false, 1, null), (chat.Stream, chat.IncludeUsage, chat.Choices, chat.MaxOutput));
        Assert.Equal(new PromptSize(Utf8Bytes: 2, TokenIds: 0, Messages: 1, Prompts: 1), chat.Size);
    }

    [Fact]
    public void TryParse_reads_every_member_that_is_obeyed()
    {
        var chat = Parse.Chat("""
            "n":3, "temperature":0.5, "top_p":0.25, "seed":-7, "stop":["a","b"], "max_completion_tokens":9, "presence_penalty":-2,
            "frequency_penalty":2, "logit_bias":{"17":-100,"0":2.5}, "logprobs":true, "top_logprobs":20, "stream":true,
            "stream_options":{"include_usage":true,"include_obfuscation":false}, "user":"u"
            """);

        Assert.Equal((3, 0.5f, 0.25f, -7L), (chat.Sampling.N, chat.Sampling.Temperature, chat.Sampling.TopP, chat.Sampling.Seed!.Value));
        Assert.Equal(["a", "b"], chat.Sampling.Stop);
        Assert.Equal((-2f, 2f), (chat.Sampling.PresencePenalty, chat.Sampling.FrequencyPenalty));
        Assert.Equal(new Dictionary<int, float> { [17] = -100, [0] = 2.5f }, chat.Sampling.LogitBias);
        Assert.Equal((20, true, true), (chat.Sampling.Logprobs!.Value, chat.Stream, chat.IncludeUsage));
        Assert.Equal((3, 9L), (chat.Choices, chat.MaxOutput!.Value));
    }

    [Theory]
    [InlineData("\"stop\":\"end\"", 1)]
    [InlineData("\"stop\":[]", 0)]
    [InlineData("\"stop\":[\"1\",\"2\",\"3\",\"4\"]", 4)]
    public void TryParse_reads_stop_as_text_or_texts(string members, int count) =>
        Assert.Equal(count, Parse.Chat(members).Sampling.Stop.Count);

    [Theory]
    [InlineData("\"max_tokens\":5", 5)]
    [InlineData("\"max_completion_tokens\":5", 5)]
    [InlineData("\"max_tokens\":5,\"max_completion_tokens\":5", 5)]
    [InlineData("\"max_tokens\":null,\"max_completion_tokens\":2147483647", 2147483647)]
    public void TryParse_takes_the_output_cap_from_either_member(string members, long cap) =>
        Assert.Equal(cap, Parse.Chat(members).MaxOutput);

    [Theory]
    [InlineData("\"logprobs\":true", 0)]
    [InlineData("\"logprobs\":true,\"top_logprobs\":4", 4)]
    [InlineData("\"logprobs\":false", null)]
    [InlineData("\"logprobs\":null,\"top_logprobs\":null", null)]
    public void TryParse_joins_logprobs_and_top_logprobs(string members, int? logprobs) =>
        Assert.Equal(logprobs, Parse.Chat(members).Sampling.Logprobs);

    [Fact]
    public void TryParse_reads_top_p_0_as_the_likeliest_token_alone() =>
        Assert.Equal(float.Epsilon, Parse.Chat("\"top_p\":0").Sampling.TopP);

    [Theory]
    [InlineData("\"user\":\"u\"")]
    [InlineData("\"safety_identifier\":\"s\"")]
    [InlineData("\"metadata\":{\"a\":\"1\",\"b\":\"\"}")]
    [InlineData("\"store\":false")]
    [InlineData("\"service_tier\":\"auto\"")]
    [InlineData("\"service_tier\":\"default\"")]
    [InlineData("\"verbosity\":\"high\"")]
    [InlineData("\"reasoning_effort\":\"minimal\"")]
    [InlineData(
        "\"prediction\":{\"type\":\"content\",\"content\":[{\"type\":\"text\",\"text\":\"x\"},{\"type\":\"text\",\"text\":\"x\"}]}")]
    [InlineData("\"prompt_cache_key\":\"k\"")]
    [InlineData("\"prompt_cache_retention\":\"24h\"")]
    [InlineData("\"prompt_cache_options\":{\"ttl\":\"5m\"}")]
    [InlineData("\"parallel_tool_calls\":true")]
    [InlineData("\"tools\":[]")]
    [InlineData("\"functions\":[]")]
    [InlineData("\"tool_choice\":\"auto\"")]
    [InlineData("\"function_call\":\"none\"")]
    [InlineData("\"modalities\":[\"text\"]")]
    [InlineData("\"response_format\":{\"type\":\"text\"}")]
    [InlineData("\"response_format\":{\"json_schema\":null,\"type\":\"text\"}")]
    public void TryParse_lets_a_hint_pass_that_cannot_change_the_answer(string members) =>
        Assert.Equal(Sampling.Default, Parse.Chat(members).Sampling);

    [Fact]
    public void TryParse_reads_null_as_absent_for_every_optional_member()
    {
        string[] names =
        [
            "stream", "stream_options", "max_tokens", "max_completion_tokens", "temperature", "top_p", "n", "seed", "stop",
            "presence_penalty",
            "frequency_penalty", "logit_bias", "logprobs", "top_logprobs", "user", "audio", "function_call", "functions", "metadata",
            "modalities", "moderation", "parallel_tool_calls", "prediction", "prompt_cache_key", "prompt_cache_options",
            "prompt_cache_retention", "reasoning_effort", "response_format", "safety_identifier", "service_tier", "store", "tool_choice",
            "tools", "verbosity", "web_search_options",
        ];

        var chat = Parse.Chat(string.Join(',', names.Select(name => $"\"{name}\":null")));

        Assert.Equal(Sampling.Default, chat.Sampling);
    }

    [Theory]
    [InlineData("""[{"role":"user","content":"Grüße \u4f60\ud83d\ude00\n"}]""", "Grüße 你😀\n", 16)] // 7 + 1 + 3 + 4 + 1
    [InlineData("""[{"role":"user","content":[{"type":"text","text":"a"},{"text":"\u00e9","type":"text","image_url":null}]}]""", "aé", 3)]
    [InlineData("""[{"role":"user","name":"Ann","content":""}]""", "", 3)]
    [InlineData("""[{"role":"assistant","content":null,"refusal":"No."}]""", "No.", 3)]
    [InlineData(
        """[{"role":"assistant","refusal":null,"annotations":[],"audio":null,"tool_calls":[],"function_call":null,"content":"x"}]""",
        "x", 1)]
    [InlineData("""[{"role":"assistant","content":[{"type":"refusal","refusal":"No."}]}]""", "No.", 3)]
    public void TryParse_reads_content_and_counts_its_bytes(string messages, string content, int bytes)
    {
        var chat = Parse.ChatOf(messages);

        Assert.Equal(content, Assert.Single(chat.Messages).Content);
        Assert.Equal(bytes, chat.Size.Utf8Bytes);
    }

    [Fact]
    public void TryParse_keeps_roles_names_and_order()
    {
        var chat = Parse.ChatOf("""
            [{"role":"system","content":"S"},{"role":"developer","content":"D"},{"role":"user","content":"U","name":"Ann"},
             {"role":"assistant","content":"A","name":null}]
            """);

        Assert.Equal(
            [new("system", "S", null), new("developer", "D", null), new("user", "U", "Ann"), new ChatMessage("assistant", "A", null)],
            chat.Messages);
        Assert.Equal(new PromptSize(Utf8Bytes: 4 + 3, TokenIds: 0, Messages: 4, Prompts: 1), chat.Size);
    }
}
