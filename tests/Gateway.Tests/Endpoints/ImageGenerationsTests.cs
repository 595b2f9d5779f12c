using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Catalogue;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Testing;
using static Tollgate.Gateway.Tests.Forwarding.UnaryTests;

namespace Tollgate.Gateway.Tests.Endpoints;

public sealed class ImageGenerationsTests
{
    private const string Path = "/v1/images/generations";
    private const long PicoUsdPerImage = 1_000_000_000; // $0.001
    private const long PicoUsdPerPixel = 10_000; // $0.01 a million
    private const long PicoUsdPerStep = 50_000_000; // $0.00005
    private const long Pixels = 64 * 64;

    [Fact]
    public async Task An_answer_is_held_and_billed_by_its_pictures_their_pixels_and_their_steps()
    {
        await using var gateway = await StartAsync();
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.Script = call => call.AnswerAsync("""{"created":1,"data":[]}""", Used(3, steps: 60));

        using var response = await gateway.PostAsync(key, Path, """{"model":"tiny-painter","prompt":"A tree","n":3}""");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var call = Assert.Single(gateway.Worker.Calls);
        // The context bounds the text.
        Assert.Contains(
            $"{WorkerHeaders.Bound}: {new Units(32, Images: 3, Pixels: 3 * Pixels, Steps: 60)}", call.Head, StringComparison.Ordinal);
        var row = await gateway.Plane.WaitForUsageAsync(RequestId(response));
        Assert.Equal(
            (Outcome.Completed, Used(3, steps: 60), "images.generations"), (row.Outcome, row.Units, row.Endpoint));
    }

    [Theory]
    [InlineData("\"size\":\"128x32\",\"steps\":7", 2 * 128 * 32, 14)]
    [InlineData("\"size\":\"9999x9999\",\"steps\":999", 2 * 256 * 256, 200)] // The worker refuses both.
    public async Task The_hold_has_the_pixels_and_steps_asked_for_within_what_the_worker_draws(string members, long pixels, long steps)
    {
        await using var gateway = await StartAsync();
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.Script = call => call.AnswerAsync("""{"created":1,"data":[]}""", new Units(4));

        using var response = await gateway.PostAsync(key, Path, $$"""{"model":"tiny-painter","prompt":"A tree","n":2,{{members}}}""");

        Assert.Contains(
            $"{WorkerHeaders.Bound}: {new Units(32, Images: 2, Pixels: pixels, Steps: steps)}", Assert.Single(gateway.Worker.Calls).Head,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_is_billed_by_the_pictures_of_which_anything_went_out_and_by_their_steps()
    {
        await using var gateway = await StartAsync();
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.Script = async call =>
        {
            await call.StartStreamAsync(new Units(4, Pixels: Pixels));
            await call.ChunkAsync(Event(1, 10, "image_generation.partial_image") + Event(1, 20, "image_generation.completed"));
            await call.ChunkAsync(Event(2, 40, "image_generation.completed") + $"id: {(40 * 16) + 2}\ndata: [DONE]\n\n");
            await call.EndAsync();
        };

        using var response = await gateway.PostAsync(key, Path, """{"model":"tiny-painter","prompt":"A tree","n":2,"stream":true}""");
        var text = await response.Content.ReadAsStringAsync();

        Assert.Contains("event: image_generation.partial_image\n", text, StringComparison.Ordinal);
        var row = await gateway.Plane.WaitForUsageAsync(RequestId(response));
        Assert.Equal((Outcome.Completed, Used(2, steps: 40), true), (row.Outcome, row.Units, row.Streamed));
    }

    [Theory]
    [InlineData("")] // The worker breaks off.
    [InlineData("id: 323\nevent: image_generation.completed\ndata: {}\n\n")] // More pictures than the hold covers.
    [InlineData("id: 659\nevent: image_generation.completed\ndata: {}\n\n")] // More steps than the hold covers.
    public async Task A_stream_that_breaks_costs_what_went_out(string last)
    {
        await using var gateway = await StartAsync();
        var key = await gateway.CreateKeyAsync();
        var started = new TaskCompletionSource();
        gateway.Worker.Script = async call =>
        {
            await call.StartStreamAsync(new Units(4, Pixels: Pixels));
            await call.ChunkAsync(Event(1, 20, "image_generation.completed"));
            await started.Task;
            if (last.Length > 0)
            {
                await call.ChunkAsync(last);
            }

            await call.EndAsync();
        };

        using var response = await gateway.PostAsync(key, Path, """{"model":"tiny-painter","prompt":"A tree","n":2,"stream":true}""");
        started.SetResult();
        var text = await response.Content.ReadAsStringAsync();

        Assert.Contains("\"error\"", text, StringComparison.Ordinal);
        var row = await gateway.Plane.WaitForUsageAsync(RequestId(response));
        Assert.Equal((Outcome.FailedAfterFirstToken, Used(1, steps: 20)), (row.Outcome, row.Units));
    }

    [Theory]
    [InlineData(1_000_000, 0)] // Forgiven: the organization has that much for nothing.
    [InlineData(0, 20)]
    public async Task A_refused_picture_is_work_without_an_answer(int forgiven, int billedSteps)
    {
        await using var gateway = await StartAsync($"--Forwarding:ForgivenTokensPerMinute={forgiven}");
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.Script = call => call.AnswerAsync(
            Encoding.UTF8.GetString(OpenAiError.DrawingRefused().ToJson()), new Units(4, Steps: 20), status: 400);

        using var response = await gateway.PostAsync(key, Path, """{"model":"tiny-painter","prompt":"A tree"}""");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("content_policy_violation", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var row = await gateway.Plane.WaitForUsageAsync(RequestId(response));
        Assert.Equal(
            (Outcome.FailedBeforeFirstToken, new Units(billedSteps == 0 ? 0 : 4, Steps: billedSteps)), (row.Outcome, row.Units));
    }

    private static Units Used(int images, int steps) => new(4, Images: images, Pixels: images * Pixels, Steps: steps);

    private static string Event(int images, int steps, string name) =>
        $"id: {(steps * 16) + images}\nevent: {name}\ndata: {{\"type\":\"{name}\"}}\n\n";

    /// <summary>A gateway whose worker draws.</summary>
    private static async Task<GatewayUnderTest> StartAsync(params string[] settings)
    {
        var gateway = await GatewayUnderTest.StartAsync(settings: settings);
        var status = ScriptedWorker.StatusOf("worker-1");
        var painter = status.Models[1] with
        {
            Card = status.Models[1].Card with
            {
                Name = "tiny-painter",
                Task = "image-generation",
                ContextLength = 32,
                Measure = null,
                Drawing = new DrawingMeasure(Pixels, 256 * 256, 20, 100),
            },
        };
        gateway.Worker.Status = status with { Models = [.. status.Models, painter] };
        gateway.Plane.Prices.Publish(new PriceSnapshot(
        [
            new ModelPrice(
                "tiny-painter", new Guid("0195aaaa-0000-7000-8000-000000000003"), DateTimeOffset.UnixEpoch, null,
                new(0, 0, 0, 0, 0, PicoUsdPerImage, PicoUsdPerPixel, PicoUsdPerStep)),
        ]));
        var prices = gateway.App.Services.GetRequiredService<PriceCatalogue>();
        await Until.TrueAsync(
            () => gateway.Pool.Cards.Any(card => card.Name == "tiny-painter") && prices.InForce("tiny-painter", Guid.Empty) is not null,
            "the painter and its price are known");
        return gateway;
    }
}
