using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Tensors;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Catalogue;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Endpoints;

/// <summary>A good request of one endpoint.</summary>
/// <param name="Bound">Units that it is held for.</param>
/// <param name="Used">Units that the worker states.</param>
/// <param name="File">A file of a form, whose other parts are the members of <paramref name="Body"/>; null sends JSON.</param>
internal sealed record TaskCall(PublicEndpoint Api, string Model, string Body, Units Bound, Units Used, byte[]? File = null)
{
    /// <summary>The query string, with its question mark.</summary>
    public string Query { get; init; } = "";

    public HttpRequestMessage Make(TestKey key, string? idempotencyKey = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Api.Path.Replace("{model}", Model, StringComparison.Ordinal) + Query)
        {
            Headers = { Authorization = key.Bearer }, Content = File is null ? Json() : Form(File),
        };
        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        return request;
    }

    private StringContent Json() => new(Body, Encoding.UTF8, "application/json");

    private MultipartFormDataContent Form(byte[] file)
    {
        var form = new MultipartFormDataContent { { new StringContent(Model), "model" } };
        form.Add(new ByteArrayContent(file), "file", "a");
        return form;
    }
}

/// <summary>A gateway whose worker has a model for every task, each with a price; and a request of every endpoint that runs one.</summary>
public sealed class EveryTask : IAsyncLifetime
{
    /// <summary>Price of each unit, pico-dollars; all different.</summary>
    internal static readonly UnitPrices Price = new(20_000, 5_000, 60_000, 60_000, 7_000, 2_000_000, 300, 11_000, 900_000, 700);

    /// <summary>A recording of 4 s in 2,000 bytes, of which the worker hears 2 s.</summary>
    private static readonly byte[] Ogg = [.. "OggS"u8, .. new byte[1996]];

    private static readonly string Picture = Convert.ToBase64String(PictureBytes.Gif);

    internal static readonly IReadOnlyList<TaskCall> Calls =
    [
        new(
            PublicEndpoint.ChatCompletions, "tiny-assistant",
            """{"model":"tiny-assistant","messages":[{"role":"user","content":"Hi"}],"max_tokens":4,"n":2}""",
            new Units(2 + 8 + 5, Output: 8), new Units(3, Cached: 6, Output: 5)),
        new(
            PublicEndpoint.Messages, "tiny-assistant",
            """{"model":"tiny-assistant","messages":[{"role":"user","content":"Hi"}],"max_tokens":4}""",
            new Units(2 + 8 + 5, Output: 4), new Units(2, Cached: 7, Output: 4)),
        new(
            PublicEndpoint.Completions, "tiny-assistant", """{"model":"tiny-assistant","prompt":"Once","max_tokens":4}""",
            new Units(4 + 3, Output: 4), new Units(2, Output: 3)),
        new(
            PublicEndpoint.Responses, "tiny-assistant", """{"model":"tiny-assistant","input":"Hi","max_output_tokens":4}""",
            new Units(2 + 8 + 5, Output: 4), new Units(2, Cached: 7, Output: 3)),
        new(
            PublicEndpoint.Embeddings, "tiny-embed", """{"model":"tiny-embed","input":["ab","c"]}""",
            new Units(3 + (2 * 3)), new Units(5)),
        new(
            PublicEndpoint.Rerank, "tiny-rank", """{"model":"tiny-rank","query":"ab","documents":["cd","efg"]}""",
            new Units((2 * 2) + 5 + (2 * 4)), new Units(8)),
        new(
            PublicEndpoint.Classifications, "tiny-sentiment", """{"model":"tiny-sentiment","input":"I love it"}""",
            new Units(9 + 3), new Units(5)),
        new(
            PublicEndpoint.Classifications, "tiny-sentiment", """{"model":"tiny-sentiment","input":"I love it","explain":{"steps":17}}""",
            new Units((9 + 3) * (1 + (3 * 17))), new Units(5 * (1 + (3 * 17)))),
        new(PublicEndpoint.Predict, "tiny-sentiment", """{"data":["a","bc"]}""", new Units(3 + (2 * 3)), new Units(6))
        {
            Query = "?model=tiny-sentiment",
        },
        new(PublicEndpoint.Moderations, "text-guard", """{"model":"text-guard","input":"xyz"}""", new Units(3 + 3), new Units(3)),
        new(
            PublicEndpoint.ImageClassifications, "pictures",
            $$"""{"model":"pictures","image":["{{Picture}}","{{Picture}}"]}""",
            new Units(0, Images: 2, Pixels: 12), new Units(0, Images: 2, Pixels: 12)),
        new(
            PublicEndpoint.ImageClassifications, "pictures", "", new Units(0, Images: 1, Pixels: 20), new Units(0, Images: 1, Pixels: 20),
            PictureBytes.Plain(5, 4, 1, 2, 3)),
        new(
            PublicEndpoint.ImageDetections, "detector", $$"""{"model":"detector","image":"{{Picture}}","threshold":0.5}""",
            new Units(0, Images: 1, Pixels: 6), new Units(0, Images: 1, Pixels: 6)),
        new(
            PublicEndpoint.ImageOcr, "reader", $$"""{"model":"reader","image":"{{Picture}}"}""",
            new Units(0, Images: 1, Pixels: 6), new Units(0, Images: 1, Pixels: 6)),
        new(PublicEndpoint.AudioTranscriptions, "speech", "", new Units(0, AudioMs: 4_000), new Units(0, AudioMs: 2_000), Ogg),
        new(PublicEndpoint.AudioTranslations, "speech", "", new Units(0, AudioMs: 4_000), new Units(0, AudioMs: 1_000), Ogg),
        new(
            PublicEndpoint.ImageGenerations, "painter", """{"model":"painter","prompt":"A tree","n":3}""",
            new Units(6 + 3, Images: 3, Pixels: 3 * 4096, Steps: 60), new Units(4, Images: 3, Pixels: 3 * 4096, Steps: 45)),
        new(
            PublicEndpoint.Tensors, "numbers", """{"inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[1,2,3,4,5,6]}]}""",
            new Units(0, Calls: 1, Elements: 6 + 4), new Units(0, Calls: 1, Elements: 6 + 4)),
    ];

    /// <summary>Indexes of <see cref="Calls"/> with what they are, for theories.</summary>
    public static TheoryData<int, string> Rows
    {
        get
        {
            var rows = new TheoryData<int, string>();
            foreach (var (index, call) in Calls.Index())
            {
                rows.Add(index, $"{call.Api.Scope}{(call.File is null ? "" : " form")}");
            }

            return rows;
        }
    }

    internal GatewayUnderTest Gateway { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Gateway = await GatewayUnderTest.StartAsync();
        var models = Calls.DistinctBy(call => call.Model).ToArray();
        Gateway.Worker.Status = Gateway.Worker.Status with
        {
            Models = [.. models.Select(call => new ServedModel(Card(call), true, 0, 0, 4))],
        };
        PublishPrices();
        var prices = Gateway.App.Services.GetRequiredService<PriceCatalogue>();
        await Until.TrueAsync(
            () => models.All(call => Gateway.Pool.Cards.Any(card => card.Name == call.Model)
                && prices.InForce(call.Model, Guid.Empty)?.PicoUsd == Price),
            "every model and its price are known");
    }

    public async Task DisposeAsync() => await Gateway.DisposeAsync();

    /// <summary>Publishes the list prices, and prices of single organizations beside them.</summary>
    internal void PublishPrices(params IEnumerable<ModelPrice> more) => Gateway.Plane.Prices.Publish(new PriceSnapshot(
    [
        .. Calls.DistinctBy(call => call.Model).Select(call =>
            new ModelPrice(call.Model, Guid.NewGuid(), DateTimeOffset.UnixEpoch, null, Price)),
        .. more,
    ]));

    private static ModelCard Card(TaskCall call) => new()
    {
        Name = call.Model,
        Version = "1",
        Task = call.Api.Task!.Name,
        ContextLength = 512,
        DefaultMaxOutput = 64,
        Measure = new PromptMeasure(1, TextTokens: 3, IdTokens: 3, new ChatMeasure(8, 5, 1), PairTokens: call.Model == "tiny-rank" ? 4 : 0),
        Moderates = call.Api == PublicEndpoint.Moderations,
        Drawing = call.Api == PublicEndpoint.ImageGenerations
            ? new DrawingMeasure(Pixels: 4096, MostPixels: 16_384, Steps: 20, MostSteps: 50) : null,
        Tensors = call.Api == PublicEndpoint.Tensors
            ? new TensorSignature(
                [new TensorSpec("x", "FP32", [-1, 3], ["rows", ""])], [new TensorSpec("y", "FP32", [-1, 2], ["rows", ""])],
                MostElements: 100)
            : null,
        CreatedAt = DateTimeOffset.UnixEpoch,
    };
}
