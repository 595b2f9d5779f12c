using System.ClientModel;
using System.Text.Json;
using OpenAI;
using OpenAI.Moderations;
using Tollgate.Contracts.OpenAi;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>Text classification through the running system: a tutorial's client, the references, and a model that moderates.</summary>
[Collection(SharedTollgate.Name)]
public sealed class ClassifierTests(SharedTollgate shared)
{
    [Fact]
    public async Task A_flask_tutorials_client_gets_its_labels_from_a_new_installation()
    {
        var environment = new Dictionary<string, string>
        {
            ["TOLLGATE_PREDICT"] = $"{shared.Running.Endpoints.Api}/predict",
            ["TOLLGATE_KEY"] = shared.Running.FirstKey,
        };

        var run = await ProgramRun.RunAsync("python3", [Client("predict.py")], environment);

        var answers = JsonElement.Parse(run.Succeeded());
        Assert.Equal([0, 1, 1], answers.EnumerateArray().Take(3).Select(answer => answer.GetProperty("label").GetInt32()));
        Assert.Equal("negative", answers[0].GetProperty("label_name").GetString());
        Assert.Equal(0.9779, answers[0].GetProperty("score").GetDouble(), 1e-4);
        Assert.Equal(0.98298, answers[1].GetProperty("score").GetDouble(), 1e-4);
        Assert.Equal([0, 1], answers[3].GetProperty("label").EnumerateArray().Select(label => label.GetInt32()));
    }

    [Fact]
    public async Task A_prediction_is_billed_for_its_tokens_at_the_default_price()
    {
        using var client = shared.Running.Client();

        var answer = await client.PostAsync("/predict", new { data = "I love machine learning" });
        var row = await shared.Running.Books.OneAsync(answer.RequestId);

        Assert.Equal(1, answer.Json.GetProperty("label").GetInt32());
        Assert.Equal("tiny-sentiment", answer.Header("openai-model"));
        Assert.Equal(("predict", "tiny-sentiment", 6L), (row.Endpoint, row.Model, row.Units.Prompt));
        Assert.Equal(6 * 0.02m / 1_000_000, row.Amount);
    }

    [Fact]
    public async Task Tiny_sentiment_gives_its_reference_scores()
    {
        var path = Path.Combine(SharedFiles.Repository, "models", "tiny-sentiment", "reference.json");
        var cases = JsonElement.Parse(await File.ReadAllTextAsync(path)).GetProperty("cases").EnumerateArray().ToList();
        using var client = shared.Running.Client();

        var answer = await client.PostAsync(
            "/v1/classifications", new { model = "tiny-sentiment", input = cases.Select(one => one.GetProperty("text").GetString()) });

        var results = answer.Json.GetProperty("data").EnumerateArray().ToList();
        Assert.Equal(cases.Count, results.Count);
        Assert.All(cases.Zip(results), pair =>
        {
            Assert.Equal(pair.First.GetProperty("label").GetInt32(), pair.Second.GetProperty("label_id").GetInt32());
            Assert.Equal(pair.First.GetProperty("score").GetDouble(), pair.Second.GetProperty("score").GetDouble(), 1e-4);
        });
    }

    [Fact]
    public async Task The_npm_client_moderates_with_an_imported_classifier()
    {
        var environment = new Dictionary<string, string>
        {
            ["TOLLGATE_API"] = shared.Running.Endpoints.ApiBase,
            ["TOLLGATE_KEY"] = shared.Running.FirstKey,
            ["TOLLGATE_MODEL"] = await shared.Models.GuardAsync(),
        };

        var answers = JsonElement.Parse((await ProgramRun.RunAsync("node", [Client("moderations.mjs")], environment)).Succeeded());

        var (texts, parts) = (answers.GetProperty("texts"), answers.GetProperty("parts"));
        Assert.StartsWith("modr-", texts.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal([true, false], texts.GetProperty("results").EnumerateArray().Select(one => one.GetProperty("flagged").GetBoolean()));
        var flagged = Assert.Single(parts.GetProperty("results").EnumerateArray());
        foreach (var member in (string[])["categories", "category_scores", "category_applied_input_types"])
        {
            Assert.Equal(ModerationCategories.All, flagged.GetProperty(member).EnumerateObject().Select(category => category.Name));
        }

        Assert.True(flagged.GetProperty("categories").GetProperty("harassment").GetBoolean());
        var nameless = answers.GetProperty("nameless");
        Assert.Equal((404, "model_not_found"), (nameless.GetProperty("status").GetInt32(), nameless.GetProperty("code").GetString()));
        Assert.Contains("moderation.json", nameless.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("input[0].image_url.url", answers.GetProperty("picture").GetProperty("param").GetString());
        var row = await shared.Running.Books.OneAsync(RequestIds.Parse(answers.GetProperty("requestId").GetString()!));
        Assert.Equal(("moderations", "guard", row.Units.Prompt * 0.02m / 1_000_000), (row.Endpoint, row.Model, row.Amount));
        Assert.InRange(row.Units.Prompt, 6, 12); // Two texts of three words, and the marks around each.
    }

    [Fact]
    public async Task The_dotnet_client_moderates_with_an_imported_classifier()
    {
        var client = new ModerationClient(
            await shared.Models.GuardAsync(), new ApiKeyCredential(shared.Running.FirstKey),
            new OpenAIClientOptions { Endpoint = new Uri(shared.Running.Endpoints.ApiBase) });

        var answer = await client.ClassifyTextAsync(["I hate this", "I love this"]);

        Assert.Equal([true, false], answer.Value.Select(result => result.Flagged));
        Assert.True(answer.Value[0].Harassment.Flagged);
        Assert.InRange(answer.Value[0].Harassment.Score, 0.8f, 1);
        Assert.Equal(0, answer.Value[0].Violence.Score);
    }

    private static string Client(string name) => Path.Combine(SharedFiles.Repository, "tests", "EndToEnd.Tests", "clients", name);
}
