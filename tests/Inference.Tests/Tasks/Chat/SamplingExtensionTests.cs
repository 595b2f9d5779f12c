using System.Net;
using System.Text.Json.Nodes;
using Tollgate.Inference.Tests.Endpoints;

namespace Tollgate.Inference.Tests.Tasks.Chat;

/// <summary>vLLM's members on chats: greedy, "Hello!" is answered with "Hello! How can I help you today?", nine tokens.</summary>
[Collection(nameof(WorkerFixture))]
public sealed class SamplingExtensionTests(WorkerFixture worker)
{
    private const string Greeting = "Hello! How can I help you today?";
    private static readonly int Can = Assert.Single(Vocabulary.Encode(" can"));

    [Fact]
    public async Task A_stop_token_ends_the_answer_and_is_shown_and_counted_only_when_it_is_wanted()
    {
        var hidden = await AskAsync(("stop_token_ids", new JsonArray(7, Can)), ("logprobs", true));
        var shown = await AskAsync(
            ("stop_token_ids", new JsonArray(Can)), ("include_stop_str_in_output", true), ("logprobs", true));

        Assert.Equal(("Hello! How", "stop", 3, 3), hidden);
        Assert.Equal(("Hello! How can", "stop", 4, 4), shown);
    }

    [Fact]
    public async Task A_stop_text_can_be_part_of_the_answer()
    {
        Assert.Equal(
            ("Hello! How ca", "stop", 4, 4), await AskAsync(("stop", "ca"), ("include_stop_str_in_output", true), ("logprobs", true)));
    }

    [Fact]
    public async Task Past_an_ignored_end_token_generation_goes_on_to_the_cap_and_every_token_counts()
    {
        var (text, finish, completion, tokens) = await AskAsync(("ignore_eos", true), ("max_tokens", 30), ("logprobs", true));
        var written = await AskAsync(("ignore_eos", true), ("max_tokens", 30), ("skip_special_tokens", false), ("logprobs", true));

        Assert.StartsWith(Greeting, text, StringComparison.Ordinal);
        Assert.Equal(("length", 30, 30), (finish, completion, tokens));
        Assert.StartsWith(Greeting + "<|im_end|>", written.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Neither_end_tokens_nor_stop_texts_end_an_answer_before_min_tokens()
    {
        var (text, _, completion, _) = await AskAsync(("min_tokens", 14), ("max_tokens", 40));
        var stopped = await AskAsync(("stop", "How"), ("min_tokens", 2));
        var passed = await AskAsync(("stop", "How"), ("min_tokens", 4), ("stop_token_ids", new JsonArray(Can)));

        Assert.StartsWith(Greeting, text, StringComparison.Ordinal);
        Assert.InRange(completion, 14, 40);
        Assert.Equal("Hello! ", stopped.Text);
        Assert.StartsWith("Hello! How", passed.Text, StringComparison.Ordinal);
        Assert.False(passed.Text.StartsWith("Hello! How can", StringComparison.Ordinal)); // It would end the answer as the fourth token.
    }

    [Fact]
    public async Task Bad_words_are_never_generated_and_allowed_tokens_alone_are()
    {
        var without = await AskAsync(("bad_words", new JsonArray("help", "How can")), ("max_tokens", 40));
        var allowed = Vocabulary.Encode(" can I");
        var few = await AskAsync(("allowed_token_ids", new JsonArray([.. allowed.Select(id => (JsonNode)id)])), ("max_tokens", 7));

        Assert.DoesNotContain(" help", without.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("How can", without.Text, StringComparison.Ordinal);
        Assert.StartsWith("Hello!", without.Text, StringComparison.Ordinal);
        Assert.Equal(("length", 7), (few.Finish, few.Completion));
        Assert.Equal("", few.Text.Replace(" can", "", StringComparison.Ordinal).Replace(" I", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Top_k_1_is_greedy_at_any_temperature()
    {
        Assert.Equal(Greeting, (await AskAsync(("temperature", 2), ("top_k", 1), ("seed", 4))).Text);
        Assert.Equal(Greeting, (await AskAsync(("temperature", 2), ("min_p", 1), ("seed", 5))).Text);
        Assert.NotEqual(Greeting, (await AskAsync(("temperature", 2), ("top_k", -1), ("seed", 4), ("max_tokens", 30))).Text);
    }

    [Fact]
    public async Task A_repetition_penalty_lowers_tokens_of_the_prompt_too()
    {
        Assert.NotEqual(Greeting, (await AskAsync(("repetition_penalty", 2), ("max_tokens", 20))).Text);
        Assert.Equal(Greeting, (await AskAsync(("repetition_penalty", 1))).Text);
    }

    [Theory]
    [InlineData("\"stop_token_ids\":[5,999999]", "stop_token_ids[1]")]
    [InlineData("\"allowed_token_ids\":[4096]", "allowed_token_ids[0]")]
    [InlineData("\"min_tokens\":6,\"max_tokens\":5", "min_tokens")]
    [InlineData("\"allowed_token_ids\":[2],\"min_tokens\":1,\"max_tokens\":5", null)]
    [InlineData("\"prompt_logprobs\":1", "prompt_logprobs")]
    [InlineData("\"use_beam_search\":true", "use_beam_search")]
    public async Task What_cannot_be_done_is_refused_by_name(string members, string? param)
    {
        foreach (var (path, prompt) in (
            (string, string)[])[("/v1/chat/completions", "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"),
                ("/v1/completions", "\"prompt\":\"Hi\"")])
        {
            using var response = await worker.PostAsync(path, JsonNode.Parse($$"""{"model":"tiny-assistant",{{prompt}},{{members}}}""")!);
            var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;

            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            Assert.Equal(param, (string?)error["param"]);
        }
    }

    [Fact]
    public async Task Responses_take_them_as_chats_do()
    {
        var greedy = await RespondAsync("\"temperature\":2,\"top_k\":1,\"seed\":4");
        var stopped = await RespondAsync($"\"temperature\":0,\"stop_token_ids\":[{Can}],\"include_stop_str_in_output\":true");
        var refused = await RespondAsync("\"bad_words\":[\"x\"],\"stop_token_ids\":[5,999999]");

        Assert.Equal(Greeting, (string)greedy["output"]![0]!["content"]![0]!["text"]!);
        Assert.Equal("Hello! How can", (string)stopped["output"]![0]!["content"]![0]!["text"]!);
        Assert.Equal("stop_token_ids[1]", (string)refused["error"]!["param"]!);
    }

    private async Task<JsonNode> RespondAsync(string members)
    {
        using var response = await worker.PostAsync(
            "/v1/responses", JsonNode.Parse($$"""{"model":"tiny-assistant","input":"Hello!",{{members}}}""")!);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
    }

    private async Task<(string Text, string Finish, int Completion, int Logprobs)> AskAsync(params (string Name, JsonNode? Value)[] members)
    {
        using var response = await worker.PostAsync("/v1/chat/completions", WorkerFixture.Chat("Hello!", members));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        var answer = JsonNode.Parse(text)!;
        var choice = answer["choices"]![0]!;
        return (
            (string)choice["message"]!["content"]!, (string)choice["finish_reason"]!, (int)answer["usage"]!["completion_tokens"]!,
            choice["logprobs"]?["content"]!.AsArray().Count ?? 0);
    }
}
