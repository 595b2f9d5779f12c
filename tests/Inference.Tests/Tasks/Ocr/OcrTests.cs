using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using SkiaSharp;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Import;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Ocr;

public sealed class OcrTests(OcrTests.ReadingWorker worker) : IClassFixture<OcrTests.ReadingWorker>
{
    private const string Path = "/v1/images/ocr";

    [SharedFact(TextPictures.Folder)]
    public async Task A_picture_is_read_metered_and_witnessed()
    {
        var request = Guid.NewGuid();

        using var response = await SendAsync(TextPictures.Bytes("sign.png"), request, bound: "0,0,0,0,0,1,96000,0");

        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(("image.ocr", "reader"), ((string)answer["object"]!, (string)answer["model"]!));
        Assert.Equal("NO ENTRY\nStaff only after 18:00", (string)answer["text"]!);
        Assert.Equal((480, 200), ((int)answer["size"]!["width"]!, (int)answer["size"]!["height"]!));
        Assert.Equal((1, 96_000L), ((int)answer["usage"]!["images"]!, (long)answer["usage"]!["pixels"]!));
        var lines = answer["lines"]!.AsArray();
        Assert.Equal(["NO ENTRY", "Staff only after 18:00"], lines.Select(line => (string)line!["text"]!));
        Assert.Equal(["NO", "ENTRY"], lines[0]!["words"]!.AsArray().Select(word => (string)word!["text"]!));
        foreach (var part in lines.Concat(lines.SelectMany(line => line!["words"]!.AsArray())))
        {
            Assert.InRange((double)part!["confidence"]!, 0.5, 1);
            Assert.Equal(4, part["polygon"]!.AsArray().Count);
            Assert.All(part["polygon"]!.AsArray(), corner => Assert.InRange((double)corner![0]!, 30, 350));
        }

        Assert.Equal(new Units(0, Images: 1, Pixels: 96_000).ToString(), response.Headers.GetValues(Units.Header).Single());
        var entry = Assert.Single(await worker.WitnessAsync(request));
        Assert.Equal(("reader", new Units(0, Images: 1, Pixels: 96_000)), (entry.Model, entry.Units));
    }

    [SharedFact(TextPictures.Folder)]
    public async Task Lines_below_min_confidence_are_left_out_and_counted()
    {
        using var response = await SendAsync(TextPictures.Bytes("sign.png"), Guid.NewGuid(), minConfidence: 1);

        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal(("", 0, 2), ((string)answer["text"]!, answer["lines"]!.AsArray().Count, (int)answer["omitted_lines"]!));
    }

    [Theory]
    [InlineData("image")]
    [InlineData("file")]
    public async Task A_file_of_a_form_is_read_and_one_without_text_counts(string part)
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent("reader"), "model" },
            { new ByteArrayContent(PictureBytes.Plain(90, 70, 250, 250, 240)), part, "blank.png" },
        };

        using var response = await worker.Gateway.PostAsync(Path, form);

        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(("", 0), ((string)answer["text"]!, answer["lines"]!.AsArray().Count));
        Assert.Equal(new Units(0, Images: 1, Pixels: 6300).ToString(), response.Headers.GetValues(Units.Header).Single());
    }

    [Fact]
    public async Task A_picture_that_the_hold_does_not_pay_for_is_not_read()
    {
        var request = Guid.NewGuid();

        using var response = await SendAsync(PictureBytes.Plain(20, 20, 1, 2, 3), request, bound: "0,0,0,0,0,1,399,0");

        Assert.Equal((HttpStatusCode.InternalServerError, "hold_exceeded"), (response.StatusCode, await CodeAsync(response)));
        Assert.Empty(await worker.WitnessAsync(request));
    }

    [Fact]
    public async Task A_damaged_picture_is_refused_by_name_and_costs_nothing()
    {
        var (file, request) = (PictureBytes.Plain(200, 200, 1, 2, 3), Guid.NewGuid());

        using var response = await SendAsync(file[..(file.Length / 2)], request);

        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(("image_parse_error", "image"), ((string)error["code"]!, (string)error["param"]!));
        Assert.Empty(await worker.WitnessAsync(request));
    }

    /// <summary>Several such pictures take no more memory than one.</summary>
    [Fact]
    public async Task Noise_and_stripes_are_read_or_refused_and_the_worker_goes_on()
    {
        var random = new Random(7);
        foreach (var (width, height) in new[] { (400, 300), (16_000, 40), (40, 3000) })
        {
            var noise = TextPictures.Draw(width, height, SKColors.White, canvas =>
            {
                using var paint = new SKPaint { Color = SKColors.Black };
                for (var i = 0; i < width * height / 200; i++)
                {
                    canvas.DrawRect(random.Next(width), random.Next(height), random.Next(1, 9), random.Next(1, 9), paint);
                }
            });

            using var response = await SendAsync(noise, Guid.NewGuid());

            Assert.True(
                response.StatusCode == HttpStatusCode.OK || await CodeAsync(response) == "image_too_complex", $"{response.StatusCode}");
        }

        using var next = await SendAsync(PictureBytes.Gif, Guid.NewGuid());
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
    }

    [Theory]
    [InlineData("/v1/images/classifications", "{\"model\":\"reader\",\"image\":\"GIF\"}")]
    [InlineData("/v1/chat/completions", "{\"model\":\"reader\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}")]
    public async Task A_reader_answers_no_other_endpoint(string path, string body)
    {
        body = body.Replace("GIF", Convert.ToBase64String(PictureBytes.Gif), StringComparison.Ordinal);

        using var response = await worker.Gateway.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));

        Assert.Equal((HttpStatusCode.NotFound, "model_not_found"), (response.StatusCode, await CodeAsync(response)));
    }

    [Fact]
    public async Task Every_bad_member_is_refused_by_name()
    {
        foreach (var bad in BadPictureRequests.Ocr)
        {
            using var response = await worker.Gateway.PostAsync(Path, new StringContent(bad.Body, Encoding.UTF8, "application/json"));

            var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
            Assert.Equal(
                ((HttpStatusCode)bad.Status, bad.Code, bad.Param), (response.StatusCode, (string?)error["code"], (string?)error["param"]));
        }
    }

    private Task<HttpResponseMessage> SendAsync(byte[] file, Guid request, double minConfidence = 0.5, string? bound = null) =>
        worker.SendAsync(
            Path,
            new JsonObject { ["model"] = "reader", ["image"] = PictureBytes.DataUrl(file), ["min_confidence"] = minConfidence }, request,
            bound);

    private static async Task<string?> CodeAsync(HttpResponseMessage response) =>
        (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["code"];

    /// <summary>A worker with the models of npm.</summary>
    public sealed class ReadingWorker : ImportedWorker
    {
        protected override async Task<IReadOnlyList<string>> ImportAsync()
        {
            await ModelImport.RunAsync(
                TextPictures.ModelFolder, "reader", Repository, new ModelImportOptions(), progress: null, CancellationToken.None);
            return ["reader"];
        }
    }
}
