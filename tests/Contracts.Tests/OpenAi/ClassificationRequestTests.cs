using System.Text;
using Tollgate.Contracts.OpenAi;
using Tollgate.Testing;

namespace Tollgate.Contracts.Tests.OpenAi;

public sealed class ClassificationRequestTests
{
    [Theory]
    [InlineData("\"Once\"", 4, 0, 1)]
    [InlineData("\"\"", 0, 0, 1)]
    [InlineData("[\"a\",\"bc\"]", 3, 0, 2)]
    [InlineData("[5,6,7]", 0, 3, 1)]
    [InlineData("[[5],[6,0]]", 0, 3, 2)]
    public void TryParse_reads_inputs_in_all_four_forms(string input, int bytes, int tokens, int inputs)
    {
        var request = Classification($"\"input\":{input}");

        Assert.Equal(new PromptSize(bytes, tokens, Messages: 0, inputs), request.Size);
        Assert.Equal(inputs, request.Inputs.Count);
        Assert.False(request.Generates);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData(",\"top_n\":3", 3)]
    [InlineData(",\"return_all_scores\":true", int.MaxValue)]
    [InlineData(",\"return_all_scores\":false", null)]
    [InlineData(",\"return_all_scores\":false,\"top_n\":1", 1)]
    [InlineData(",\"return_all_scores\":null,\"top_n\":null,\"user\":null", null)]
    public void TryParse_reads_how_many_scores_are_wanted(string members, int? scored) =>
        Assert.Equal(scored, Classification($"\"input\":\"x\"{members}").ScoredLabels);

    [Theory]
    [InlineData("""{"data":"x"}""", null, "predict", false)]
    [InlineData("""{"data":["x","y"]}""", null, "predict", true)]
    [InlineData("""{"data":["x"],"model":"m"}""", null, "m", true)]
    [InlineData("""{"data":"x"}""", "n", "n", false)]
    [InlineData("""{"data":"x","model":"n"}""", "n", "n", false)]
    [InlineData("""{"data":"x","model":null}""", "n", "n", false)]
    public void TryParse_of_a_prediction_takes_the_model_of_the_body_the_url_or_the_alias(
        string body, string? asked, string model, bool isList)
    {
        Assert.True(PredictRequest.TryParse(Encoding.UTF8.GetBytes(body), asked, out var request, out _));

        Assert.Equal((model, isList), (request.Model, request.IsList));
    }

    [Theory]
    [InlineData("""{"data":"x","model":"m"}""", "n")]
    [InlineData("""{"data":"x"}""", "")]
    public void TryParse_of_a_prediction_refuses_two_models_and_an_empty_one(string body, string asked)
    {
        Assert.False(PredictRequest.TryParse(Encoding.UTF8.GetBytes(body), asked, out _, out var error));

        Assert.Equal((400, "invalid_value", "model"), (error.Status, error.Code, error.Param));
    }

    [Theory]
    [InlineData("""{"input":"x"}""", "omni-moderation-latest", 1, false)]
    [InlineData("""{"input":""}""", "omni-moderation-latest", 1, false)]
    [InlineData("""{"input":["x","y"],"model":"m"}""", "m", 2, false)]
    [InlineData(
        """{"input":[{"text":"x","type":"text"},{"type":"text","text":"y","image_url":null}]}""", "omni-moderation-latest", 2, true)]
    public void TryParse_of_a_moderation_reads_texts_and_parts(string body, string model, int inputs, bool isOneInput)
    {
        var request = Parse.Good<ModerationRequest>(BadRequests.ModerationPath, body);

        Assert.Equal((model, inputs, isOneInput), (request.Model, request.Inputs.Count, request.IsOneInput));
        Assert.Equal(inputs, request.Size.Prompts);
    }

    private static ClassificationRequest Classification(string members) =>
        Parse.Good<ClassificationRequest>(BadRequests.ClassificationPath, $$"""{"model":"tiny-sentiment",{{members}}}""");
}
