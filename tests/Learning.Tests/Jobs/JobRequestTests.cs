using Tollgate.Contracts.OpenAi;

namespace Tollgate.Learning.Tests.Jobs;

/// <summary>What a new job may say, and which member a refusal names.</summary>
public sealed class JobRequestTests
{
    [Theory]
    [InlineData("", "model", "missing_required_parameter")]
    [InlineData("\"model\":1", "model", "invalid_type")]
    [InlineData("\"model\":\"m\"", "training_file", "missing_required_parameter")]
    [InlineData("\"model\":\"m\",\"training_file\":[]", "training_file", "invalid_type")]
    [InlineData("\"hyperparameters\":{\"n_epochs\":0}", "hyperparameters.n_epochs", "invalid_value")]
    [InlineData("\"hyperparameters\":{\"n_epochs\":\"many\"}", "hyperparameters.n_epochs", "invalid_type")]
    [InlineData("\"hyperparameters\":{\"beta\":1}", "hyperparameters.beta", "unknown_parameter")]
    [InlineData("\"method\":{\"type\":\"dpo\"}", "method.type", "unsupported_value")]
    [InlineData("\"method\":{\"type\":\"reinforcement\"}", "method.type", "unsupported_value")]
    [InlineData("\"method\":{\"dpo\":{}}", "method.dpo", "unsupported_parameter")]
    [InlineData("\"method\":{\"type\":\"lora\"}", "method.type", "invalid_value")]
    [InlineData("\"method\":{\"head\":{}}", "method.type", "missing_required_parameter")]
    [InlineData("\"method\":{\"type\":\"head\",\"encoder\":{}}", "method.encoder", "invalid_value")]
    [InlineData(
        "\"method\":{\"type\":\"head\",\"head\":{\"hyperparameters\":{\"batch_size\":0}}}", "method.head.hyperparameters.batch_size",
        "invalid_value")]
    [InlineData("\"seed\":1.5", "seed", "invalid_type")]
    [InlineData("\"suffix\":\"\"", "suffix", "invalid_value")]
    [InlineData("\"suffix\":\"a_b\"", "suffix", "invalid_value")]
    [InlineData("\"suffix\":\"12345678901234567890123456789012345678901234567890123456789012345\"", "suffix", "invalid_value")]
    [InlineData("\"metadata\":{\"a\":\"\\u0000\"}", "metadata.a", "invalid_value")]
    [InlineData("\"integrations\":[{\"type\":\"wandb\"}]", "integrations", "unsupported_parameter")]
    [InlineData("\"validation_share\":0", "validation_share", "invalid_value")]
    [InlineData("\"budget\":{\"usd\":0}", "budget.usd", "invalid_value")]
    [InlineData("\"budget\":{\"eur\":1}", "budget.eur", "unknown_parameter")]
    [InlineData("\"int8\":1", "int8", "invalid_type")]
    [InlineData("\"epochs\":1", "epochs", "unknown_parameter")]
    public void A_wrong_member_is_named(string members, string param, string code)
    {
        var error = Parse(members).Error!;

        Assert.Equal((param, code, 400), (error.Param, error.Code, error.Status));
    }

    [Theory]
    [InlineData("\"method\":{\"type\":\"head\",\"head\":{\"hyperparameters\":{}}},\"hyperparameters\":{}", "hyperparameters")]
    [InlineData("\"validation_file\":\"f\",\"validation_share\":0.1", "validation_share")]
    public void Members_that_contradict_each_other_are_refused(string members, string param) =>
        Assert.Equal(param, Parse($"\"model\":\"m\",\"training_file\":\"f\",{members}").Error!.Param);

    [Fact]
    public void What_is_left_out_is_left_to_the_method()
    {
        var request = Parse(
            """
            "model":"m","training_file":"f","validation_file":null,"integrations":null,"suffix":"My-Model",
            "method":{"type":"encoder","encoder":{"hyperparameters":{"n_epochs":"auto","batch_size":4,
            "learning_rate_multiplier":2}},"dpo":null}
            """).Request!;
        var lstm = Parse("\"model\":\"lstm\",\"training_file\":\"f\"").Request!;

        Assert.Equal(("encoder", "my-model"), (request.Method, request.Suffix));
        Assert.Equal(new TrainingHyperparameters(null, 4, 2), request.Hyperparameters);
        Assert.Equal("lstm", lstm.Method);
        Assert.Equal("supervised", Parse("\"model\":\"m\",\"training_file\":\"f\"").Request!.Method);
    }

    private static (FineTuningJobRequest? Request, OpenAiError? Error) Parse(string members)
    {
        var isParsed = FineTuningJobRequest.TryParse(
            System.Text.Encoding.UTF8.GetBytes($"{{{members}}}"), out var request, out var error);
        Assert.Equal(isParsed, request is not null);
        return (request, error);
    }
}
