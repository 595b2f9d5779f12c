using System.Net;
using System.Text.Json.Nodes;
using SkiaSharp;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Tests.Endpoints;

namespace Tollgate.Inference.Tests.Tasks.Drawing;

public sealed class DrawingChecksTests(CheckedPainterFixture painter) : IClassFixture<CheckedPainterFixture>
{
    private const double Least = CheckedPainterFixture.LeastGreen;
    private const string Green = "a blue star on a green background";
    private const string White = "a purple star on a white background";

    [Theory]
    [InlineData("bad tree")]
    [InlineData("Bad")]
    [InlineData("Bad trees", 62)] // A second part of what the classifier reads.
    public async Task A_prompt_that_the_classifier_refuses_is_not_drawn(string prompt, int wordsBefore = 0)
    {
        var request = Guid.NewGuid();

        using var response = await painter.PostAsync(
            "checked", string.Concat(Enumerable.Repeat("tree ", wordsBefore)) + prompt, request);

        await AssertRefusedAsync(response, "Your prompt may contain text that is not allowed by our safety system.");
        Assert.False(response.Headers.Contains(Units.Header));
        Assert.DoesNotContain(
            (await WorkerFixture.WitnessAsync(painter.Gateway.BaseAddress!)).Entries, entry => entry.RequestId == request);
    }

    [Fact]
    public async Task Pictures_are_refused_by_their_scores_and_others_are_those_of_a_model_without_checks()
    {
        var refused = new List<bool>();
        foreach (var (prompt, seed) in new[] { (Green, 1), (White, 2), (Green, 3), (White, 4) })
        {
            using var plain = await painter.PostAsync("plain", prompt, members: ("seed", seed));
            var file = PainterFixture.Files(await ReadAsync(plain))[0];

            using var response = await painter.PostAsync("checked", prompt, members: ("seed", seed));

            refused.Add(ScoreOfGreen(file) >= Least);
            if (refused[^1])
            {
                await AssertRefusedAsync(response, "blocked by our content filters");
            }
            else
            {
                Assert.Equal(file, PainterFixture.Files(await ReadAsync(response))[0]);
            }
        }

        Assert.Contains(true, refused);
        Assert.Contains(false, refused);
    }

    [Fact]
    public async Task A_refused_picture_states_its_steps_and_no_picture_and_the_log_has_all_that_was_computed()
    {
        var request = Guid.NewGuid();

        using var response = await painter.PostAsync("checked", Green, request, ("seed", 1));

        await AssertRefusedAsync(response, "blocked by our content filters");
        Assert.True(Units.TryParse(response.Headers.GetValues(Units.Header).Single(), out var stated));
        Assert.Equal((6, 0, 0), (stated.Steps, stated.Images, stated.Pixels));
        Assert.True(stated.Input > 0);
        var entry = (await WorkerFixture.WitnessAsync(painter.Gateway.BaseAddress!)).Entries.Single(entry => entry.RequestId == request);
        Assert.Equal(stated with { Images = 1, Pixels = 4096 }, entry.Units);
    }

    [Fact]
    public async Task Intermediate_pictures_are_checked_too()
    {
        using var refused = await painter.PostAsync("checked", Green, null, ("seed", 1), ("stream", true), ("partial_images", 3));
        using var taken = await painter.PostAsync("checked", White, null, ("seed", 2), ("stream", true), ("partial_images", 3));
        using var shown = await painter.PostAsync("plain", Green, null, ("seed", 1), ("stream", true), ("partial_images", 3));

        Assert.Equal("[DONE]", (await Event.ReadAllAsync(taken))[^1].Data);
        var all = (await Event.ReadAllAsync(shown))[..^1].Select(item => (string)item.Json["b64_json"]!).ToList();
        var first = all.FindIndex(picture => ScoreOfGreen(Convert.FromBase64String(picture)) >= Least);
        Assert.True(first >= 0);
        if (first == 0)
        {
            await AssertRefusedAsync(refused, "blocked by our content filters");
            return;
        }

        var events = await Event.ReadAllAsync(refused);
        Assert.Equal(all[..first], events[..^1].Select(item => (string)item.Json["b64_json"]!));
        Assert.Equal("content_policy_violation", (string?)events[^1].Json["error"]!["code"]);
    }

    [Theory]
    [InlineData("orphan")]
    [InlineData("mislabelled")]
    [InlineData("unseen")]
    public async Task Nothing_goes_out_where_a_check_cannot_be_made(string model)
    {
        using var response = await painter.PostAsync(model, White);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(
            "model_unavailable", (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["code"]);
    }

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    private static async Task AssertRefusedAsync(HttpResponseMessage response, string message)
    {
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
        Assert.Equal(
            (HttpStatusCode.BadRequest, "content_policy_violation", "invalid_request_error", null),
            (response.StatusCode, (string?)error["code"], (string?)error["type"], (string?)error["param"]));
        Assert.Contains(message, (string)error["message"]!, StringComparison.Ordinal);
    }

    /// <summary>The colour classifier's score of green, from the means of the channels.</summary>
    private static double ScoreOfGreen(byte[] file)
    {
        using var bitmap = SKBitmap.Decode(file);
        var powers = new Func<SKColor, byte>[] { pixel => pixel.Red, pixel => pixel.Green, pixel => pixel.Blue }
            .Select(channel => Math.Exp(10 * bitmap.Pixels.Average(pixel => channel(pixel) / 255.0))).ToArray();
        return powers[1] / powers.Sum();
    }
}
