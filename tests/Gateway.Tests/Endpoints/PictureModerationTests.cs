using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Endpoints;

/// <summary><c>/v1/moderations</c> at the gateway, with a classifier of texts and one of pictures.</summary>
public sealed class PictureModerationTests : IAsyncLifetime
{
    private const string Answer = """{"id":"modr-1","model":"image-guard","results":[]}""";
    private static readonly string Picture = Convert.ToBase64String(PictureBytes.Gif);
    private GatewayUnderTest _gateway = null!;

    public async Task InitializeAsync()
    {
        _gateway = await GatewayUnderTest.StartAsync();
        _gateway.Worker.Status = ScriptedWorker.StatusOf("worker-1") with
        {
            Models =
            [
                new ServedModel(Card("text-guard", ModelTask.Classification), true, 0, 0, 0),
                new ServedModel(Card("image-guard", ModelTask.ImageClassification), true, 0, 0, 0),
            ],
        };
        _gateway.Worker.Script = call => call.AnswerAsync(Answer, new Units(0, Images: 1, Pixels: 6));
        _gateway.Plane.Prices.Publish(new PriceSnapshot([Price("text-guard", 1), Price("image-guard", 2)]));
        await Until.TrueAsync(() => _gateway.Pool.Cards.Any(card => card.Name == "image-guard"), "the guards' cards");
        await Until.TrueAsync(
            async () =>
            {
                using var response = await PostAsync($$$"""{"model":"image-guard","input":[{{{Part}}}]}""");
                return response.StatusCode == HttpStatusCode.OK;
            },
            "the guards' prices");
        _gateway.Worker.Calls.Clear();
    }

    public async Task DisposeAsync() => await _gateway.DisposeAsync();

    private static string Part => $$$"""{"type":"image_url","image_url":{"url":"{{{Picture}}}"}}""";

    [Theory]
    [InlineData("text-guard", """[{"type":"text","text":"x"},{"type":"image_url","image_url":{"url":"GIF"}}]""", "input[1].image_url.url")]
    [InlineData("image-guard", """[{"type":"image_url","image_url":{"url":"GIF"}},{"type":"text","text":"x"}]""", "input[1].text")]
    [InlineData("image-guard", "\"x\"", "input")]
    [InlineData("image-guard", """["x","y"]""", "input[0]")]
    public async Task A_moderation_of_what_the_model_does_not_judge_is_refused_by_name(string model, string input, string param)
    {
        var body = $$"""{"model":"{{model}}","input":{{input.Replace("GIF", Picture, StringComparison.Ordinal)}}}""";

        using var response = await PostAsync(body);

        await ErrorTests.AssertErrorAsync(response, 400, "unsupported_parameter");
        Assert.Equal(param, (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["param"]);
        Assert.Empty(_gateway.Worker.Calls);
    }

    [Fact]
    public async Task A_moderation_of_pictures_is_held_for_and_billed_by_pictures_and_pixels()
    {
        _gateway.Worker.Script = call => call.AnswerAsync(Answer, new Units(0, Images: 1, Pixels: 6));
        var body = $$$"""{"model":"image-guard","input":[{"type":"image_url","image_url":{"url":"{{{Picture}}}"}}]}""";

        using var response = await PostAsync(body);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(body, _gateway.Worker.Calls.Single().Body);
        var row = await _gateway.Plane.WaitForUsageAsync(response.Headers.GetValues("x-request-id").Single());
        Assert.Equal(("moderations", "image-guard", new Units(0, Images: 1, Pixels: 6)), (row.Endpoint, row.Model, row.Units));
    }

    private static ModelCard Card(string name, ModelTask task) => new()
    {
        Name = name,
        Version = "1",
        Task = task.Name,
        ContextLength = task == ModelTask.Classification ? 512 : 0,
        DefaultMaxOutput = 0,
        Moderates = true,
    };

    private static ModelPrice Price(string model, int number) => new(
        model, new Guid($"0195aaaa-0000-7000-8000-00000000000{number}"), DateTimeOffset.UnixEpoch, null, new(20_000, 0, 0, 0, 0, 0));

    private async Task<HttpResponseMessage> PostAsync(string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/moderations")
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = (await _gateway.CreateKeyAsync()).Bearer;
        return await _gateway.Http.SendAsync(request);
    }
}
