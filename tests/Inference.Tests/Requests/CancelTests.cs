using System.Net;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Requests;

[Collection(nameof(WorkerFixture))]
public sealed class CancelTests(WorkerFixture worker)
{
    private const string Path = "/v1/chat/completions";

    [Fact]
    public async Task Cancelling_a_stream_answers_with_final_units_and_frees_the_slot()
    {
        // A fast machine may be through before the call has a thread: the stream ends well then, and another one is cancelled.
        var (request, cancelled, last) = (Guid.Empty, (Cancelled?)null, 0L);
        for (var left = 20; cancelled is null && left > 0; left--)
        {
            request = Guid.NewGuid();
            (cancelled, last) = await CancelStreamAsync(request);
        }

        Assert.NotNull(cancelled);
        Assert.True(cancelled.Known);
        Assert.InRange(cancelled.Units.Output, last, (16 * 450) - 1);
        Assert.Equal(cancelled.Units, (await worker.WitnessAsync()).Entries.Single(entry => entry.RequestId == request).Units);
        Assert.Equal(0, (await WorkerFixture.StatusAsync(worker.Gateway)).Models.Sum(model => model.Active));
        Assert.Equal(cancelled.Units, (await worker.CancelAsync(request)).Units); // Again: from the log.
        Assert.False((await worker.CancelAsync(request)).Known);
    }

    /// <summary>Cancels a stream after its first tokens.</summary>
    /// <returns>The answer to the call, and the last count of the stream; null where the stream ended well before.</returns>
    private async Task<(Cancelled? Cancelled, long Last)> CancelStreamAsync(Guid request)
    {
        using var response = await worker.PostAsync(
            Path, WorkerFixture.EndlessChat(450, stream: true, choices: 16), request, HttpCompletionOption.ResponseHeadersRead);
        var last = 0L;
        Cancelled? cancelled = null;
        try
        {
            await foreach (var item in Event.ReadAsync(response))
            {
                last = item.Id;
                if (last >= 5 && cancelled is null)
                {
                    cancelled = await worker.CancelAsync(request);
                }
            }

            var isWhole = last == 16 * 450 && cancelled is not { Known: true, Units.Output: < 16 * 450 };
            Assert.True(isWhole, "A stream that was cut off must not end well.");
            return (null, last);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return (cancelled, last);
        }
    }

    [Fact]
    public async Task A_gateway_that_goes_away_frees_the_slot_and_leaves_its_units_in_the_log()
    {
        var request = Guid.NewGuid();
        using (var response = await worker.PostAsync(
            Path, WorkerFixture.EndlessChat(450, stream: true, choices: 16), request, HttpCompletionOption.ResponseHeadersRead))
        {
            await using var events = Event.ReadAsync(response).GetAsyncEnumerator();
            await events.MoveNextAsync();
        }

        await Until.TrueAsync(
            async () => (await worker.WitnessAsync()).Entries.Any(entry => entry.RequestId == request), "the request is in the log");
        var entry = (await worker.WitnessAsync()).Entries.Single(entry => entry.RequestId == request);
        Assert.InRange(entry.Units.Output, 1, (16 * 450) - 1);
        Assert.Equal(0, (await WorkerFixture.StatusAsync(worker.Gateway)).Models.Sum(model => model.Active));
    }

    [Fact]
    public async Task Cancelling_in_the_queue_costs_nothing()
    {
        using var stop = new CancellationTokenSource();
        var running = Enumerable.Range(0, 32)
            .Select(_ => worker.PostAsync(Path, WorkerFixture.EndlessChat(450, stream: false), cancellationToken: stop.Token)).ToList();
        await Until.TrueAsync(
            async () => (await WorkerFixture.StatusAsync(worker.Gateway)).Models.Sum(model => model.Active) == 32, "all slots are taken");
        var request = Guid.NewGuid();
        var waiting = worker.PostAsync(Path, WorkerFixture.Chat("Hello!"), request);
        await Until.TrueAsync(
            async () => (await WorkerFixture.StatusAsync(worker.Gateway)).Models.Sum(model => model.Queued) == 1, "the request waits");

        var cancelled = await worker.CancelAsync(request);

        Assert.Equal((true, default(Units)), (cancelled.Known, cancelled.Units));
        using var response = await waiting;
        Assert.Equal((HttpStatusCode)499, response.StatusCode);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(running));
        await Until.TrueAsync(
            async () => (await WorkerFixture.StatusAsync(worker.Gateway)).Models.Sum(model => model.Active) == 0, "all slots are free");
    }

    [Fact]
    public async Task Cancelling_embeddings_answers_with_what_was_computed_and_leaves_it_in_the_log()
    {
        var text = string.Concat(Enumerable.Repeat("a toll gate is a gate on a road ", 40));
        var body = new JsonObject
        {
            ["model"] = "tiny-embed",
            ["input"] = new JsonArray([.. Enumerable.Range(0, 1000).Select(i => (JsonNode)$"{i} {text}")]),
        };
        var (status, request, cancelled) = await AskAndCancelAsync(body);
        for (var attempt = 1; status == HttpStatusCode.OK && attempt < 20; attempt++)
        {
            (status, request, cancelled) = await AskAndCancelAsync(body); // On a busy machine the answer can be complete before the cancel.
        }

        Assert.Equal((HttpStatusCode)499, status);
        Assert.InRange(cancelled.Units.Input, 0, (1000 * 250) - 1);
        Assert.Equal(
            cancelled.Units.Input,
            (await worker.WitnessAsync()).Entries.Where(entry => entry.RequestId == request).Sum(entry => entry.Units.Input));
        Assert.Equal(0, (await WorkerFixture.StatusAsync(worker.Gateway)).Models.Sum(model => model.Active));
    }

    [Fact]
    public async Task Cancelling_what_nobody_knows_says_so()
    {
        var cancelled = await worker.CancelAsync(Guid.NewGuid());

        Assert.Equal((false, default(Units)), (cancelled.Known, cancelled.Units));
    }

    private async Task<(HttpStatusCode Status, Guid Request, Cancelled Cancelled)> AskAndCancelAsync(JsonObject body)
    {
        var request = Guid.NewGuid();
        var asking = worker.PostAsync("/v1/embeddings", body, request);
        Cancelled cancelled;
        do
        {
            cancelled = await worker.CancelAsync(request); // Until it has arrived.
        }
        while (!cancelled.Known && !asking.IsCompleted);

        using var response = await asking;
        return (response.StatusCode, request, cancelled);
    }
}
