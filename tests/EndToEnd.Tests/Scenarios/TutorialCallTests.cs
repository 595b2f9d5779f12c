using System.Net;
using Tollgate.EndToEnd.Tests.Running;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>The call of old tutorials, byte for byte as <c>openai.Completion.create(engine="text-davinci-002", …)</c> sent it.</summary>
[Collection(SharedTollgate.Name)]
public sealed class TutorialCallTests(SharedTollgate shared)
{
    [Fact]
    public async Task The_engines_route_answers_with_the_real_models_name_and_is_billed()
    {
        using var client = shared.Running.Client();

        var answer = await client.PostAsync(
            "/v1/engines/text-davinci-002/completions",
            """{"prompt": "Once upon a time", "max_tokens": 100, "n": 1, "stop": null, "temperature": 0.7}""");
        var row = await shared.Running.Books.OneAsync(answer.RequestId);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("text_completion", answer.Json.GetProperty("object").GetString());
        Assert.Equal("tiny-assistant", answer.Json.GetProperty("model").GetString());
        Assert.NotEqual("", answer.Text);
        Assert.InRange(answer.Usage.Completion, 1, 100);
        Assert.Equal(("tiny-assistant", answer.Usage.Prompt, answer.Usage.Completion), (row.Model, row.Units.Prompt, row.Units.Completion));
    }

    [Fact]
    public async Task The_first_tutorials_question_is_answered_in_words()
    {
        using var client = shared.Running.Client();

        var answer = await client.PostAsync(
            "/v1/engines/text-davinci-002/completions",
            """{"prompt": "Tell me about the benefits of using AI models as a service.", "max_tokens": 100, "temperature": 0}""");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Contains("as a service", answer.Text, StringComparison.Ordinal);
    }

    /// <summary>Whatever form a prompt has, what is booked is what the answer says: no hold cuts it.</summary>
    [Theory]
    [InlineData("/v1/embeddings", """{"model":"tiny-embed","input":[7592]}""")]
    [InlineData("/v1/embeddings", """{"model":"tiny-embed","input":[[7592],[7592,101],[102]]}""")]
    [InlineData("/v1/embeddings", """{"model":"tiny-embed","input":["a","b"]}""")]
    [InlineData("/v1/classifications", """{"model":"tiny-sentiment","input":["a","","b"]}""")]
    [InlineData("/v1/classifications", """{"model":"tiny-sentiment","input":[[51],[51,1284]]}""")]
    [InlineData("/v1/completions", """{"model":"tiny-assistant","prompt":["","a",""],"max_tokens":1}""")]
    [InlineData("/v1/completions", """{"model":"tiny-assistant","prompt":[[5],[6,7]],"max_tokens":1}""")]
    [InlineData("/v1/chat/completions",
        """{"model":"tiny-assistant","messages":[{"role":"developer","content":""},{"role":"user","name":"ada","content":""}]"""
        + ""","max_tokens":1}""")]
    public async Task Booked_prompt_tokens_are_those_of_the_answer(string path, string body)
    {
        using var client = shared.Running.Client();

        var answer = await client.PostAsync(path, body);
        var row = await shared.Running.Books.OneAsync(answer.RequestId);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(answer.Json.GetProperty("usage").GetProperty("prompt_tokens").GetInt64(), row.Units.Prompt);
    }
}
