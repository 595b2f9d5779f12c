using System.Net;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Explanations;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Tasks.Classification;

/// <summary>Explanations of <c>/v1/classifications</c> and <c>/predict</c> at a worker.</summary>
public sealed class ClassificationExplanationTests(ClassifierFixture worker) : IClassFixture<ClassifierFixture>
{
    private const string Classify = "/v1/classifications";
    private const string Predict = "/predict";

    [Fact]
    public async Task The_parts_of_tiny_sentiment_sum_to_the_score_within_a_hundredth_and_point_at_the_word_that_decides()
    {
        JsonArray texts = ["I love machine learning", "The food was not good.", "The service was awful, but the cake was lovely."];

        var answer = await worker.AnswerAsync(Classify, Body("tiny-sentiment", texts, true));

        foreach (var result in answer["data"]!.AsArray())
        {
            var explanation = result!["explanation"]!;
            CheckSum(explanation);
            Assert.Equal(((string)result["label"]!, "probability"), ((string)explanation["label"]!, (string)explanation["quantity"]!));
            Assert.Equal((double)result["score"]!, (double)explanation["score"]!, 1e-3);
        }

        Assert.Equal("love", Strongest(answer["data"]![0]!["explanation"]!));
        Assert.Equal(["", "I", "love", "machine", "learning", ""], Tokens(answer["data"]![0]!["explanation"]!).Select(TextOf));
    }

    [Fact]
    public async Task An_explanation_is_that_of_the_library()
    {
        const string Text = "The food was not good.";
        using var library = IntegratedGradients.Open(
            Path.Combine(ModelFiles.Defaults, "tiny-sentiment", "model.onnx"), "logits", independent: false,
            new SessionFactory(ExecutionProvider.Cpu));
        TextExplanation? expected = null;
        var frame = ClassifierFolder.Tokenizer.Frame;

        var answer = await worker.AnswerAsync(Classify, Body("tiny-sentiment", Text, new JsonObject { ["label"] = "positive" }));

        var rows = new ExplainedText([ClassifierFolder.Encode(Text)], frame.Prefix.Count, frame.Suffix.Count, 1, 129);
        var read = library.Explain(rows, found => expected = found).Sum();
        var explanation = answer["data"]![0]!["explanation"]!;
        Assert.Equal("positive", (string)explanation["label"]!);
        Assert.Equal(expected!.Steps, (int)explanation["steps"]!);
        Assert.Equal(expected.Score, (double)explanation["score"]!, 1e-5);
        Assert.Equal(expected.Baseline, (double)explanation["baseline_score"]!, 1e-5);
        Assert.Equal(
            expected.Parts[0], Tokens(explanation).Select(token => (double)token["attribution"]!), (a, b) => Math.Abs(a - b) < 1e-5);
        Assert.Equal(rows.Rows[0].Length + read, (int)answer["usage"]!["prompt_tokens"]!);
    }

    [Fact]
    public async Task The_units_are_the_tokens_times_one_and_three_for_each_step_and_within_the_hold_of_the_most()
    {
        var request = Guid.NewGuid();
        var body = Body("tiny-sentiment", new JsonArray("I love it", "awful", ""), new JsonObject { ["steps"] = 65 });

        using var response = await worker.SendAsync(Classify, body, request, new Units((5 + 3 + 2) * (1 + (3 * 65))).ToString());

        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        int[] tokens = [5, 3, 2];
        var expected = answer["data"]!.AsArray().Select(
            (result, i) => tokens[i] * (1 + (3 * (int)result!["explanation"]!["steps"]!))).Sum();
        Assert.Equal(expected, (int)answer["usage"]!["prompt_tokens"]!);
        Assert.Equal(new Units(expected).ToString(), response.Headers.GetValues(Units.Header).Single());
        Assert.Equal(new Units(expected), Assert.Single(await worker.WitnessAsync(request)).Units);
        Assert.All(answer["data"]!.AsArray(), result => Assert.InRange((int)result!["explanation"]!["steps"]!, 17, 65));
    }

    [Fact]
    public async Task A_hold_for_fewer_steps_is_refused_before_anything_is_computed()
    {
        var request = Guid.NewGuid();
        var body = Body("tiny-sentiment", "I love it", new JsonObject { ["steps"] = 65 });

        using var response = await worker.SendAsync(Classify, body, request, new Units((5 * (1 + (3 * 65))) - 1).ToString());

        Assert.False(response.IsSuccessStatusCode);
        Assert.Empty(await worker.WitnessAsync(request));
    }

    /// <summary>The score of the first word follows a table alone, so that its part is all of the difference.</summary>
    [Fact]
    public async Task The_word_that_a_score_depends_on_gets_all_of_it()
    {
        var answer = await worker.AnswerAsync(Classify, Body("guard", "good bad", new JsonObject { ["label"] = "insult" }));

        var explanation = answer["data"]![0]!["explanation"]!;
        CheckSum(explanation);
        Assert.Equal("harmless", (string)answer["data"]![0]!["label"]!);
        Assert.Equal(1 / (2 + Math.Exp(9)), (double)explanation["score"]!, 1e-6);
        Assert.Equal(1.0 / 3, (double)explanation["baseline_score"]!, 1e-3); // The mean of 11,905 words, of which two are not 0.
        var parts = Tokens(explanation).Select(token => (double)token["attribution"]!).ToArray();
        Assert.Equal([0, 0, 0], new[] { parts[0], parts[2], parts[3] });
        Assert.Equal(-1.0 / 3, parts[1], 5e-3);
    }

    /// <summary>The table holds a word whose logit is no number, and with it the mean of all words.</summary>
    [Fact]
    public async Task Attributions_that_are_no_numbers_are_the_models_failure()
    {
        var (status, error) = await worker.RefusalAsync(Classify, Body("table", "good", true));

        Assert.Equal((500, "model_failed"), (status, (string?)error["code"]));
    }

    [Fact]
    public async Task Characters_are_counted_as_code_points_and_never_parted()
    {
        const string Text = "😀 cafe\u0301 我 \U0001F468\u200D\U0001F469\u200D\U0001F467 love!";

        var answer = await worker.AnswerAsync(Classify, Body("tiny-sentiment", Text, true));

        var points = Text.EnumerateRunes().ToArray();
        var tokens = Tokens(answer["data"]![0]!["explanation"]!);
        CheckSum(answer["data"]![0]!["explanation"]!);
        Assert.All(tokens, token => Assert.Equal(
            string.Concat(points[(int)token["start"]!..(int)token["end"]!]), TextOf(token)));
        Assert.Equal(Text.Replace(" ", "", StringComparison.Ordinal), string.Concat(tokens.Select(TextOf)));
    }

    /// <summary>62 tokens of a text fit beside its frame.</summary>
    [Theory]
    [InlineData("cut", 1, 62)]
    [InlineData("windows", 2, 100)]
    public async Task A_long_text_is_explained_as_it_is_read(string truncation, int rows, int words)
    {
        var body = Body(
            "guard", string.Concat(Enumerable.Range(0, 100).Select(i => i % 9 == 0 ? "bad " : "the ")),
            new JsonObject { ["steps"] = 17 });
        body["truncation"] = truncation;

        var answer = await worker.AnswerAsync(Classify, body);

        var explanation = answer["data"]![0]!["explanation"]!;
        var tokens = Tokens(explanation);
        Assert.Equal((words + (2 * rows)) * (1 + (3 * 17)), (int)answer["usage"]!["prompt_tokens"]!);
        Assert.Equal(words, tokens.Count(token => TextOf(token).Length > 0));
        Assert.Equal(2 * rows, tokens.Count(token => TextOf(token).Length == 0));
        Assert.Equal(
            (double)explanation["score"]! - (double)explanation["baseline_score"]!,
            tokens.Sum(token => (double)token["attribution"]!), (double)explanation["error"]! + 1e-9);
        Assert.Equal(tokens.Select(token => (int)token["start"]!).Order(), tokens.Select(token => (int)token["start"]!));
    }

    [Fact]
    public async Task A_prediction_has_explanations_in_the_form_of_its_data()
    {
        var one = await worker.AnswerAsync(
            Predict, new JsonObject { ["model"] = "tiny-sentiment", ["data"] = "I love it", ["explain"] = true });
        var list = await worker.AnswerAsync(
            Predict, new JsonObject { ["model"] = "tiny-sentiment", ["data"] = new JsonArray("I love it"), ["explain"] = true });

        CheckSum(one["explanation"]!);
        Assert.Equal("love", Strongest(one["explanation"]!));
        Assert.Equal(one["explanation"]!["steps"]!.ToJsonString(), list["explanation"]![0]!["steps"]!.ToJsonString());
    }

    [Theory]
    [InlineData("bert", "explain", "Attention")]
    [InlineData("tiny-sentiment", "explain.method", "linear")]
    public async Task A_model_that_cannot_be_explained_is_named_with_the_reason_and_costs_nothing(string model, string param, string reason)
    {
        var request = Guid.NewGuid();
        JsonNode explain = param == "explain" ? true : new JsonObject { ["method"] = "linear" };

        var (status, error) = await worker.RefusalAsync(Classify, Body(model, "love", explain.DeepClone()));
        using var again = await worker.SendAsync(Classify, Body(model, "love", explain), request);

        Assert.Equal((400, "unsupported_parameter", param), (status, (string?)error["code"], (string?)error["param"]));
        Assert.Contains($"'{model}'", (string)error["message"]!, StringComparison.Ordinal);
        Assert.Contains(reason, (string)error["message"]!, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, again.StatusCode);
        Assert.Empty(await worker.WitnessAsync(request));
    }

    [Fact]
    public async Task A_label_that_the_model_does_not_have_is_refused_by_name()
    {
        var (status, error) = await worker.RefusalAsync(
            Classify, Body("tiny-sentiment", "love", new JsonObject { ["label"] = "Positive" }));

        Assert.Equal((400, "invalid_value", "explain.label"), (status, (string?)error["code"], (string?)error["param"]));
    }

    [Fact]
    public async Task Explanations_of_two_organizations_run_together_and_classifications_beside_them()
    {
        Guid[] organizations = [Guid.NewGuid(), Guid.NewGuid()];
        var alone = await worker.AnswerAsync(Classify, Body("tiny-sentiment", "The food was not good.", true));

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(async i =>
        {
            var body = i % 3 == 2
                ? Body("tiny-sentiment", "I love it", false) : Body("tiny-sentiment", "The food was not good.", true);
            using var response = await worker.SendAsync(Classify, body, organization: organizations[i % 2]);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            return JsonNode.Parse(await response.Content.ReadAsStringAsync())!["data"]![0]!;
        }));

        var expected = Tokens(alone["data"]![0]!["explanation"]!).Select(token => (double)token["attribution"]!).ToArray();
        Assert.All(answers.Where((_, i) => i % 3 == 2), answer => Assert.Null(answer["explanation"]));
        Assert.All(answers.Where((_, i) => i % 3 != 2), answer => Assert.Equal(
            expected, Tokens(answer["explanation"]!).Select(token => (double)token["attribution"]!), (a, b) => Math.Abs(a - b) < 1e-5));
    }

    private static JsonObject Body(string model, JsonNode input, JsonNode explain) =>
        new() { ["model"] = model, ["input"] = input, ["explain"] = explain };

    private static JsonNode[] Tokens(JsonNode explanation) => [.. explanation["tokens"]!.AsArray().Select(token => token!)];

    private static string TextOf(JsonNode token) => (string)token["text"]!;

    private static string Strongest(JsonNode explanation) =>
        TextOf(Tokens(explanation).MaxBy(token => (double)token["attribution"]!)!);

    private static void CheckSum(JsonNode explanation)
    {
        var difference = (double)explanation["score"]! - (double)explanation["baseline_score"]!;
        var sum = Tokens(explanation).Sum(token => (double)token["attribution"]!);
        Assert.InRange(Math.Abs(sum - difference), 0, IntegratedGradients.Tolerance * Math.Max(1e-3, Math.Abs(difference)));
        Assert.Equal(Math.Abs(sum - difference), (double)explanation["error"]!, 1e-9);
    }
}
