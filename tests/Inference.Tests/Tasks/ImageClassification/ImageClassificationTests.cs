using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Import;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.ImageClassification;

public sealed class ImageClassificationTests(ImageClassificationTests.PictureWorker worker)
    : IClassFixture<ImageClassificationTests.PictureWorker>
{
    private const string Path = "/v1/images/classifications";
    private static readonly string Red = PictureBytes.DataUrl(PictureBytes.Plain(40, 30, 200, 10, 10));
    private static readonly string Blue = PictureBytes.DataUrl(PictureBytes.Plain(5, 9, 10, 10, 250));

    [Fact]
    public async Task Pictures_get_their_labels_in_the_order_of_the_request_and_are_metered_and_witnessed()
    {
        var request = Guid.NewGuid();

        using var response = await SendAsync("colours", new JsonArray(Red, Blue, Red), request, topN: 2, bound: "0,0,0,0,0,3,2445,0");

        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(("list", "colours", 3L), ((string)answer["object"]!, (string)answer["model"]!, (long)answer["usage"]!["images"]!));
        Assert.Equal((2 * 40 * 30) + (5 * 9), (long)answer["usage"]!["pixels"]!);
        var pictures = answer["data"]!.AsArray();
        Assert.Equal([0, 1, 2], pictures.Select(picture => (int)picture!["index"]!));
        Assert.Equal(["red", "blue", "red"], pictures.Select(picture => (string)picture!["labels"]![0]!["label"]!));
        Assert.All(pictures, picture => Assert.Equal(2, picture!["labels"]!.AsArray().Count));
        Assert.InRange((float)pictures[0]!["labels"]![0]!["score"]!, 0.99f, 1f);
        Assert.Equal(new Units(0, Images: 3, Pixels: 2445).ToString(), response.Headers.GetValues(Units.Header).Single());
        var entry = Assert.Single(await worker.WitnessAsync(request));
        Assert.Equal(("colours", new Units(0, Images: 3, Pixels: 2445)), (entry.Model, entry.Units));
    }

    [Theory]
    [InlineData("image")]
    [InlineData("file")]
    [InlineData("image[]")]
    public async Task A_file_of_a_form_is_read(string part)
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent("colours"), "model" },
            { new StringContent("1"), "top_n" },
            { new ByteArrayContent(PictureBytes.Plain(9, 7, 10, 240, 10)), part, "leaf.png" },
        };
        if (part.EndsWith(']'))
        {
            form.Add(new ByteArrayContent(PictureBytes.Plain(9, 7, 10, 10, 240)), part, "sky.png");
        }

        using var response = await worker.Gateway.PostAsync(Path, form);

        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        string[] expected = part.EndsWith(']') ? ["green", "blue"] : ["green"];
        Assert.Equal(expected, answer["data"]!.AsArray().Select(picture => (string)picture!["labels"]!.AsArray().Single()!["label"]!));
    }

    [Fact]
    public async Task More_pictures_than_the_hold_pays_for_are_not_run()
    {
        var request = Guid.NewGuid();

        using var response = await SendAsync("colours", new JsonArray(Red, Blue), request, bound: "0,0,0,0,0,1");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal("hold_exceeded", await CodeAsync(response));
        Assert.Empty(await worker.WitnessAsync(request));
    }

    [Fact]
    public async Task A_damaged_picture_is_refused_by_name_and_nothing_is_run()
    {
        var (file, request) = (PictureBytes.Plain(200, 200, 1, 2, 3), Guid.NewGuid());

        using var response = await SendAsync(
            "colours", new JsonArray(Red, PictureBytes.DataUrl(file.AsSpan(0, file.Length / 2))), request);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
        Assert.Equal(("image_parse_error", "image[1]"), ((string)error["code"]!, (string)error["param"]!));
        Assert.Empty(await worker.WitnessAsync(request));
    }

    [Fact]
    public async Task A_model_that_gives_numbers_that_are_not_finite_fails_and_the_worker_goes_on()
    {
        using var failed = await SendAsync(
            "fragile", PictureBytes.DataUrl(PictureBytes.Plain(4, 4, 255, 255, 255)), Guid.NewGuid());
        using var next = await SendAsync("fragile", Red, Guid.NewGuid());

        Assert.Equal(HttpStatusCode.InternalServerError, failed.StatusCode);
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
    }

    [Theory]
    [InlineData("/v1/embeddings", """{"model":"colours","input":"x"}""")]
    [InlineData("/v1/chat/completions", """{"model":"colours","messages":[{"role":"user","content":"Hi"}]}""")]
    public async Task A_classifier_answers_no_other_endpoint(string path, string body)
    {
        using var response = await worker.Gateway.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));

        Assert.Equal((HttpStatusCode.NotFound, "model_not_found"), (response.StatusCode, await CodeAsync(response)));
    }

    [Fact]
    public async Task Every_bad_member_is_refused_by_name()
    {
        foreach (var bad in BadPictureRequests.All)
        {
            using var response = await worker.Gateway.PostAsync(Path, new StringContent(bad.Body, Encoding.UTF8, "application/json"));

            var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
            Assert.Equal(
                ((HttpStatusCode)bad.Status, bad.Code, bad.Param), (response.StatusCode, (string?)error["code"], (string?)error["param"]));
        }
    }

    private Task<HttpResponseMessage> SendAsync(string model, JsonNode image, Guid request, int topN = 5, string? bound = null) =>
        worker.SendAsync(Path, new JsonObject { ["model"] = model, ["image"] = image, ["top_n"] = topN }, request, bound);

    private static async Task<string?> CodeAsync(HttpResponseMessage response) =>
        (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["code"];

    /// <summary>A worker with two classifiers that a test wrote; one fails on white pictures.</summary>
    public sealed class PictureWorker : ImportedWorker
    {
        protected override async Task<IReadOnlyList<string>> ImportAsync()
        {
            using var folder = new TemporaryFolder();
            foreach (var (name, fails) in new[] { ("colours", false), ("fragile", true) })
            {
                await ModelImport.RunAsync(
                    ColourClassifier.Write(folder.File(name), failsOnWhite: fails), name, Repository, new ModelImportOptions(),
                    progress: null, CancellationToken.None);
            }

            return ["colours", "fragile"];
        }
    }
}
