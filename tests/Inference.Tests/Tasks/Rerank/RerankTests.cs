using System.Net;
using System.Numerics.Tensors;
using System.Text;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Tasks.Rerank;

public sealed class RerankTests(RerankFixture worker) : IClassFixture<RerankFixture>
{
    private const string Query = "How do I change my password?";

    private static readonly string Long = string.Concat(Enumerable.Repeat("a toll gate on a long road, ", 30));

    private static readonly string[] Documents =
    [
        "Open Settings and choose a new password.", "Invoices are sent on the first of each month.", Long, "你好, café!",
        "A [bracket] is no end of a text", "Passwords have at least twelve characters.", $"{Long} and more", "x",
    ];

    [Theory]
    [InlineData("cross")]
    [InlineData("multilingual")]
    public async Task Scores_of_a_cross_encoder_equal_the_reference_also_of_documents_that_are_cut(string model)
    {
        var expected = (await NodeOracle.RunAsync("Tasks/Rerank/rerank.mjs", new JsonObject
        {
            ["model"] = Path.Combine(worker.Sources[model], "model.onnx"),
            ["tokenizer"] = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(worker.Sources[model], "tokenizer.json"))),
            ["context"] = RandomCrossEncoder.Context,
            ["query"] = Query,
            ["documents"] = new JsonArray([.. Documents.Select(text => (JsonNode)text)]),
        })).AsArray();

        var answer = await worker.RankAsync(model, Query, Documents);

        var scores = Scores(answer);
        for (var i = 0; i < Documents.Length; i++)
        {
            Assert.Equal((double)expected[i]!["score"]!, scores[i], 1e-4);
        }

        Assert.Equal(expected.Sum(pair => pair!["ids"]!.AsArray().Count), (int)answer["usage"]!["prompt_tokens"]!);
        Assert.Equal(RandomCrossEncoder.Context, expected[2]!["ids"]!.AsArray().Count);
        Assert.True(scores.Values.Max() - scores.Values.Min() > 0.05); // The documents do differ.
        Assert.Equal(
            Enumerable.Range(0, Documents.Length).OrderByDescending(i => (double)expected[i]!["score"]!), Order(answer));
    }

    [Theory]
    [InlineData(null, 8)]
    [InlineData(1, 1)]
    [InlineData(3, 3)]
    [InlineData(8, 8)]
    [InlineData(9, 8)]
    [InlineData(int.MaxValue, 8)]
    public async Task Results_are_sorted_and_then_cut_to_top_n(int? top, int count)
    {
        var all = Order(await worker.RankAsync("cross", Query, Documents));

        var answer = top is null
            ? await worker.RankAsync("cross", Query, Documents) : await worker.RankAsync("cross", Query, Documents, ("top_n", top));

        Assert.Equal(all.Take(count), Order(answer));
        var scores = answer["results"]!.AsArray().Select(result => (double)result!["relevance_score"]!).ToArray();
        Assert.Equal(scores.OrderDescending(), scores);
    }

    [Theory]
    [InlineData("cross")]
    [InlineData("prefixed")]
    public async Task Equal_documents_have_one_score_and_keep_their_order(string model)
    {
        string[] texts = ["one gate", "two roads", "three tolls"];
        var documents = Enumerable.Range(0, 300).Select(i => texts[i * 7 % 3]).ToArray(); // More than one run takes.

        var answer = await worker.RankAsync(model, Query, documents);

        var scores = Scores(answer);
        Assert.All(scores, pair => Assert.Equal(scores[Array.IndexOf(documents, documents[pair.Key])], pair.Value));
        foreach (var text in texts)
        {
            var order = Order(answer).Where(index => documents[index] == text).ToArray();
            Assert.Equal(order.Order(), order);
        }
    }

    /// <summary>Logits of hundreds: every sigmoid in single precision is 0 or 1.</summary>
    [Fact]
    public async Task The_order_follows_the_logits_where_scores_are_rounded_to_one()
    {
        var flat = Order(await worker.RankAsync("cross", Query, Documents)); // The same weights, with logits 750 times smaller.

        var steep = await worker.RankAsync("steep", Query, Documents);

        Assert.Equal(flat, Order(steep));
        Assert.True(Scores(steep).Values.Count(score => score is 0 or 1) > 1);
    }

    [Fact]
    public async Task An_embedding_model_ranks_by_the_cosine_of_its_vectors_with_their_prefixes()
    {
        var vectors = (await EmbedAsync([Query], "query")).Concat(await EmbedAsync(Documents, "document")).ToArray();

        var answer = await worker.RankAsync("prefixed", Query, Documents);

        var scores = Scores(answer);
        for (var i = 0; i < Documents.Length; i++)
        {
            Assert.Equal(TensorPrimitives.CosineSimilarity<float>(vectors[0], vectors[i + 1]), scores[i], 1e-4);
        }

        Assert.Equal(scores.OrderByDescending(pair => pair.Value).Select(pair => pair.Key), Order(answer));
    }

    [Theory]
    [InlineData("cross")]
    [InlineData("multilingual")]
    [InlineData("prefixed")]
    public async Task Usage_is_what_the_ledger_reads_and_within_the_bound_of_the_gateway(string model)
    {
        var id = Guid.NewGuid();
        var body = new JsonObject
        {
            ["model"] = model, ["query"] = Query, ["documents"] = new JsonArray([.. Documents.Select(text => (JsonNode)text)]),
        };
        var (response, answer) = await worker.PostAsync("/v1/rerank", body, id);
        using var _ = response;

        var tokens = (long)answer["usage"]!["total_tokens"]!;
        Assert.True(tokens > 0);
        Assert.Equal(tokens, (long)answer["usage"]!["prompt_tokens"]!);
        Assert.Equal(tokens, (long)answer["meta"]!["tokens"]!["input_tokens"]!);
        Assert.Equal(tokens, (long)answer["meta"]!["billed_units"]!["input_tokens"]!);
        Assert.Equal(new Units(tokens).ToString(), response.Headers.GetValues(Units.Header).Single());
        Assert.Equal(
            new Units(tokens),
            (await WorkerFixture.WitnessAsync(worker.Gateway.BaseAddress!)).Entries.Single(entry => entry.RequestId == id).Units);
        var card = (await WorkerFixture.StatusAsync(worker.Gateway)).Models.Single(served => served.Card.Name == model).Card;
        Assert.True(RerankRequest.TryParse(Encoding.UTF8.GetBytes(body.ToJsonString()), out var request, out var _));
        Assert.True(card.Measure!.MostTokens(request) >= tokens);
        Assert.True((long)request.Size.Prompts * card.ContextLength >= tokens);
    }

    [Fact]
    public async Task Documents_come_back_unless_they_are_not_wanted_and_texts_may_be_objects()
    {
        var body = new JsonObject
        {
            ["model"] = "cross", ["query"] = Query, ["documents"] = new JsonArray("a", new JsonObject { ["text"] = "b" }),
        };
        var (with, answer) = await worker.PostAsync("/v1/rerank", body);
        body["return_documents"] = false;
        var (without, bare) = await worker.PostAsync("/v1/rerank", body);
        using var a = with;
        using var b = without;

        foreach (var result in answer["results"]!.AsArray())
        {
            Assert.Equal((int)result!["index"]! == 0 ? "a" : "b", (string)result["document"]!["text"]!);
        }

        Assert.All(bare["results"]!.AsArray(), result => Assert.Null(result!["document"]));
        Assert.Equal(Scores(answer), Scores(bare));
    }

    [Fact]
    public async Task A_document_is_cut_to_max_tokens_per_doc()
    {
        var cut = Scores(await worker.RankAsync("cross", Query, ["one gate two roads", "one gate"], ("max_tokens_per_doc", 2)));

        Assert.Equal(cut[1], cut[0]);
    }

    [Theory]
    [InlineData("cross", "query", true)]
    [InlineData("cross", "documents[1]", false)]
    [InlineData("prefixed", "query", true)]
    [InlineData("prefixed", "documents[1]", false)]
    public async Task A_query_without_room_and_a_document_that_may_not_be_cut_are_refused_by_name(string model, string param, bool query)
    {
        var lengthy = string.Concat(Enumerable.Repeat("gate ", model == "cross" ? 60 : 9000));
        var body = new JsonObject
        {
            ["model"] = model, ["query"] = query ? lengthy : "x", ["documents"] = new JsonArray("y", lengthy), ["truncate"] = query,
        };

        var (response, answer) = await worker.PostAsync("/v1/rerank", body);

        using var _ = response;
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal((param, "context_length_exceeded"), ((string)answer["error"]!["param"]!, (string)answer["error"]!["code"]!));
    }

    [Theory]
    [InlineData(64)]
    [InlineData(128)]
    [InlineData(256)]
    public async Task A_smaller_width_is_the_full_vector_cut_and_scaled_again(int width)
    {
        var full = (await EmbedAsync(["a toll gate"], null))[0];
        var cut = (await EmbedAsync(["a toll gate"], null, width))[0];
        var packed = (await EmbedAsync(["a toll gate"], null, width, base64: true))[0];

        var norm = TensorPrimitives.Norm<float>(full.AsSpan(0, width));
        Assert.Equal(width, cut.Length);
        Assert.Equal(1, TensorPrimitives.Norm<float>(cut), 1e-5);
        Assert.All(cut.Zip(full), pair => Assert.Equal(pair.Second / norm, pair.First, 1e-6f));
        Assert.Equal(cut, packed);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(257)]
    public async Task A_width_that_the_model_was_not_trained_for_is_refused_by_name(int width)
    {
        var (response, answer) = await worker.PostAsync(
            "/v1/embeddings", new JsonObject { ["model"] = "prefixed", ["input"] = "x", ["dimensions"] = width });

        using var _ = response;
        Assert.Equal((HttpStatusCode.BadRequest, "dimensions"), (response.StatusCode, (string)answer["error"]!["param"]!));
        Assert.Contains("64, 128 and 256", (string)answer["error"]!["message"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("query", RerankFixture.QueryPrefix)]
    [InlineData("search_query", RerankFixture.QueryPrefix)]
    [InlineData("document", RerankFixture.DocumentPrefix)]
    [InlineData("passage", RerankFixture.DocumentPrefix)]
    [InlineData("search_document", RerankFixture.DocumentPrefix)]
    public async Task The_prefix_of_the_input_type_is_read_before_the_text_or_the_ids(string type, string prefix)
    {
        var written = await EmbedAsync([$"{prefix}hello"], null);
        var meant = await EmbedAsync(["hello"], type);
        var (response, ids) = await worker.PostAsync("/v1/embeddings", new JsonObject
        {
            ["model"] = "prefixed", ["input"] = new JsonArray(7592), ["input_type"] = type, // hello
        });

        using var _ = response;
        Assert.Equal(written[0], meant[0]);
        Assert.Equal(written[0], ids["data"]![0]!["embedding"]!.AsArray().Select(number => (float)number!));
    }

    private async Task<float[][]> EmbedAsync(IEnumerable<string> texts, string? type, int? width = null, bool base64 = false)
    {
        var (response, answer) = await worker.PostAsync("/v1/embeddings", new JsonObject
        {
            ["model"] = "prefixed", ["input"] = new JsonArray([.. texts.Select(text => (JsonNode)text)]), ["input_type"] = type,
            ["dimensions"] = width, ["encoding_format"] = base64 ? "base64" : "float",
        });
        using var _ = response;
        return [.. answer["data"]!.AsArray().Select(item => base64
            ? System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(
                Convert.FromBase64String((string)item!["embedding"]!)).ToArray()
            : item!["embedding"]!.AsArray().Select(number => (float)number!).ToArray())];
    }

    private static int[] Order(JsonNode answer) => [.. answer["results"]!.AsArray().Select(result => (int)result!["index"]!)];

    private static SortedDictionary<int, double> Scores(JsonNode answer) => new(
        answer["results"]!.AsArray().ToDictionary(result => (int)result!["index"]!, result => (double)result!["relevance_score"]!));
}
