using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
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
    private const long PicoUsdPerImage = 2_000_000_000; // $0.002

    [Fact]
    public async Task An_answer_is_held_and_billed_by_its_pictures()
    {
        await using var gateway = await StartAsync();
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.Script = call => call.AnswerAsync("""{"created":1,"data":[]}""", new Units(4, Images: 3));

        using var response = await gateway.PostAsync(key, Path, """{"model":"tiny-painter","prompt":"A tree","n":3}""");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var call = Assert.Single(gateway.Worker.Calls);
        // The context bounds the text.
        Assert.Contains($"{WorkerHeaders.Bound}: {new Units(32, Images: 3)}", call.Head, StringComparison.Ordinal);
        var row = await gateway.Plane.WaitForUsageAsync(RequestId(response));
        Assert.Equal(
            (Outcome.Completed, new Units(4, Images: 3), "images.generations"), (row.Outcome, row.Units, row.Endpoint));
    }

    [Fact]
    public async Task A_stream_is_billed_by_the_pictures_of_which_anything_went_out()
    {
        await using var gateway = await StartAsync();
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.Script = async call =>
        {
            await call.StartStreamAsync(new Units(4));
            await call.ChunkAsync(Event(1, "image_generation.partial_image") + Event(1, "image_generation.completed"));
            await call.ChunkAsync(Event(2, "image_generation.completed") + "id: 2\ndata: [DONE]\n\n");
            await call.EndAsync();
        };

        using var response = await gateway.PostAsync(key, Path, """{"model":"tiny-painter","prompt":"A tree","n":2,"stream":true}""");
        var text = await response.Content.ReadAsStringAsync();

        Assert.Contains("event: image_generation.partial_image\n", text, StringComparison.Ordinal);
        var row = await gateway.Plane.WaitForUsageAsync(RequestId(response));
        Assert.Equal((Outcome.Completed, new Units(4, Images: 2), true), (row.Outcome, row.Units, row.Streamed));
    }

    [Theory]
    [InlineData("")] // The worker breaks off.
    [InlineData("id: 3\nevent: image_generation.completed\ndata: {}\n\n")] // More pictures than the hold covers.
    public async Task A_stream_that_breaks_costs_what_went_out(string last)
    {
        await using var gateway = await StartAsync();
        var key = await gateway.CreateKeyAsync();
        var started = new TaskCompletionSource();
        gateway.Worker.Script = async call =>
        {
            await call.StartStreamAsync(new Units(4));
            await call.ChunkAsync(Event(1, "image_generation.completed"));
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
        Assert.Equal((Outcome.FailedAfterFirstToken, new Units(4, Images: 1)), (row.Outcome, row.Units));
    }

    private static string Event(int id, string name) => $"id: {id}\nevent: {name}\ndata: {{\"type\":\"{name}\"}}\n\n";

    /// <summary>A gateway whose worker draws.</summary>
    private static async Task<GatewayUnderTest> StartAsync()
    {
        var gateway = await GatewayUnderTest.StartAsync();
        var status = ScriptedWorker.StatusOf("worker-1");
        var painter = status.Models[1] with
        {
            Card = status.Models[1].Card with { Name = "tiny-painter", Task = "image-generation", ContextLength = 32, Measure = null },
        };
        gateway.Worker.Status = status with { Models = [.. status.Models, painter] };
        gateway.Plane.Prices.Publish(new PriceSnapshot(
        [
            new ModelPrice(
                "tiny-painter", new Guid("0195aaaa-0000-7000-8000-000000000003"), DateTimeOffset.UnixEpoch, null,
                new(0, 0, 0, 0, 0, PicoUsdPerImage)),
        ]));
        var prices = gateway.App.Services.GetRequiredService<PriceCatalogue>();
        await Until.TrueAsync(
            () => gateway.Pool.Cards.Any(card => card.Name == "tiny-painter") && prices.InForce("tiny-painter", Guid.Empty) is not null,
            "the painter and its price are known");
        return gateway;
    }
}
