using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Tasks.Classification;

/// <summary><c>/v1/classifications</c>, <c>/predict</c> and <c>/v1/moderations</c> at a worker.</summary>
public sealed class ClassificationTests(ClassifierFixture worker) : IClassFixture<ClassifierFixture>
{
    private const string Classify = "/v1/classifications";
    private const string Predict = "/predict";
    private const string Moderate = "/v1/moderations";

    [Fact]
    public async Task Tiny_sentiment_gives_its_reference_together_alone_and_by_ids()
    {
        var cases = Reference();
        JsonArray texts = [.. cases.Select(one => one["text"]!.DeepClone())];
        JsonArray ids = [.. cases.Select(one => new JsonArray([.. Inner(one).Select(id => (JsonNode)id)]))];

        var together = await worker.AnswerAsync(Classify, Body("tiny-sentiment", texts, ("return_all_scores", true)));
        var byIds = await worker.AnswerAsync(
            Classify,
            Body("tiny-sentiment", new JsonArray([.. ids.Where(one => one!.AsArray().Count > 0).Select(one => one!.DeepClone())])));

        var tokens = cases.Sum(one => one["input_ids"]!.AsArray().Count);
        Assert.Equal((tokens, tokens), ((int)together["usage"]!["prompt_tokens"]!, (int)together["usage"]!["total_tokens"]!));
        Assert.Equal("tiny-sentiment", (string)together["model"]!);
        for (var i = 0; i < cases.Count; i++)
        {
            var alone = await worker.AnswerAsync(
                Predict, new JsonObject { ["model"] = "tiny-sentiment", ["data"] = texts[i]!.DeepClone() });
            CheckCase(cases[i], together["data"]![i]!, i);
            Assert.Equal((int)cases[i]["label"]!, (int)alone["label"]!);
            Assert.Equal((string)cases[i]["label_name"]!, (string)alone["label_name"]!);
            Assert.Equal((double)cases[i]["score"]!, (double)alone["score"]!, 1e-4);
        }

        var shown = byIds["data"]!.AsArray();
        Assert.Equal(cases.Count - 1, shown.Count); // The empty text has no ids.
        Assert.All(
            cases.Where(one => Inner(one).Any()).Zip(shown),
            pair => Assert.Equal((double)pair.First["score"]!, (double)pair.Second!["score"]!, 1e-4));
    }

    [Theory]
    [InlineData("bert", false)]
    [InlineData("multi", true)]
    public async Task A_bert_of_random_weights_gives_what_its_equations_give(string model, bool multiLabel)
    {
        string[] texts =
        [
            "gate", "The toll gate opens at nine.", "a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j", "",
            "I love machine learning", "no no no",
        ];

        var answer = await worker.AnswerAsync(
            Classify, Body(model, new JsonArray([.. texts.Select(text => (JsonNode)text)]), ("return_all_scores", true)));

        for (var i = 0; i < texts.Length; i++)
        {
            var logits = worker.Bert.Logits(ClassifierFolder.Encode(texts[i]));
            var powers = logits.Select(Math.Exp).ToArray();
            double[] expected = multiLabel
                ? [.. logits.Select(logit => 1 / (1 + Math.Exp(-logit)))] : [.. powers.Select(power => power / powers.Sum())];
            var scores = answer["data"]![i]!["scores"]!.AsArray();
            Assert.Equal(RandomBert.Labels, scores.Count);
            Assert.All(scores, score => Assert.Equal(expected[(int)score!["label_id"]!], (double)score["score"]!, 1e-4));
            Assert.Equal(Array.IndexOf(logits, logits.Max()), (int)answer["data"]![i]!["label_id"]!);
            Assert.Equal(expected.OrderDescending(), scores.Select(score => (double)score!["score"]!), (a, b) => Math.Abs(a - b) < 1e-4);
        }
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    [InlineData(99, 3)]
    public async Task Scores_come_best_first_and_as_many_as_asked_for(int? top, int? count)
    {
        var answer = await worker.AnswerAsync(Classify, Body("table", "good", ("top_n", top)));

        var result = answer["data"]![0]!;
        Assert.Equal(("classification", 0, "good", 2), (
            (string)result["object"]!, (int)result["index"]!, (string)result["label"]!, (int)result["label_id"]!));
        Assert.Equal(Math.Exp(3) / (Math.Exp(1) + Math.Exp(2) + Math.Exp(3)), (double)result["score"]!, 1e-12);
        Assert.Equal(count, result["scores"]?.AsArray().Count);
        Assert.Equal(
            ((string[])["good", "fair", "bad"]).Take(count ?? 0),
            (result["scores"]?.AsArray() ?? []).Select(score => (string)score!["label"]!));
    }

    [Theory]
    [InlineData("hate")]
    [InlineData("love")]
    public async Task Logits_that_are_no_numbers_are_the_models_failure_and_harm_no_other_request(string word)
    {
        using var response = await worker.SendAsync(Classify, Body("table", new JsonArray("good", word)));
        var (status, error) = await worker.RefusalAsync(Predict, new JsonObject { ["model"] = "table", ["data"] = word });
        var next = await worker.AnswerAsync(Predict, new JsonObject { ["model"] = "table", ["data"] = "bad" });

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal("false", response.Headers.GetValues("x-should-retry").Single());
        Assert.Equal((500, "model_failed", "server_error"), (status, (string?)error["code"], (string?)error["type"]));
        Assert.Equal(0, (int)next["label"]!);
    }

    [Fact]
    public async Task An_input_that_is_too_long_or_has_foreign_ids_is_refused_by_name()
    {
        var lengthy = string.Concat(Enumerable.Repeat("gate ", RandomBert.Positions));

        var (longStatus, tooLong) = await worker.RefusalAsync(Classify, Body("bert", new JsonArray("x", lengthy)));
        var (dataStatus, data) = await worker.RefusalAsync(Predict, new JsonObject { ["model"] = "bert", ["data"] = lengthy });
        var (idStatus, foreign) = await worker.RefusalAsync(Classify, Body("bert", new JsonArray(5, ClassifierFolder.Vocabulary)));

        Assert.Equal((400, "context_length_exceeded", "input[1]"), (longStatus, (string?)tooLong["code"], (string?)tooLong["param"]));
        Assert.Contains("maximum context length is 48 tokens", (string)tooLong["message"]!, StringComparison.Ordinal);
        Assert.Equal((400, "context_length_exceeded", "data"), (dataStatus, (string?)data["code"], (string?)data["param"]));
        Assert.Equal((400, "invalid_value", "input"), (idStatus, (string?)foreign["code"], (string?)foreign["param"]));
    }

    /// <summary>46 tokens of a text fit beside its frame.</summary>
    [Theory]
    [InlineData("cut")]
    [InlineData("windows")]
    public async Task A_long_text_is_cut_or_read_in_parts_that_are_all_metered(string truncation)
    {
        var words = Enumerable.Range(0, 100).Select(i => i % 7 < 3 ? "gate" : "love").ToArray();
        JsonArray texts = ["gate", string.Join(' ', words), "love"];
        int[][] parts = truncation == "cut" ? [[0, 46]] : [[0, 46], [46, 92], [92, 100]];
        double[] expected = [.. parts.Select(part => worker.Bert.Logits(ClassifierFolder.Encode(string.Join(' ', words[part[0]..part[1]]))))
            .Select(logits => logits.Select(Math.Exp).ToArray()).Select(powers => powers.Select(power => power / powers.Sum()).ToArray())
            .Aggregate((left, right) => [.. left.Zip(right, (a, b) => a + b)]).Select(sum => sum / parts.Length)];

        using var response = await worker.SendAsync(
            Classify, Body("bert", texts, ("truncation", truncation), ("return_all_scores", true)));

        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        var tokens = (truncation == "cut" ? 48 : 48 + 48 + 10) + 3 + 3;
        Assert.Equal(tokens, (int)answer["usage"]!["prompt_tokens"]!);
        Assert.Equal(new Units(tokens).ToString(), response.Headers.GetValues(Units.Header).Single());
        Assert.Equal([0, 1, 2], answer["data"]!.AsArray().Select(result => (int)result!["index"]!));
        var scores = answer["data"]![1]!["scores"]!.AsArray();
        Assert.All(scores, score => Assert.Equal(expected[(int)score!["label_id"]!], (double)score["score"]!, 1e-4));
        Assert.Equal(Array.IndexOf(expected, expected.Max()), (int)answer["data"]![1]!["label_id"]!);
        Assert.Equal(1, scores.Sum(score => (double)score!["score"]!), 1e-9);
    }

    [Fact]
    public async Task The_gateways_bound_holds_for_a_text_that_is_read_in_parts()
    {
        var body = Body("bert", string.Join(' ', Enumerable.Repeat("a", 5000)), ("truncation", "windows"));

        var answer = await worker.AnswerAsync(Classify, body);

        var tokens = (long)answer["usage"]!["prompt_tokens"]!;
        var card = (await WorkerFixture.StatusAsync(worker.Gateway)).Models.Single(served => served.Card.Name == "bert").Card;
        Assert.True(ClassificationRequest.TryParse(Encoding.UTF8.GetBytes(body.ToJsonString()), out var request, out var _));
        Assert.Equal(5000 + (2 * 109), tokens); // 5000 / 46 parts.
        Assert.InRange(card.Measure!.MostTokensInWindows(request, card.ContextLength), tokens, 3 * tokens);
    }

    [Fact]
    public async Task An_answer_of_too_many_scores_is_refused_before_anything_is_computed()
    {
        JsonArray texts = [.. Enumerable.Repeat("x", 2048).Select(text => (JsonNode)text)];

        var (status, error) = await worker.RefusalAsync(Classify, Body("many", texts, ("return_all_scores", true)));
        var some = await worker.AnswerAsync(Classify, Body("many", texts.DeepClone(), ("top_n", 3)));

        Assert.Equal((400, "return_all_scores"), (status, (string?)error["param"]));
        Assert.Equal(2048, some["data"]!.AsArray().Count);
        Assert.Equal([0, 1, 2], some["data"]![7]!["scores"]!.AsArray().Select(score => (int)score!["label_id"]!)); // All are equal.
    }

    [Fact]
    public async Task A_prediction_of_a_list_has_lists_and_the_units_of_its_tokens()
    {
        using var response = await worker.SendAsync(
            Predict, new JsonObject { ["model"] = "table", ["data"] = new JsonArray("good", "bad", "other") });

        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();
        Assert.Equal(["label", "label_name", "score"], answer.Select(member => member.Key));
        Assert.Equal("[2,0,0]", answer["label"]!.ToJsonString());
        Assert.Equal("""["good","bad","bad"]""", answer["label_name"]!.ToJsonString());
        Assert.Equal(1.0 / 3, (double)answer["score"]![2]!, 1e-12);
        Assert.Equal(new Units(9).ToString(), response.Headers.GetValues(Units.Header).Single()); // Three times [CLS], a word and [SEP].
    }

    [Fact]
    public async Task A_moderation_has_all_categories_and_adds_labels_that_exclude_each_other()
    {
        var request = Guid.NewGuid();

        var answer = await worker.AnswerAsync(
            Moderate, new JsonObject { ["model"] = "guard", ["input"] = new JsonArray("bad", "good") }, request);

        Assert.Equal(($"modr-{request:N}", "guard"), ((string)answer["id"]!, (string)answer["model"]!));
        var (bad, good) = (answer["results"]![0]!, answer["results"]![1]!);
        foreach (var member in (string[])["categories", "category_scores", "category_applied_input_types"])
        {
            Assert.Equal(ModerationCategories.All, bad[member]!.AsObject().Select(category => category.Key));
        }

        var (insult, harmless) = (Math.Exp(2) / ((2 * Math.Exp(2)) + 1), 1 / ((2 * Math.Exp(2)) + 1));
        Assert.Equal(1 - harmless, (double)bad["category_scores"]!["harassment"]!, 1e-9); // insult and threat
        Assert.Equal(insult, (double)bad["category_scores"]!["violence"]!, 1e-9);
        Assert.Equal(0, (double)bad["category_scores"]!["hate"]!);
        Assert.Equal(["harassment", "violence"], Flagged(bad)); // 0.94 of 0.8, and 0.47 of 0.4
        Assert.Equal((true, false), ((bool)bad["flagged"]!, (bool)good["flagged"]!));
        Assert.Empty(Flagged(good));
        Assert.Equal("""["text"]""", bad["category_applied_input_types"]!["violence"]!.ToJsonString());
        Assert.Equal("[]", bad["category_applied_input_types"]!["hate"]!.ToJsonString());
    }

    [Fact]
    public async Task Parts_of_one_input_get_one_result_with_their_highest_scores()
    {
        var parts = new JsonArray(Part("good"), Part("bad"));

        var answer = await worker.AnswerAsync(Moderate, new JsonObject { ["model"] = "guard", ["input"] = parts });

        var result = Assert.Single(answer["results"]!.AsArray())!;
        Assert.Equal(["harassment", "violence"], Flagged(result));
        Assert.InRange((double)result["category_scores"]!["harassment"]!, 0.9, 0.95);
    }

    [Fact]
    public async Task A_moderation_takes_the_highest_of_labels_that_are_independent()
    {
        const string Text = "The toll gate opens at nine.";
        var logits = worker.Bert.Logits(ClassifierFolder.Encode(Text));
        var (a, b) = (1 / (1 + Math.Exp(-logits[0])), 1 / (1 + Math.Exp(-logits[1])));

        var answer = await worker.AnswerAsync(Moderate, new JsonObject { ["model"] = "multi", ["input"] = Text });

        var result = answer["results"]![0]!;
        Assert.Equal(Math.Max(a, b), (double)result["category_scores"]!["hate"]!, 1e-4);
        Assert.Equal(a, (double)result["category_scores"]!["harassment"]!, 1e-4);
        Assert.Equal(Math.Max(a, b) >= 0.5, (bool)result["categories"]!["hate"]!);
        Assert.False((bool)result["categories"]!["harassment"]!); // Its threshold is almost 1.
    }

    [Theory]
    [InlineData(Moderate, """{"model":"table","input":"x"}""")]
    [InlineData(Predict, """{"model":"nobody","data":"x"}""")]
    [InlineData(Classify, """{"model":"nobody","input":"x"}""")]
    [InlineData("/v1/embeddings", """{"model":"table","input":"x"}""")]
    public async Task A_model_that_does_not_do_it_is_not_found(string path, string body)
    {
        var (status, error) = await worker.RefusalAsync(path, JsonNode.Parse(body)!);

        Assert.Equal((404, "model_not_found"), (status, (string?)error["code"]));
    }

    private static JsonObject Body(string model, JsonNode input, params (string Name, JsonNode? Value)[] members)
    {
        var body = new JsonObject { ["model"] = model, ["input"] = input };
        foreach (var (name, value) in members)
        {
            body[name] = value;
        }

        return body;
    }

    private static JsonObject Part(string text) => new() { ["type"] = "text", ["text"] = text };

    private static IEnumerable<string> Flagged(JsonNode result) =>
        result["categories"]!.AsObject().Where(category => (bool)category.Value!).Select(category => category.Key);

    private static List<JsonNode> Reference()
    {
        var text = File.ReadAllText(Path.Combine(ModelFiles.Defaults, "tiny-sentiment", "reference.json"));
        return [.. JsonNode.Parse(text)!["cases"]!.AsArray().Select(one => one!)];
    }

    /// <summary>The ids of a case without those that frame it.</summary>
    private static IEnumerable<int> Inner(JsonNode one) => one["input_ids"]!.AsArray().Select(id => (int)id!).Skip(1).SkipLast(1);

    private static void CheckCase(JsonNode expected, JsonNode found, int index)
    {
        Assert.Equal(index, (int)found["index"]!);
        Assert.Equal(((int)expected["label"]!, (string)expected["label_name"]!), ((int)found["label_id"]!, (string)found["label"]!));
        Assert.Equal((double)expected["score"]!, (double)found["score"]!, 1e-4);
        var scores = found["scores"]!.AsArray().ToDictionary(score => (int)score!["label_id"]!, score => (double)score!["score"]!);
        var difference = Math.Log(scores[1] / scores[0]); // Of two logits the scores keep the difference alone.
        Assert.Equal((double)expected["logits"]![1]! - (double)expected["logits"]![0]!, difference, 1e-4);
    }
}
