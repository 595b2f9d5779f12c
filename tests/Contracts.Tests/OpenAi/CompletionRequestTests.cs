using System.Text;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Responses;
using Tollgate.Testing;

namespace Tollgate.Contracts.Tests.OpenAi;

public sealed class CompletionRequestTests
{
    [Fact]
    public void TryParse_takes_OpenAIs_defaults_when_members_are_absent()
    {
        var completion = Parse.Completion();

        Assert.Equal(Sampling.Default with { MaxTokens = 16 }, completion.Sampling);
        Assert.Equal((1, 1, 16L, false), (completion.BestOf, completion.Choices, completion.MaxOutput!.Value, completion.Echo));
        Assert.Equal("Once", Assert.Single(completion.Prompts).Text);
    }

    [Theory]
    [InlineData("\"Once\"", 4, 0, 1)]
    [InlineData("\"\"", 0, 0, 1)]
    [InlineData("[\"a\",\"\\u00e9\"]", 3, 0, 2)]
    [InlineData("[5,6,7]", 0, 3, 1)]
    [InlineData("[[5],[6,0,2147483647]]", 0, 4, 2)]
    public void TryParse_reads_prompts_in_all_four_forms(string prompt, int bytes, int tokens, int prompts)
    {
        var completion = Parse.CompletionOf(prompt);

        Assert.Equal(new PromptSize(bytes, tokens, Messages: 0, prompts), completion.Size);
        Assert.Equal(tokens, completion.Prompts.Sum(input => input.TokenIds?.Count ?? 0));
        Assert.All(completion.Prompts, input => Assert.True(input.Text is null ^ input.TokenIds is null));
    }

    [Theory]
    [InlineData("\"n\":3", 3, 3)]
    [InlineData("\"best_of\":4", 4, 4)]
    [InlineData("\"n\":2,\"best_of\":20", 20, 20)]
    [InlineData("\"best_of\":2,\"n\":2,\"stream\":true", 2, 2)]
    [InlineData("\"n\":100", 100, 100)]
    public void TryParse_counts_the_candidates(string members, int bestOf, int choices)
    {
        var completion = Parse.Completion(members);

        Assert.Equal((bestOf, choices), (completion.BestOf, completion.Choices));
    }

    [Theory]
    [InlineData(128, "")]
    [InlineData(1, "\"n\":128")]
    [InlineData(6, "\"best_of\":20")]
    public void TryParse_takes_128_choices_over_all_prompts(int prompts, string members)
    {
        Assert.True(CompletionRequest.TryParse(
            Encoding.UTF8.GetBytes(BadRequests.PromptsBody(prompts, members)), out var completion, out _));
        Assert.InRange(completion.Prompts.Count * completion.Choices, 120, 128);
    }

    [Fact]
    public void TryParse_reads_the_members_that_chats_have_not()
    {
        var completion = Parse.Completion("\"echo\":true,\"logprobs\":5,\"max_tokens\":0,\"suffix\":null,\"best_of\":null");

        Assert.Equal((true, 5, 0L), (completion.Echo, completion.Sampling.Logprobs!.Value, completion.MaxOutput!.Value));
        Assert.Equal(0, Parse.Completion("\"logprobs\":0").Sampling.Logprobs);
        Assert.Null(Parse.Completion("\"logprobs\":null").Sampling.Logprobs);
    }

    [Fact]
    public void TryParse_reads_vLLMs_members_on_all_endpoints_of_text()
    {
        const string Members = """
            "top_k":-1,"min_p":0.25,"typical_p":0.5,"repetition_penalty":1.5,"min_tokens":3,"stop_token_ids":[5,0],"ignore_eos":true,
            "include_stop_str_in_output":true,"skip_special_tokens":false,"bad_words":["x"," y"],"allowed_token_ids":[7],
            "spaces_between_special_tokens":false,"use_beam_search":false,"length_penalty":-1.5,"early_stopping":true,
            "prompt_logprobs":null
            """;

        foreach (var sampling in (Sampling[])
            [
                Parse.Completion(Members + ",\"best_of\":1").Sampling, Parse.Chat(Members + ",\"best_of\":1").Sampling,
                Parse.Good<ResponsesRequest>(BadRequests.ResponsePath, BadRequests.ResponseBody(Members)).Sampling,
            ])
        {
            Assert.Equal((0, 0.25f, 0.5f, 1.5f), (sampling.TopK, sampling.MinP, sampling.TypicalP, sampling.RepetitionPenalty));
            Assert.Equal((3, true, true), (sampling.MinTokens, sampling.IgnoreEos, sampling.IncludeStop));
            Assert.False(sampling.SkipSpecialTokens);
            Assert.Equal([5, 0], sampling.StopTokenIds);
            Assert.Equal(["x", " y"], sampling.BadWords);
            Assert.Equal([7], sampling.AllowedTokenIds!);
        }

        Assert.Equal(40, Parse.Chat("\"top_k\":40").Sampling.TopK);
    }

    [Theory]
    [InlineData("\"Once\"", 4 + 3, 0, 1)]
    [InlineData("[\"a\",\"\\u00e9\"]", 3 + 6, 0, 2)]
    [InlineData("[[5],[6,7]]", 6, 3, 2)]
    public void TryParse_counts_a_suffix_with_each_prompt(string prompt, int bytes, int tokens, int prompts)
    {
        var completion = Parse.Good<CompletionRequest>(
            BadRequests.CompletionPath, $$"""{"suffix":"é.","model":"tiny-assistant","prompt":{{prompt}}}""");

        Assert.Equal(("é.", true), (completion.Suffix, completion.ReadsRaw));
        Assert.Equal(new PromptSize(bytes, tokens, Messages: 0, prompts), completion.Size);
        Assert.Null(Parse.Completion("\"suffix\":\"\"").Suffix); // Nothing lies behind the gap.
    }

    [Theory]
    [InlineData("""{"prompt":"x"}""", null)]
    [InlineData("""{"prompt":"x","model":null}""", null)]
    [InlineData("""{"prompt":"x","model":"davinci"}""", null)]
    [InlineData("""{"prompt":"x","model":"curie"}""", "model")]
    [InlineData("""{"prompt":"x","model":1}""", "model")]
    public void TryParse_takes_the_engine_of_the_path_as_the_model(string body, string? param)
    {
        var parsed = CompletionRequest.TryParse(Encoding.UTF8.GetBytes(body), "davinci", out var completion, out var error);

        Assert.Equal(param is null, parsed);
        Assert.Equal(param is null ? "davinci" : null, completion?.Model);
        Assert.Equal(param, error?.Param);
    }
}
