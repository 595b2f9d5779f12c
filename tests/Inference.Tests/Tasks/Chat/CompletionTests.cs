using System.Net;
using System.Text.Json.Nodes;
using Tollgate.Inference.Tests.Endpoints;

namespace Tollgate.Inference.Tests.Tasks.Chat;

[Collection(nameof(WorkerFixture))]
public sealed class CompletionTests(WorkerFixture worker)
{
    [Fact]
    public async Task Several_prompts_with_echo_give_their_choices_in_order()
    {
        var answer = await CompleteAsync(
            """{"model":"tiny-assistant","prompt":["The cat","The dog"],"n":2,"echo":true,"max_tokens":5,"seed":3}""");

        var choices = answer["choices"]!.AsArray();
        Assert.Equal([0, 1, 2, 3], choices.Select(choice => (int)choice!["index"]!));
        Assert.All(choices.Take(2), choice => Assert.StartsWith("The cat", (string)choice!["text"]!, StringComparison.Ordinal));
        Assert.All(choices.Skip(2), choice => Assert.StartsWith("The dog", (string)choice!["text"]!, StringComparison.Ordinal));
        Assert.Equal("text_completion", (string)answer["object"]!);
        Assert.StartsWith("cmpl-", (string)answer["id"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"Once upon a time é😀\"", 19)] // Characters, not UTF-16 units and not bytes.
    [InlineData("[100,101,102]", null)]
    public async Task Logprobs_0_names_the_chosen_tokens_alone_and_offsets_begin_behind_the_prompt(string prompt, int? offset)
    {
        var echo = await CompleteAsync($$"""{"model":"tiny-assistant","prompt":{{prompt}},"max_tokens":0,"echo":true}""");
        var answer = await CompleteAsync(
            $$"""{"model":"tiny-assistant","prompt":{{prompt}},"max_tokens":6,"temperature":0,"logprobs":0}""");

        var logprobs = answer["choices"]![0]!["logprobs"]!;
        var count = (int)answer["usage"]!["completion_tokens"]!;
        Assert.True(count > 0);
        Assert.Null(logprobs["top_logprobs"]);
        Assert.All(
            ["tokens", "token_logprobs", "text_offset"], name => Assert.Equal(count, logprobs[name]!.AsArray().Count));
        var first = (int)logprobs["text_offset"]![0]!;
        Assert.Equal(((string)echo["choices"]![0]!["text"]!).EnumerateRunes().Count(), first);
        Assert.Equal(offset ?? first, first);
    }

    [Fact]
    public async Task Best_of_returns_the_likeliest_and_bills_every_candidate()
    {
        var all = await CompleteAsync(
            """{"model":"tiny-assistant","prompt":"The cat","n":5,"max_tokens":4,"seed":3,"temperature":1.5,"logprobs":0}""");
        var best = await CompleteAsync(
            """{"model":"tiny-assistant","prompt":"The cat","n":1,"best_of":5,"max_tokens":4,"seed":3,"temperature":1.5}""");

        var expected = all["choices"]!.AsArray(
            ).MaxBy(choice => choice!["logprobs"]!["token_logprobs"]!.AsArray().Average(value => (double)value!));
        Assert.Equal((string)expected!["text"]!, (string)best["choices"]!.AsArray().Single()!["text"]!);
        Assert.Equal((int)all["usage"]!["completion_tokens"]!, (int)best["usage"]!["completion_tokens"]!);
    }

    [Fact]
    public async Task Max_tokens_0_with_echo_gives_the_prompt_and_bills_no_output()
    {
        var answer = await CompleteAsync("""{"model":"tiny-assistant","prompt":"Hello","max_tokens":0,"echo":true}""");

        Assert.Equal("Hello", (string)answer["choices"]![0]!["text"]!);
        Assert.Equal("length", (string)answer["choices"]![0]!["finish_reason"]!);
        Assert.Equal(0, (int)answer["usage"]!["completion_tokens"]!);
    }

    [Fact]
    public async Task An_empty_prompt_begins_a_document()
    {
        var answer = await CompleteAsync("""{"model":"tiny-assistant","prompt":"","max_tokens":3,"temperature":0}""");

        Assert.Equal(1, (int)answer["usage"]!["prompt_tokens"]!);
    }

    [Theory]
    [InlineData("""{"model":"tiny-assistant","prompt":"x","suffix":"y"}""", "suffix")]
    [InlineData("""{"model":"tiny-assistant","prompt":"x","suffix":"y","echo":true,"logprobs":1}""", "suffix")]
    [InlineData("""{"model":"tiny-assistant","prompt":[999999]}""", "prompt")]
    public async Task What_cannot_be_done_is_refused_by_name(string body, string param)
    {
        using var response = await worker.PostAsync("/v1/completions", JsonNode.Parse(body)!);
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(param, (string?)error["param"]);
    }

    private async Task<JsonNode> CompleteAsync(string body)
    {
        using var response = await worker.PostAsync("/v1/completions", JsonNode.Parse(body)!);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }
}
