using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using SkiaSharp;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Drawing;

public sealed class DrawingTests(PainterFixture painter) : IClassFixture<PainterFixture>
{
    /// <summary>Units of finished pictures of the fixture's prompt and steps.</summary>
    private static Units Used(int images) => new(8, Images: images, Pixels: images * 4096, Steps: images * 6);

    [Fact]
    public async Task An_answer_has_its_pictures_its_size_and_its_units_and_the_log_has_them_too()
    {
        var request = Guid.NewGuid();

        using var response = await painter.PostAsync(PainterFixture.Body(("n", 2), ("seed", 7)), request);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

        Assert.Equal(("64x64", "png", "opaque", 7), (
            (string?)answer["size"], (string?)answer["output_format"], (string?)answer["background"], (int)answer["seed"]!));
        var files = PainterFixture.Files(answer);
        Assert.Equal(2, files.Length);
        Assert.NotEqual(files[0], files[1]);
        Assert.All(files, file =>
        {
            using var bitmap = SKBitmap.Decode(file);
            Assert.Equal((64, 64), (bitmap.Width, bitmap.Height));
            Assert.True(bitmap.Pixels.Distinct().Count() > 20); // A picture, not one colour.
        });
        Assert.Equal(8, (int)answer["usage"]!["input_tokens"]!); // start, six words, end
        var units = Used(2);
        Assert.Equal(units.ToString(), response.Headers.GetValues(Units.Header).Single());
        var entry = (await WorkerFixture.WitnessAsync(painter.Gateway.BaseAddress!)).Entries.Single(entry => entry.RequestId == request);
        Assert.Equal(units, entry.Units);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_picture_whoever_else_draws()
    {
        var alone = PainterFixture.Files(await painter.DrawAsync(("seed", 11)))[0];

        var crowd = await Task.WhenAll(Enumerable.Range(0, 6).Select(index => painter.DrawAsync(
            ("seed", index % 2 == 0 ? 11 : 100 + index), ("steps", index % 2 == 0 ? 6 : 2 + index), ("n", index % 3 == 0 ? 2 : 1))));

        for (var index = 0; index < crowd.Length; index += 2)
        {
            Assert.Equal(alone, PainterFixture.Files(crowd[index])[0]);
        }

        Assert.NotEqual(alone, PainterFixture.Files(crowd[1])[0]);
        Assert.NotEqual((long)(await painter.DrawAsync())["seed"]!, (long)(await painter.DrawAsync())["seed"]!);
    }

    [Fact]
    public async Task Guidance_steps_and_a_negative_prompt_change_the_picture()
    {
        var plain = PainterFixture.Files(await painter.DrawAsync(("seed", 5)))[0];

        var others = new[]
        {
            await painter.DrawAsync(("seed", 5), ("guidance", 1)),
            await painter.DrawAsync(("seed", 5), ("guidance", 7.5)),
            await painter.DrawAsync(("seed", 5), ("steps", 9)),
            await painter.DrawAsync(("seed", 5), ("negative_prompt", "green")),
        };

        var files = others.Select(answer => PainterFixture.Files(answer)[0]).Append(plain).Select(Convert.ToHexString);
        Assert.Equal(5, files.Distinct().Count());
        Assert.Equal(plain, PainterFixture.Files(await painter.DrawAsync(("seed", 5), ("guidance", 3), ("steps", 6)))[0]); // The import's.
    }

    [Theory]
    [InlineData("png", null, SKEncodedImageFormat.Png)]
    [InlineData("jpeg", 80, SKEncodedImageFormat.Jpeg)]
    [InlineData("webp", 60, SKEncodedImageFormat.Webp)]
    [InlineData("webp", 100, SKEncodedImageFormat.Webp)]
    public async Task A_file_has_the_format_asked_for_and_states_that_a_model_made_it(
        string format, int? compression, SKEncodedImageFormat found)
    {
        var reference = PainterFixture.Files(await painter.DrawAsync(("seed", 3)))[0];
        var file = PainterFixture.Files(await painter.DrawAsync(
            ("seed", 3), ("output_format", format), ("output_compression", compression)))[0];

        using var data = SKData.CreateCopy(file);
        using var codec = SKCodec.Create(data);
        Assert.Equal((found, 64, 64), (codec.EncodedFormat, codec.Info.Width, codec.Info.Height));
        using var picture = SKBitmap.Decode(file);
        using var wanted = SKBitmap.Decode(reference);
        Assert.InRange(wanted.Pixels.Zip(picture.Pixels).Average(pair => Math.Abs(pair.First.Green - pair.Second.Green)), 0, 12);
        Assert.Contains(
            "digitalsourcetype/trainedAlgorithmicMedia", Encoding.Latin1.GetString(file), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lower_compression_makes_a_smaller_jpeg()
    {
        var sizes = await Task.WhenAll(new[] { 10, 95 }.Select(async compression => PainterFixture.Files(
            await painter.DrawAsync(("seed", 3), ("output_format", "jpeg"), ("output_compression", compression)))[0].Length));

        Assert.True(sizes[0] < sizes[1]);
    }

    [Theory]
    [InlineData("size", "\"512x512\"", "64x64")]
    [InlineData("size", "\"65x64\"", "64x64")]
    [InlineData("steps", "401", "400")]
    [InlineData("response_format", "\"url\"", "url")]
    [InlineData("background", "\"transparent\"", "transparent")]
    [InlineData("output_format", "\"gif\"", "webp")]
    [InlineData("image", "\"x\"", "text alone")]
    public async Task What_the_model_cannot_draw_is_refused_by_name(string member, string value, string message)
    {
        using var response = await painter.PostAsync(PainterFixture.Body((member, JsonNode.Parse(value))));
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;

        Assert.Equal((HttpStatusCode.BadRequest, member), (response.StatusCode, (string?)error["param"]));
        Assert.Contains(message, (string)error["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_negative_prompt_that_cannot_act_is_refused()
    {
        using var response = await painter.PostAsync(PainterFixture.Body(("negative_prompt", "blue"), ("guidance", 1)));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("negative_prompt", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prompt_longer_than_the_model_reads_is_cut_and_shown()
    {
        var words = string.Join(' ', Enumerable.Repeat("RED house", 40));

        var cut = await painter.DrawAsync(("prompt", words));
        var whole = await painter.DrawAsync();

        var read = string.Join(' ', Enumerable.Repeat("red house", 15)); // 32 tokens less two of the frame.
        Assert.Equal(read, (string?)cut["data"]![0]!["revised_prompt"]);
        Assert.Equal(32, (int)cut["usage"]!["input_tokens"]!);
        Assert.Null(whole["data"]![0]!["revised_prompt"]);
    }

    [Fact]
    public async Task A_stream_shows_intermediate_pictures_of_each_picture_and_then_the_finished_one()
    {
        using var response = await painter.PostAsync(
            PainterFixture.Body(("stream", true), ("partial_images", 2), ("n", 2), ("seed", 4), ("steps", 9)));
        var events = await Event.ReadAllAsync(response);

        Assert.Equal(("[DONE]", (18 * 16) + 2), (events[^1].Data, events[^1].Id)); // Two pictures of nine steps.
        Assert.Equal(new Units(8, Images: 1, Pixels: 4096, Steps: 3), DrawingProgress.UnitsOf(new Units(8, Pixels: 4096), events[0].Id));
        Assert.Equal(new Units(8, Pixels: 4096).ToString(), response.Headers.GetValues(Units.Header).Single());
        var pictures = events[..^1];
        Assert.All(pictures, item => Assert.Equal(item.Name, (string?)item.Json["type"]));
        Assert.Equal(pictures.Select(item => item.Id).Order(), pictures.Select(item => item.Id));
        foreach (var index in new[] { 0, 1 })
        {
            var own = pictures.Where(item => (int)item.Json["image_index"]! == index).ToList();
            Assert.Equal(
                ["image_generation.partial_image", "image_generation.partial_image", "image_generation.completed"],
                own.Select(item => item.Name!));
            Assert.Equal([0, 1], own[..2].Select(item => (int)item.Json["partial_image_index"]!));
            Assert.Equal(3, own.Select(item => (string?)item.Json["b64_json"]).Distinct().Count());
            Assert.Equal("64x64", (string?)own[2].Json["size"]);
        }

        var whole = PainterFixture.Files(await painter.DrawAsync(("n", 2), ("seed", 4), ("steps", 9)));
        var finished = pictures.Where(item => item.Name == "image_generation.completed")
            .OrderBy(item => (int)item.Json["image_index"]!).Select(item => Convert.FromBase64String((string)item.Json["b64_json"]!));
        Assert.Equal(whole, finished);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_stream_has_as_many_intermediate_pictures_as_asked_for(int partial)
    {
        using var response = await painter.PostAsync(PainterFixture.Body(("stream", true), ("partial_images", partial), ("seed", 4)));
        var events = await Event.ReadAllAsync(response);

        Assert.Equal(
            [.. Enumerable.Repeat("image_generation.partial_image", partial), "image_generation.completed", null],
            events.Select(item => item.Name));
    }

    [Fact]
    public async Task The_official_client_draws_whole_and_streamed()
    {
        var result = await NodeOracle.RunAsync("Tasks/Drawing/client.mjs", new JsonObject
        {
            ["url"] = painter.Gateway.BaseAddress!.AbsoluteUri,
            ["key"] = painter.Gateway.DefaultRequestHeaders.Authorization!.Parameter,
        });

        Assert.Equal(("64x64", "webp", 8), (
            (string?)result["size"], (string?)result["format"], (int)result["usage"]!["total_tokens"]!));
        var pictures = result["pictures"]!.AsArray().Select(picture => (string)picture!).ToArray();
        var events = result["events"]!.AsArray();
        Assert.Equal(2, pictures.Distinct().Count());
        Assert.Equal(
            ["image_generation.partial_image", "image_generation.partial_image", "image_generation.completed"],
            events.Select(item => (string)item!["type"]!));
        Assert.Equal([0, 1, null], events.Select(item => (int?)item!["index"]));
        Assert.Equal(pictures[0], (string?)events[2]!["picture"]);
        Assert.Equal(
            ("BadRequestError", 400, "size"), (
                (string?)result["refused"]!["name"], (int)result["refused"]!["status"]!, (string?)result["refused"]!["param"]));
        Assert.Contains("64x64", (string)result["refused"]!["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_drawn_above_the_hold()
    {
        var refused = Guid.NewGuid();

        using var runs = await painter.PostAsync(PainterFixture.Body(("n", 2)), bound: Used(2).ToString());

        Assert.Equal(HttpStatusCode.OK, runs.StatusCode);
        foreach (var less in new[] { Used(2) with { Images = 1 }, Used(2) with { Pixels = 8191 }, Used(2) with { Steps = 11 } })
        {
            using var stops = await painter.PostAsync(PainterFixture.Body(("n", 2)), refused, bound: less.ToString());
            Assert.Equal(HttpStatusCode.InternalServerError, stops.StatusCode);
        }

        Assert.DoesNotContain(
            (await WorkerFixture.WitnessAsync(painter.Gateway.BaseAddress!)).Entries, entry => entry.RequestId == refused);
    }

    [Fact]
    public async Task A_picture_that_is_cancelled_before_anything_of_it_is_shown_counts_its_steps()
    {
        var request = Guid.NewGuid();
        var drawing = painter.PostAsync(PainterFixture.Body(("steps", 400)), request);
        await Until.TrueAsync(
            async () => (await WorkerFixture.StatusAsync(painter.Gateway)).Models.Sum(model => model.Active) > 0, "it is drawn");

        using var cancel = await painter.Gateway.PostAsync($"/internal/requests/{request:N}/cancel", content: null);
        var cancelled = (await cancel.Content.ReadFromJsonAsync(ContractsJson.Default.Cancelled))!;

        using var response = await drawing;
        Assert.NotEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(new Units(8, Steps: cancelled.Units.Steps), cancelled.Units);
        Assert.InRange(cancelled.Units.Steps, 1, 399);
    }

    [Fact]
    public async Task The_card_tells_gateways_sizes_and_steps()
    {
        var card = (await WorkerFixture.StatusAsync(painter.Gateway)).Models.Single().Card;

        Assert.Equal(new DrawingMeasure(4096, 4096, 6, 400), card.Drawing);
    }

    [Fact]
    public async Task A_cancelled_stream_ends_at_the_next_step_with_its_units_and_others_go_on()
    {
        var (request, other) = (Guid.NewGuid(), painter.DrawAsync(("seed", 21), ("steps", 20)));
        using var response = await painter.PostAsync(
            PainterFixture.Body(("stream", true), ("partial_images", 3), ("steps", 120), ("n", 3)), request,
            completion: HttpCompletionOption.ResponseHeadersRead);
        await using var events = Event.ReadAsync(response).GetAsyncEnumerator();
        Assert.True(await events.MoveNextAsync());

        using var cancel = await painter.Gateway.PostAsync($"/internal/requests/{request:N}/cancel", content: null);
        var cancelled = (await cancel.Content.ReadFromJsonAsync(ContractsJson.Default.Cancelled))!;

        Assert.True(cancelled.Known);
        var seen = DrawingProgress.UnitsOf(new Units(8, Pixels: 4096), events.Current.Id);
        Assert.Equal((1, 30), (seen.Images, seen.Steps)); // The first quarter of the first picture.
        Assert.InRange(cancelled.Units.Images, seen.Images, 3);
        Assert.InRange(cancelled.Units.Steps, seen.Steps, 359);
        Assert.Equal(cancelled.Units.Images * 4096, cancelled.Units.Pixels);
        var entry = (await WorkerFixture.WitnessAsync(painter.Gateway.BaseAddress!)).Entries.Single(entry => entry.RequestId == request);
        Assert.Equal(cancelled.Units, entry.Units);
        Assert.Equal(PainterFixture.Files(await other), PainterFixture.Files(await painter.DrawAsync(("seed", 21), ("steps", 20))));
        await Until.TrueAsync(
            async () => (await WorkerFixture.StatusAsync(painter.Gateway)).Models.Sum(model => model.Active) == 0, "nothing is drawn");
    }
}
