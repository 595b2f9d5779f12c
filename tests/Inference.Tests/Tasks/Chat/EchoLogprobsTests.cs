using System.Text.Json.Nodes;
using Tollgate.Inference.Tests.Endpoints;

namespace Tollgate.Inference.Tests.Tasks.Chat;

/// <summary>Log-probabilities of prompts, as evaluation harnesses ask for them.</summary>
[Collection(nameof(WorkerFixture))]
public sealed class EchoLogprobsTests(WorkerFixture worker)
{
    [Theory]
    [InlineData("\"Once upon a time é😀, a fox.\"", "Once upon a time é😀, a fox.")]
    [InlineData("[\"Once upon a time\",\"The cat\",\"\"]", "Once upon a time", "The cat", "")]
    [InlineData("[100,101,102]", new string?[] { null })]
    [InlineData("[[100,101,102],[103],[2,2,300]]", null, null, null)]
    public async Task The_prompts_tokens_come_first_with_null_for_the_first_of_them(string prompt, params string?[] texts)
    {
        var answer = await CompleteAsync($$"""{"prompt":{{prompt}},"max_tokens":0,"echo":true,"logprobs":5}""");

        var choices = answer["choices"]!.AsArray();
        Assert.Equal(texts.Length, choices.Count);
        foreach (var (choice, expected) in choices.Zip(texts))
        {
            var (text, logprobs) = ((string)choice!["text"]!, choice["logprobs"]!);
            Assert.Equal(expected ?? text, text);
            Assert.Equal("length", (string)choice["finish_reason"]!);
            CheckLists(logprobs, text);
            Assert.Null(logprobs["token_logprobs"]![0]);
            Assert.Null(logprobs["top_logprobs"]![0]);
            Assert.All(logprobs["token_logprobs"]!.AsArray().Skip(1), value => Assert.InRange((double)value!, -9999, 0));
            Assert.All(logprobs["top_logprobs"]!.AsArray().Skip(1), best => Assert.InRange(best!.AsObject().Count, 1, 6));
        }

        Assert.Equal(choices.Sum(choice => choice!["logprobs"]!["tokens"]!.AsArray().Count), (int)answer["usage"]!["prompt_tokens"]!);
        Assert.Equal(0, (int)answer["usage"]!["completion_tokens"]!);
    }

    [Theory]
    [InlineData(0, 1, 0.0)]
    [InlineData(1, 1, 0.0)]
    [InlineData(6, 0, 1.3)]
    [InlineData(6, 3, 1.3)]
    public async Task A_stream_puts_the_prompt_into_the_first_chunk_and_equals_the_whole_answer(
        int output, int logprobs, double temperature)
    {
        var body = $$"""
            {"prompt":["Once upon a time","A fox 😀"],"n":2,"max_tokens":{{output}},"echo":true,"logprobs":{{logprobs}},"seed":3,
            "temperature":{{temperature}}
            """;
        var whole = await CompleteAsync(body + "}");
        var events = await StreamAsync(body + ",\"stream\":true}");

        foreach (var choice in whole["choices"]!.AsArray())
        {
            var chunks = events.Where(chunk => (int)chunk["index"]! == (int)choice!["index"]!).ToList();
            Assert.Equal((int)choice!["index"]! < 2 ? "Once upon a time" : "A fox 😀", (string)chunks[0]["text"]!);
            CheckLists(chunks[0]["logprobs"]!, (string)chunks[0]["text"]!);
            Assert.Equal((string)choice["text"]!, string.Concat(chunks.Select(chunk => (string)chunk["text"]!)));
            foreach (var name in (string[])["tokens", "token_logprobs", "text_offset", "top_logprobs"])
            {
                var joined = chunks.Select(chunk => chunk["logprobs"]?[name]).OfType<JsonArray>().SelectMany(list => list);
                Assert.Equal(choice["logprobs"]![name]?.AsArray().Select(Text) ?? [], joined.Select(Text));
            }

            CheckLists(choice["logprobs"]!, (string)choice["text"]!);
        }
    }

    /// <summary>lm-evaluation-harness: ids of context and continuation, one token generated and thrown away.</summary>
    [Fact]
    public async Task An_evaluation_harness_gets_the_sum_over_a_continuation_and_whether_it_is_greedy()
    {
        int[] context = [100, 101, 102, 300];
        var generated = await CompleteAsync(
            $$"""{"prompt":[{{string.Join(',', context)}}],"max_tokens":6,"temperature":0,"logprobs":1,"ignore_eos":true}""");
        var chosen = generated["choices"]![0]!["logprobs"]!["token_logprobs"]!.AsArray().Select(value => (double)value!).ToList();
        var continuation = await FindTokensAsync(context, chosen.Count);

        var (sum, greedy) = await ScoreAsync([.. context, .. continuation], context.Length);
        var (other, otherGreedy) = await ScoreAsync([.. context, .. continuation[..^1], 301], context.Length);

        Assert.Equal(chosen.Sum(), sum, 1e-3);
        Assert.True(greedy);
        Assert.True(other < sum);
        Assert.False(otherGreedy);
    }

    private async Task<(double Sum, bool Greedy)> ScoreAsync(int[] ids, int context)
    {
        var answer = await CompleteAsync(
            $$"""{"prompt":[[{{string.Join(',', ids)}}]],"max_tokens":1,"logprobs":1,"echo":true,"temperature":0,"seed":1234}""");
        var logprobs = answer["choices"]![0]!["logprobs"]!;
        var values = logprobs["token_logprobs"]!.AsArray().ToList()[context..ids.Length].Select(value => (double)value!).ToList();
        var best = logprobs["top_logprobs"]!.AsArray().ToList()[context..ids.Length]
            .Select(likeliest => likeliest!.AsObject().Max(pair => (double)pair.Value!));
        return (values.Sum(), values.SequenceEqual(best));
    }

    /// <summary>The ids of the greedy continuation, one by one from those that leave no other choice.</summary>
    private async Task<int[]> FindTokensAsync(int[] context, int count)
    {
        var tokenizer = Vocabulary.Tokenizer;
        var ids = new List<int>();
        while (ids.Count < count)
        {
            var before = string.Join(',', context.Concat(ids));
            var answer = await CompleteAsync(
                $$"""{"prompt":[{{before}}],"max_tokens":1,"temperature":0,"logprobs":0,"ignore_eos":true}""");
            var token = (string)answer["choices"]![0]!["logprobs"]!["tokens"]![0]!;
            ids.Add(Enumerable.Range(0, tokenizer.VocabularySize).First(id => Vocabulary.Write(id) == token));
        }

        return [.. ids];
    }

    private static void CheckLists(JsonNode logprobs, string text)
    {
        var tokens = logprobs["tokens"]!.AsArray().Select(token => (string)token!).ToList();
        Assert.All(["token_logprobs", "text_offset"], name => Assert.Equal(tokens.Count, logprobs[name]!.AsArray().Count));
        if (!tokens.Any(token => token.StartsWith("bytes:", StringComparison.Ordinal)))
        {
            Assert.Equal(text, string.Concat(tokens));
            var before = "";
            foreach (var (token, offset) in tokens.Zip(logprobs["text_offset"]!.AsArray()))
            {
                Assert.Equal(before.EnumerateRunes().Count(), (int)offset!);
                before += token;
            }
        }
    }

    private static string Text(JsonNode? node) => node?.ToJsonString() ?? "null";

    private async Task<JsonNode> CompleteAsync(string body)
    {
        using var response = await worker.PostAsync("/v1/completions", WithModel(body));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    private async Task<List<JsonNode>> StreamAsync(string body)
    {
        using var response = await worker.PostAsync(
            "/v1/completions", WithModel(body), completion: HttpCompletionOption.ResponseHeadersRead);
        return [.. (await Event.ReadAllAsync(response)).SkipLast(1).Select(item => item.Choice!)];
    }

    private static JsonNode WithModel(string body)
    {
        var node = JsonNode.Parse(body)!;
        node["model"] = "tiny-assistant";
        return node;
    }
}
