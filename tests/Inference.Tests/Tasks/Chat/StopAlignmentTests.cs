using System.Text;
using System.Text.Json.Nodes;
using Tollgate.Inference.Tests.Endpoints;

namespace Tollgate.Inference.Tests.Tasks.Chat;

/// <summary>Which tokens <c>logprobs</c> has: exactly those of whose text a part is in the answer, whole or streamed.</summary>
[Collection(nameof(WorkerFixture))]
public sealed class StopAlignmentTests(WorkerFixture worker)
{
    [Theory]
    [InlineData("\"stop\":\"help you\"")] // Between tokens.
    [InlineData("\"stop\":\"elp yo\"")] // In the middle of two.
    [InlineData("\"stop\":[\"today\",\"!\"]")]
    [InlineData("\"stop\":\"Hello\"")] // Nothing is left.
    [InlineData("\"stop\":\"elp yo\",\"include_stop_str_in_output\":true")]
    [InlineData("\"stop\":\"never\",\"n\":3,\"temperature\":1.4,\"seed\":2,\"max_tokens\":20")]
    [InlineData("\"stop\":[\"e\",\"zz\"],\"n\":4,\"temperature\":1.7,\"seed\":5,\"max_tokens\":20")]
    [InlineData("\"stop\":\"ou\",\"n\":4,\"temperature\":1.7,\"seed\":6,\"max_tokens\":25,\"min_tokens\":6")]
    public Task Tokens_end_where_the_text_ends(string members) => CheckAsync(members);

    [Theory]
    [InlineData("好", 11)]
    [InlineData("🚀", 12)]
    [InlineData("é", 13)]
    public async Task Characters_that_are_split_over_tokens_are_shown_with_their_last_byte(string stop, int seed)
    {
        var ids = string.Join(',', "你好🚀é €x".EnumerateRunes().SelectMany(rune => Vocabulary.Encode(rune.ToString())).Distinct());

        await CheckAsync(
            $"\"allowed_token_ids\":[{ids}],\"temperature\":2,\"seed\":{seed},\"max_tokens\":60,\"n\":4,\"stop\":[\"{stop}\",\"xx\"]");
    }

    private async Task CheckAsync(string members)
    {
        var body = JsonNode.Parse($$"""
            {"model":"tiny-assistant","messages":[{"role":"user","content":"Hello!"}],"temperature":0,"logprobs":true,"top_logprobs":1}
            """)!.AsObject();
        var legacy = JsonNode.Parse(
            """{"model":"tiny-assistant","prompt":"Once","temperature":0,"logprobs":1,"max_tokens":60}""")!.AsObject();
        foreach (var (name, value) in JsonNode.Parse($"{{{members}}}")!.AsObject())
        {
            (body[name], legacy[name]) = (value?.DeepClone(), value?.DeepClone());
        }

        await CheckChatAsync(body);
        await CheckCompletionAsync(legacy);
    }

    private async Task CheckChatAsync(JsonObject body)
    {
        var (choices, chunks) = await BothAsync("/v1/chat/completions", body);
        foreach (var choice in choices)
        {
            var (text, tokens) = ((string)choice!["message"]!["content"]!, choice["logprobs"]!["content"]!.AsArray());
            var streamed = chunks.Where(chunk => (int)chunk["index"]! == (int)choice["index"]!).ToList();
            var (sent, noted) = ("", new List<JsonNode?>());
            foreach (var chunk in streamed)
            {
                sent += (string?)chunk["delta"]!["content"] ?? "";
                noted.AddRange(chunk["logprobs"]?["content"]!.AsArray() ?? []);
                CheckCut(sent, [.. noted.Select(BytesOf)], ended: false);
            }

            Assert.Equal((text, (string)choice["finish_reason"]!), (sent, (string)streamed[^1]["finish_reason"]!));
            Assert.Equal(tokens.ToJsonString(), new JsonArray([.. noted.Select(token => token!.DeepClone())]).ToJsonString());
            CheckCut(text, [.. tokens.Select(BytesOf)], ended: true);
        }
    }

    private async Task CheckCompletionAsync(JsonObject body)
    {
        var (choices, chunks) = await BothAsync("/v1/completions", body);
        foreach (var choice in choices)
        {
            var streamed = chunks.Where(chunk => (int)chunk["index"]! == (int)choice!["index"]!).ToList();
            Assert.Equal((string)choice!["text"]!, string.Concat(streamed.Select(chunk => (string)chunk["text"]!)));
            foreach (var name in (string[])["tokens", "token_logprobs", "top_logprobs", "text_offset"])
            {
                var joined = streamed.Select(chunk => chunk["logprobs"]?[name]).OfType<JsonArray>().SelectMany(list => list);
                Assert.Equal(
                    choice["logprobs"]![name]!.AsArray().Select(item => item!.ToJsonString()), joined.Select(item => item!.ToJsonString()));
            }

            byte[][] tokens = [.. choice["logprobs"]!["tokens"]!.AsArray().Select(token => BytesOf((string)token!))];
            CheckCut((string)choice["text"]!, tokens, ended: true);
        }
    }

    private async Task<(JsonArray Choices, List<JsonNode> Chunks)> BothAsync(string path, JsonObject body)
    {
        using var whole = await worker.PostAsync(path, body.DeepClone());
        var text = await whole.Content.ReadAsStringAsync();
        Assert.True(whole.IsSuccessStatusCode, text);
        body["stream"] = true;
        using var streamed = await worker.PostAsync(path, body, completion: HttpCompletionOption.ResponseHeadersRead);
        var events = await Event.ReadAllAsync(streamed);
        return (JsonNode.Parse(text)!["choices"]!.AsArray(), [.. events.SkipLast(1).Select(item => item.Choice!)]);
    }

    /// <summary>The text ends within the last of the tokens or at its end. Bytes that are no character are one or more marks of
    /// replacement in the text, so a text with such is not compared.</summary>
    private static void CheckCut(string text, byte[][] tokens, bool ended)
    {
        if (text.Contains('\uFFFD', StringComparison.Ordinal))
        {
            return;
        }

        var (sent, all) = (Encoding.UTF8.GetBytes(text), tokens.SelectMany(token => token).ToArray());
        Assert.True(all.AsSpan().StartsWith(sent), $"'{text}' is not the beginning of its tokens");
        var last = Array.FindLastIndex(tokens, token => token.Length > 0);
        Assert.True(
            last < 0 || tokens[..last].Sum(token => token.Length) < sent.Length, $"A token behind '{text}' is shown");
        Assert.True(!ended || sent.Length > 0 || tokens.Length == 0);
    }

    private static byte[] BytesOf(JsonNode? token) => [.. token!["bytes"]!.AsArray().Select(value => (byte)(int)value!)];

    private static byte[] BytesOf(string token) => token.StartsWith("bytes:", StringComparison.Ordinal)
        ? Convert.FromHexString(token["bytes:".Length..].Replace("\\x", "", StringComparison.Ordinal)) : Encoding.UTF8.GetBytes(token);
}
