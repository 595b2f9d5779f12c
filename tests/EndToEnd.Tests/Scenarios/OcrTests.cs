using System.Net;
using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>Text in pictures through the running system, with PaddleOCR's models as npm ships them.</summary>
[Collection(SharedTollgate.Name)]
public sealed class OcrTests(SharedTollgate shared)
{
    private const string Picture = "models/ocr/invoice.png";

    [SharedFact(Picture)]
    public async Task A_picture_is_read_by_an_imported_model_and_billed_for_itself_and_its_pixels()
    {
        (await shared.Running.Commands.RunAsync(
            "models", "import", NpmModels.Ocr, "--name", "reader", "--price-image", "0.001", "--price-pixels", "0.5")).Succeeded();
        using var client = shared.Running.Client();
        await Until.TrueAsync(
            async () => (await client.GetAsync("/v1/models/reader")).Status == HttpStatusCode.OK, "reader is listed",
            TimeSpan.FromSeconds(60));
        using var form = new MultipartFormDataContent
        {
            { new StringContent("reader"), "model" },
            { new ByteArrayContent(await File.ReadAllBytesAsync(SharedFiles.At(Picture))), "file", "invoice.png" },
        };

        var answer = await client.SendAsync(HttpMethod.Post, "/v1/images/ocr", form);

        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        var reference = JsonElement.Parse(await File.ReadAllTextAsync(SharedFiles.At("models/ocr/reference.json")));
        var written = reference.GetProperty("cases")[0].GetProperty("written").EnumerateArray().Select(line => line.GetString());
        Assert.Equal(string.Join('\n', written), answer.Json.GetProperty("text").GetString());
        Assert.Equal("reader", answer.Header("openai-model"));
        var row = await shared.Running.Books.OneAsync(answer.RequestId);
        Assert.Equal(
            ("images.ocr", "reader", new Units(0, Images: 1, Pixels: 720 * 300)), (row.Endpoint, row.Model, row.Units));
        Assert.Equal(0.001m + (720 * 300 * 0.5m / 1_000_000), row.Amount);

        var image = Convert.ToBase64String(PictureBytes.Plain(30, 20, 255, 255, 255));
        var empty = await client.PostAsync("/v1/images/ocr", new { model = "reader", image });
        Assert.Equal("", empty.Json.GetProperty("text").GetString());
        Assert.Equal(600, (await shared.Running.Books.OneAsync(empty.RequestId)).Units.Pixels);
        var wrong = await client.PostAsync("/v1/images/ocr", new { model = "tiny-embed", image });
        var code = wrong.Json.GetProperty("error").GetProperty("code").GetString();
        Assert.Equal((HttpStatusCode.NotFound, "model_not_supported"), (wrong.Status, code));
    }
}
