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
}
