using System.Net;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.ImageClassification;

/// <summary><c>/v1/moderations</c> over a classifier of pictures that takes red for violence, and blue for violence and hate.</summary>
public sealed class PictureModerationTests(PictureModerationTests.Guard guard) : IClassFixture<PictureModerationTests.Guard>
{
    private const string Path = "/v1/moderations";
    private static readonly string Red = Part(PictureBytes.Plain(4, 4, 255, 0, 0));
    private static readonly string Green = Part(PictureBytes.Plain(4, 4, 0, 255, 0));
    private static readonly string Blue = Part(PictureBytes.Plain(8, 4, 0, 0, 255));

    [Fact]
    public async Task A_picture_gets_all_categories_and_those_that_are_judged_have_its_input_type()
    {
        var request = Guid.NewGuid();

        using var response = await SendAsync($"[{Red}]", request, "0,0,0,0,0,1,16,0");

        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(($"modr-{request:N}", "guard"), ((string)answer["id"]!, (string)answer["model"]!));
        var result = Assert.Single(answer["results"]!.AsArray())!;
        foreach (var member in new[] { "categories", "category_scores", "category_applied_input_types" })
        {
            Assert.Equal(ModerationCategories.All, result[member]!.AsObject().Select(category => category.Key));
        }

        Assert.Equal((true, true, false), (
            (bool)result["flagged"]!, (bool)result["categories"]!["violence"]!, (bool)result["categories"]!["hate"]!));
        Assert.InRange((double)result["category_scores"]!["violence"]!, 0.99, 1);
        Assert.Equal("""["image"]""", result["category_applied_input_types"]!["hate"]!.ToJsonString());
        Assert.Equal("[]", result["category_applied_input_types"]!["sexual"]!.ToJsonString());
        var entry = Assert.Single(await guard.WitnessAsync(request));
        Assert.Equal(("guard", new Units(0, Images: 1, Pixels: 16)), (entry.Model, entry.Units));
    }

    [Fact]
    public async Task Pictures_are_parts_of_one_input_and_the_highest_scores_count()
    {
        using var harmless = await SendAsync($"[{Green}]", Guid.NewGuid());
        using var mixed = await SendAsync($"[{Green},{Red},{Blue}]", Guid.NewGuid());

        var results = JsonNode.Parse(await mixed.Content.ReadAsStringAsync())!["results"]!.AsArray();
        Assert.False((bool)JsonNode.Parse(await harmless.Content.ReadAsStringAsync())!["results"]![0]!["flagged"]!);
        Assert.InRange((double)Assert.Single(results)!["category_scores"]!["violence"]!, 0.99, 1);
        Assert.InRange((double)results[0]!["category_scores"]!["hate"]!, 0.99, 1);
        Assert.Equal(new Units(0, Images: 3, Pixels: 64).ToString(), mixed.Headers.GetValues(Units.Header).Single());
    }

    [Theory]
    [InlineData("\"x\"", "input")]
    [InlineData("[\"x\"]", "input[0]")]
    public async Task Text_is_refused_by_name(string input, string param)
    {
        using var response = await SendAsync(input, Guid.NewGuid());

        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
        Assert.Equal(
            (HttpStatusCode.BadRequest, "unsupported_parameter", param),
            (response.StatusCode, (string?)error["code"], (string?)error["param"]));
    }

    [Fact]
    public async Task A_damaged_picture_is_refused_by_name_and_nothing_is_run()
    {
        var (file, request) = (PictureBytes.Plain(200, 200, 1, 2, 3), Guid.NewGuid());

        using var response = await SendAsync($"[{Red},{Part(file[..(file.Length / 2)])}]", request);

        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
        Assert.Equal(("image_parse_error", "input[1].image_url.url"), ((string?)error["code"], (string?)error["param"]));
        Assert.Empty(await guard.WitnessAsync(request));
    }

    [Fact]
    public async Task A_mapping_of_labels_that_the_model_lacks_is_not_installed()
    {
        using var folder = new TemporaryFolder();
        var source = ColourClassifier.Write(folder.File("guard"));
        await File.WriteAllTextAsync(System.IO.Path.Combine(source, "moderation.json"), """{"labels":{"pink":"hate"}}""");

        var refused = await Assert.ThrowsAsync<ModelImportException>(() => ModelImport.RunAsync(
            source, "guard", folder.File("models"), new ModelImportOptions(), progress: null, CancellationToken.None));

        Assert.Contains("'pink'", refused.Message);
    }

    private static string Part(byte[] file) => $$$"""{"type":"image_url","image_url":{"url":"{{{PictureBytes.DataUrl(file)}}}"}}""";

    private Task<HttpResponseMessage> SendAsync(string input, Guid request, string? bound = null) =>
        guard.SendAsync(Path, JsonNode.Parse($$"""{"model":"guard","input":{{input}}}""")!, request, bound);

    /// <summary>A worker with the classifier.</summary>
    public sealed class Guard : ImportedWorker
    {
        protected override async Task<IReadOnlyList<string>> ImportAsync()
        {
            using var folder = new TemporaryFolder();
            var source = ColourClassifier.Write(folder.File("guard"));
            await File.WriteAllTextAsync(
                System.IO.Path.Combine(source, "moderation.json"),
                """{"labels":{"red":"violence","blue":["violence","hate"]},"threshold":0.7}""");
            await ModelImport.RunAsync(source, "guard", Repository, new ModelImportOptions(), progress: null, CancellationToken.None);
            return ["guard"];
        }
    }
}
