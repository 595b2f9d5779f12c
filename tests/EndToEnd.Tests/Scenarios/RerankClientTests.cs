using System.Text.Json;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>Cohere's npm clients, and a call of Jina's form, against the running system.</summary>
[Collection(SharedTollgate.Name)]
public sealed class RerankClientTests(SharedTollgate shared)
{
    [Fact]
    public async Task Both_forms_get_the_same_order_and_the_ledger_has_their_usage()
    {
        var environment = new Dictionary<string, string>
        {
            ["TOLLGATE_ROOT"] = shared.Running.Endpoints.Api,
            ["TOLLGATE_KEY"] = shared.Running.FirstKey,
            ["TOLLGATE_MODEL"] = "tiny-embed",
        };
        var script = Path.Combine(SharedFiles.Repository, "tests", "EndToEnd.Tests", "clients", "rerank.mjs");

        var answers = JsonElement.Parse((await ProgramRun.RunAsync("node", [script], environment)).Succeeded());

        var (cohere, jina) = (answers.GetProperty("cohere"), answers.GetProperty("jina"));
        Assert.Equal(200, jina.GetProperty("status").GetInt32());
        Assert.Equal(2, cohere.GetProperty("results").GetArrayLength());
        Assert.Equal(Ranks(cohere, "relevanceScore"), Ranks(jina, "relevance_score"));
        var older = answers.GetProperty("cohereV1");
        Assert.Equal(Ranks(cohere, "relevanceScore"), Ranks(older, "relevanceScore"));
        Assert.Equal(
            "Open Settings and choose a new password.",
            older.GetProperty("results")[0].GetProperty("document").GetProperty("text").GetString());
        Assert.Equal(Members("model", "usage", "results"), Members(jina).Intersect(Members("model", "usage", "results"))); // Jina's own.
        Assert.Equal(Members("index", "relevance_score", "document"), Members(jina.GetProperty("results")[0]));
        Assert.Equal(1, jina.GetProperty("results")[0].GetProperty("index").GetInt32());
        Assert.Equal(
            "Open Settings and choose a new password.",
            jina.GetProperty("results")[0].GetProperty("document").GetProperty("text").GetString());
        var tokens = jina.GetProperty("usage").GetProperty("total_tokens").GetInt64();
        Assert.True(tokens > 0);
        Assert.Equal(tokens, cohere.GetProperty("meta").GetProperty("billedUnits").GetProperty("inputTokens").GetInt64());
        var row = await shared.Running.Books.OneAsync(RequestIds.Parse(jina.GetProperty("requestId").GetString()!));
        Assert.Equal(("rerank", "tiny-embed", tokens), (row.Endpoint, row.Model, row.Units.Prompt));
        Assert.Equal(tokens * 0.02m / 1_000_000, row.Amount);
        Assert.Equal(400, answers.GetProperty("refusal").GetProperty("status").GetInt32());
        Assert.Equal("top_n", answers.GetProperty("refusal").GetProperty("body").GetProperty("error").GetProperty("param").GetString());
    }

    private static string[] Members(params string[] names) => [.. names.Order(StringComparer.Ordinal)];

    private static string[] Members(JsonElement found) => Members([.. found.EnumerateObject().Select(member => member.Name)]);

    private static (int Index, double Score)[] Ranks(JsonElement answer, string score) =>
        [.. answer.GetProperty("results").EnumerateArray().Select(
            result => (result.GetProperty("index").GetInt32(), result.GetProperty(score).GetDouble()))];
}
