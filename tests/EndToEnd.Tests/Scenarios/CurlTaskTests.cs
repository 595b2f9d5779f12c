using System.Globalization;
using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>Calls of curl, whose forms and content types differ from those of the official clients.</summary>
[Collection(SharedTollgate.Name)]
public sealed class CurlTaskTests(SharedTollgate shared)
{
    [Theory]
    [InlineData("application/json")]
    [InlineData("application/x-www-form-urlencoded")] // What curl says by itself.
    [InlineData("")] // As the body of a library that says nothing.
    public async Task A_tutorials_body_is_predicted_whatever_its_content_type(string contentType)
    {
        var (status, requestId, body) = await CurlAsync(
            "/predict", "-H", $"Content-Type:{(contentType.Length > 0 ? " " : "")}{contentType}", "-d",
            """{"data": "I love machine learning"}""");
        var row = await shared.Running.Books.OneAsync(requestId);

        Assert.Equal(200, status);
        Assert.Equal(1, body.GetProperty("label").GetInt32());
        Assert.Equal(("predict", new Units(6), 6 * 0.02m / 1_000_000), (row.Endpoint, row.Units, row.Amount));
    }

    [Fact]
    public async Task An_explanation_is_billed_by_the_steps_that_it_states()
    {
        var (status, requestId, body) = await CurlAsync(
            "/v1/classifications", "-H", "Content-Type: application/json", "-d",
            """{"model": "tiny-sentiment", "input": "I love machine learning", "explain": {"label": "positive"}}""");
        var row = await shared.Running.Books.OneAsync(requestId);

        Assert.Equal(200, status);
        var explanation = body.GetProperty("data")[0].GetProperty("explanation");
        var tokens = explanation.GetProperty("tokens").EnumerateArray().ToList();
        Assert.Equal("love", tokens.MaxBy(token => token.GetProperty("attribution").GetDouble()).GetProperty("text").GetString());
        var units = 6 * (1 + (3 * explanation.GetProperty("steps").GetInt32()));
        Assert.Equal((new Units(units), units * 0.02m / 1_000_000), (row.Units, row.Amount));
        Assert.Equal(units, body.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [SharedFact(ImportedModels.ClassifierFolder)]
    public async Task A_form_with_a_picture_is_recognised()
    {
        var model = await shared.Models.ClassifierAsync();
        var picture = SharedFiles.At($"{ImportedModels.ClassifierFolder}/images/chelsea-224.png");

        foreach (var part in (string[])["image", "file", "image[]"])
        {
            var (status, requestId, body) = await CurlAsync(
                "/v1/images/classifications", "-F", $"model={model}", "-F", $"{part}=@{picture}", "-F", "top_n=1");
            var row = await shared.Running.Books.OneAsync(requestId);

            Assert.Equal(200, status);
            Assert.Equal("tiger cat", body.GetProperty("data")[0].GetProperty("labels")[0].GetProperty("label").GetString());
            Assert.Equal(new Units(0, Images: 1, Pixels: 224 * 224), row.Units);
        }
    }

    [SharedFact(ImportedModels.WhisperFolder)]
    public async Task A_recording_in_another_container_is_read_with_ffmpeg()
    {
        var model = await shared.Models.WhisperAsync();
        var flac = Path.Combine(TestFolder.Create("flac"), "jfk.flac");
        (await ProgramRun.RunAsync("ffmpeg", ["-v", "error", "-i", SharedFiles.At(Recordings.Jfk), flac])).Succeeded();

        var (status, requestId, body) = await CurlAsync("/v1/audio/transcriptions", "-F", $"file=@{flac}", "-F", $"model={model}");
        var row = await shared.Running.Books.OneAsync(requestId);

        Assert.Equal(200, status);
        Assert.Equal(Recordings.JfkWords, Recordings.Words(body.GetProperty("text").GetString()!));
        Assert.Equal(new Units(0, AudioMs: 11_000), row.Units);
    }

    /// <summary>Status, request id and body of a call.</summary>
    private async Task<(int Status, Guid RequestId, JsonElement Body)> CurlAsync(string path, params string[] arguments)
    {
        var run = await ProgramRun.RunAsync(
            "curl",
            [
                "-sS", "-w", "\n%{http_code} %header{x-request-id}", "-H", $"Authorization: Bearer {shared.Running.FirstKey}",
                .. arguments, shared.Running.Endpoints.Api + path,
            ]);
        var output = run.Succeeded();
        var end = output.LastIndexOf('\n');
        var words = output[(end + 1)..].Split(' ');
        return (int.Parse(words[0], CultureInfo.InvariantCulture), RequestIds.Parse(words[1]), JsonElement.Parse(output[..end]));
    }
}
