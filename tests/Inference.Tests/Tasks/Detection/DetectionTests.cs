using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Detection;

public sealed class DetectionTests(DetectionTests.DetectionWorker worker) : IClassFixture<DetectionTests.DetectionWorker>
{
    private static readonly string Grey = PictureBytes.DataUrl(PictureBytes.Plain(40, 32, 100, 100, 100));

    [Fact]
    public async Task Objects_come_best_first_with_boxes_in_pixels_and_are_metered_and_witnessed()
    {
        var request = Guid.NewGuid();
        var small = PictureBytes.DataUrl(PictureBytes.Plain(8, 4, 10, 10, 10));

        using var response = await SendAsync(new JsonArray(Grey, small), "", request, "0,0,0,0,0,2,1312,0");

        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(("list", "toy", 2L, 1312L), (
            (string)answer["object"]!, (string)answer["model"]!, (long)answer["usage"]!["images"]!, (long)answer["usage"]!["pixels"]!));
        Assert.Equal(
            ["cat 0.9 5 4 25 20", "dog 0.8 5 4 25 16", "cat 0.5 20 16 45 32"], // 40 ÷ 8 = 5 across, 32 ÷ 8 = 4 down
            Describe(answer["data"]![0]!));
        Assert.Equal(["cat 0.9 1 0.5 5 2.5", "dog 0.8 1 0.5 5 2", "cat 0.5 4 2 9 4"], Describe(answer["data"]![1]!));
        Assert.Equal(
            (0, 40, 32), ((int)answer["data"]![0]!["index"]!, (int)answer["data"]![0]!["width"]!, (int)answer["data"]![0]!["height"]!));
        Assert.Equal(new Units(0, Images: 2, Pixels: 1312).ToString(), response.Headers.GetValues(Units.Header).Single());
        var entry = Assert.Single(await worker.WitnessAsync(request));
        Assert.Equal(("toy", new Units(0, Images: 2, Pixels: 1312)), (entry.Model, entry.Units));
    }

    [Theory]
    [InlineData(",\"threshold\":0", "cat 0.9,dog 0.8,cat 0.5,dog 0.1")]
    [InlineData(",\"threshold\":0.8", "cat 0.9,dog 0.8")]
    [InlineData(",\"threshold\":1", "")]
    [InlineData(",\"top_k\":1", "cat 0.9")]
    public async Task Threshold_and_top_k_choose(string members, string expected)
    {
        using var response = await SendAsync(Grey, members, Guid.NewGuid());

        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal(
            expected, string.Join(',', Describe(answer["data"]![0]!).Select(found => string.Join(' ', found.Split(' ').Take(2)))));
    }

    [Theory]
    [InlineData("image")]
    [InlineData("file")]
    [InlineData("image[]")]
    public async Task A_file_of_a_form_is_read(string part)
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent("toy"), "model" },
            { new StringContent("0.85"), "threshold" },
            { new StringContent("3"), "top_k" },
            { new ByteArrayContent(PictureBytes.Plain(16, 16, 10, 240, 10)), part, "leaf.png" },
        };

        using var response = await worker.Gateway.PostAsync(BadPictureRequests.DetectionPath, form);

        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal(["cat 0.9 2 2 10 10"], Describe(answer["data"]![0]!));
    }

    [Theory]
    [InlineData("threshold", "much", "invalid_value")]
    [InlineData("threshold", "2", "invalid_value")]
    [InlineData("top_k", "0", "invalid_value")]
    [InlineData("top_n", "1", "unknown_parameter")]
    public async Task A_bad_field_of_a_form_is_refused_by_name(string name, string value, string code)
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent("toy"), "model" },
            { new StringContent(value), name },
            { new ByteArrayContent(PictureBytes.Plain(16, 16, 10, 240, 10)), "image", "leaf.png" },
        };

        using var response = await worker.Gateway.PostAsync(BadPictureRequests.DetectionPath, form);

        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
        Assert.Equal((HttpStatusCode.BadRequest, code, name), (response.StatusCode, (string?)error["code"], (string?)error["param"]));
    }

    [Fact]
    public async Task A_damaged_picture_is_refused_by_name_and_nothing_is_run()
    {
        var (file, request) = (PictureBytes.Plain(200, 200, 1, 2, 3), Guid.NewGuid());

        using var response = await SendAsync(new JsonArray(Grey, PictureBytes.DataUrl(file.AsSpan(0, file.Length / 2))), "", request);

        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
        Assert.Equal(
            (HttpStatusCode.BadRequest, "image_parse_error", "image[1]"),
            (response.StatusCode, (string?)error["code"], (string?)error["param"]));
        Assert.Empty(await worker.WitnessAsync(request));
    }

    [Fact]
    public async Task A_model_that_gives_numbers_that_are_not_finite_fails_and_the_worker_goes_on()
    {
        using var failed = await SendAsync(PictureBytes.DataUrl(PictureBytes.Plain(4, 4, 255, 255, 255)), "", Guid.NewGuid());
        using var next = await SendAsync(Grey, "", Guid.NewGuid());

        Assert.Equal((HttpStatusCode.InternalServerError, HttpStatusCode.OK), (failed.StatusCode, next.StatusCode));
    }

    [Fact]
    public async Task More_pictures_than_the_hold_pays_for_are_not_run()
    {
        var request = Guid.NewGuid();

        using var response = await SendAsync(new JsonArray(Grey, Grey), "", request, "0,0,0,0,0,1");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Empty(await worker.WitnessAsync(request));
    }

    [Fact]
    public async Task Every_bad_member_is_refused_by_name()
    {
        foreach (var bad in BadPictureRequests.Detections)
        {
            using var response = await worker.Gateway.PostAsync(bad.Path, new StringContent(bad.Body, Encoding.UTF8, "application/json"));

            var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
            Assert.Equal(
                ((HttpStatusCode)bad.Status, bad.Code, bad.Param), (response.StatusCode, (string?)error["code"], (string?)error["param"]));
        }
    }

    [Theory]
    [InlineData("/v1/images/classifications")]
    [InlineData("/v1/moderations")]
    public async Task A_detector_answers_no_other_endpoint(string path)
    {
        var member = path == "/v1/moderations" ? "input" : "image";
        using var response = await worker.Gateway.PostAsync(
            path, new StringContent($$"""{"model":"toy","{{member}}":"{{Convert.ToBase64String(PictureBytes.Gif)}}"}""", Encoding.UTF8,
                "application/json"));

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Theory]
    [InlineData("""{"labels":{}}""", "id2label")]
    [InlineData("""{"id2label":{"0":"cat"}}""", "names the label 1")]
    public async Task A_detector_with_too_few_labels_is_not_installed(string config, string error)
    {
        using var folder = new TemporaryFolder();

        var refused = await Assert.ThrowsAsync<ModelImportException>(
            () => DetectionWorker.ImportAsync(ToyDetector.Write(folder.File("toy"), config), folder.File("models")));

        Assert.Contains(error, refused.Message);
    }

    [Fact]
    public async Task A_model_of_other_outputs_is_refused_with_what_is_supported()
    {
        using var folder = new TemporaryFolder();
        var source = ToyDetector.Write(
            folder.File("toy"), change: root => root["signature"]!["outputs"]!["boxes"]!["tensorShape"]!["dim"]![2]!["size"] = "7");

        var refused = await Assert.ThrowsAsync<ModelImportException>(() => DetectionWorker.ImportAsync(source, folder.File("models")));

        Assert.Contains("'boxes' of the shape 1 x 5 x 7. Supported are", refused.Message);
    }

    private static string[] Describe(JsonNode picture) =>
    [
        .. picture["detections"]!.AsArray().Select(found => string.Create(
            CultureInfo.InvariantCulture,
            $"{found!["label"]} {Round(found["score"]!)} {Round(found["box"]!["xmin"]!)} {Round(found["box"]!["ymin"]!)} {Round(
                found["box"]!["xmax"]!)} {Round(found["box"]!["ymax"]!)}")),
    ];

    private static double Round(JsonNode number) => Math.Round((double)number, 3);

    private Task<HttpResponseMessage> SendAsync(JsonNode image, string members, Guid request, string? bound = null) => worker.SendAsync(
        BadPictureRequests.DetectionPath, JsonNode.Parse($$"""{"model":"toy","image":{{image.ToJsonString()}}{{members}}}""")!, request,
        bound);

    /// <summary>A worker with a detector that a test wrote.</summary>
    public sealed class DetectionWorker : ImportedWorker
    {
        public static Task<InstalledModel> ImportAsync(string source, string repository) => ModelImport.RunAsync(
            source, "toy", repository, new ModelImportOptions(), progress: null, CancellationToken.None);

        protected override async Task<IReadOnlyList<string>> ImportAsync()
        {
            using var folder = new TemporaryFolder();
            var installed = await ImportAsync(ToyDetector.Write(folder.File("toy")), Repository);
            Assert.Equal("image-detection", installed.Manifest.Task);
            return ["toy"];
        }
    }
}
