using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Billing.Ingest;
using Tollgate.Billing.Leases;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Usage;

namespace Tollgate.Billing.Tests.Ingest;

public sealed class IngestBacklogTests(BillingFixture billing) : IClassFixture<BillingFixture>
{
    [Fact]
    public async Task BookAsync_takes_the_largest_batch_over_http()
    {
        var app = await billing.StartAsync();
        using var gateway = BillingFixture.Client(app, "gateway");
        var organization = await billing.OpenWalletAsync(1);
        List<UsageEvent> events = [.. Enumerable.Range(0, 10_000).Select(_ => BillingFixture.Usage(organization, 0, 1, 1))];
        var batch = new UsageBatch(Guid.NewGuid(), 1, 0, 1, events, []);

        var answer = await gateway.PostAsync("/internal/usage", UsageBatchFormat.ToContent(batch));
        var tooLarge = await gateway.PostAsync(
            "/internal/usage", UsageBatchFormat.ToContent(batch with { Events = [.. events, events[0]] }));
        using var half = new ByteArrayContent(UsageBatchFormat.Write(batch)[..^1]);
        half.Headers.ContentType = new MediaTypeHeaderValue(UsageBatchFormat.ContentType);
        var torn = await gateway.PostAsync("/internal/usage", half);
        var json = await gateway.PostAsJsonAsync("/internal/usage", events[0], ContractsJson.Default.UsageEvent);

        Assert.Equal(10_000, (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.UsageBooked))!.Inserted);
        Assert.Equal(
            (HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.BadRequest, HttpStatusCode.UnsupportedMediaType),
            (tooLarge.StatusCode, torn.StatusCode, json.StatusCode));
    }

    /// <summary><c>./tollgate bench ingest</c> measures the pace; its goal is 20,000 events a second.</summary>
    [Fact]
    public async Task BookAsync_books_every_event_of_a_backlog_once()
    {
        var desk = billing.App.Services.GetRequiredService<LeaseDesk>();
        var ingest = billing.App.Services.GetRequiredService<UsageIngest>();
        var organizations = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => billing.OpenWalletAsync(100)));
        var epochs = new long[organizations.Length];
        for (var i = 0; i < epochs.Length; i++)
        {
            epochs[i] = (await desk.AskAsync(new LeaseRequest(organizations[i], null, 50_000_000_000, 0), default)).Epoch;
        }

        var journal = Guid.NewGuid();
        var batches = Enumerable.Range(0, 13).Select(_ => Enumerable.Range(0, 5000)
            .Select(i => BillingFixture.Usage(organizations[i % 100], epochs[i % 100], 200, 50)).ToList()).ToList();
        await ingest.BookAsync(new UsageBatch(journal, 1, 0, 1, batches[0], []), default);

        long booked = 0;
        for (var batch = 1; batch < batches.Count; batch++)
        {
            booked += (await ingest.BookAsync(new UsageBatch(journal, 1, batch, batch + 1, batches[batch], []), default))!.Inserted;
        }

        Assert.Equal(60_000, booked); // 12 batches of 5,000 over 100 organizations.
    }
}
