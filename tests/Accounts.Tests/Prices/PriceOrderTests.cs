using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.Tests.Prices;

/// <summary>Orders of the command line about prices: the desk of the pages, without a user.</summary>
public sealed class PriceOrderTests : IAsyncLifetime
{
    private AccountsHost _host = null!;

    public async Task InitializeAsync() => _host = await AccountsHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Price_reaches_Billing_with_the_models_task_and_is_written_down()
    {
        var card = new ModelCard { Name = "tiny-embed", Version = "1", Task = "embeddings", ContextLength = 512, DefaultMaxOutput = 0 };
        var status = new WorkerStatus("w", "1", "cpu", false, DateTimeOffset.UnixEpoch, [new ServedModel(card, true, 0, 0, 0)]);
        _host.Responder.Fleet = new Contracts.Catalogue.Fleet(
            DateTimeOffset.UnixEpoch, [new FleetWorker("http://127.0.0.1:9", true, status)]);

        using var served = await SetAsync(new SetPrice("tiny-embed", 0.03m, null, false));
        using var named = await SetAsync(new SetPrice("new-embed", 0.04m, null, false, Task: "embeddings"));

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (served.StatusCode, named.StatusCode));
        Assert.Equal(
            [
                new SetPrice("tiny-embed", 0.03m, null, false, Task: "embeddings"),
                new SetPrice("new-embed", 0.04m, null, false, Task: "embeddings"),
            ],
            Orders());
        Assert.Equal(["price.set $0.03 in, $0 out: tiny-embed", "price.set $0.04 in, $0 out: new-embed"], await AuditAsync());
    }

    /// <summary>Before a trainer shows its model, and for a name that no worker ever shows.</summary>
    [Fact]
    public async Task Prices_of_training_are_known_by_their_names()
    {
        using var training = await SetAsync(new SetPrice("minilm:training", null, 0.4m, false));
        using var tuned = await SetAsync(new SetPrice("minilm:tuned", 0.05m, null, false));

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (training.StatusCode, tuned.StatusCode));
        Assert.Equal(["training", "classification"], Orders().Select(order => order.Task));
    }

    [Fact]
    public async Task Faults_of_ours_and_of_Billing_come_at_once_by_the_names_of_the_order()
    {
        _host.Responder.PriceFaults = new() { ["outputPerMillion"] = ["Name a price for output."] };

        using var answer = await SetAsync(new SetPrice("m", 1, null, false, OrganizationId: Guid.NewGuid()));

        var problem = (await answer.Content.ReadFromJsonAsync<HttpValidationProblemDetails>())!;
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(["There is no such organization."], problem.Errors["organizationId"]);
        Assert.Equal(["Name a price for output."], problem.Errors["outputPerMillion"]);
        Assert.Empty(Orders());
        Assert.Empty(await AuditAsync());
    }

    [Fact]
    public async Task While_Billing_is_away_an_order_gets_503_and_changes_nothing()
    {
        _host.Responder.Failures.Enqueue(503); // The fleet, for the task.
        _host.Responder.Failures.Enqueue(503);
        using var set = await SetAsync(new SetPrice("m", 1, 2, false));
        _host.Responder.Failures.Enqueue(503);
        using var withdrawn = await _host.Operators.DeleteAsync($"/internal/prices/{Guid.NewGuid()}");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.ServiceUnavailable), (set.StatusCode, withdrawn.StatusCode));
        Assert.Contains("Nothing was changed", await set.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(await AuditAsync());
    }

    [Fact]
    public async Task Scheduled_price_is_withdrawn_and_written_down_and_an_unknown_one_is_not_found()
    {
        var from = new DateTimeOffset(2099, 1, 31, 12, 30, 0, TimeSpan.Zero);
        var price = new ModelPrice("m", Guid.NewGuid(), from, null, new UnitPrices(1, 1, 1, 1, 0, 0));
        _host.Responder.Prices = [price];

        using var done = await _host.Operators.DeleteAsync($"/internal/prices/{price.Version}");
        using var unknown = await _host.Operators.DeleteAsync($"/internal/prices/{Guid.NewGuid()}");

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NotFound), (done.StatusCode, unknown.StatusCode));
        Assert.Equal(["price.cancel from 2099-01-31T12:30:00Z: m"], await AuditAsync());
    }

    private Task<HttpResponseMessage> SetAsync(SetPrice price) =>
        _host.Operators.PostAsJsonAsync("/internal/prices", price, ContractsJson.Default.SetPrice);

    private List<SetPrice> Orders() =>
        [.. _host.Responder.Requests.Where(r => r.Method == "POST" && r.PathAndQuery == "/internal/prices")
            .Select(r => JsonSerializer.Deserialize(r.Body, ContractsJson.Default.SetPrice)!)];

    private Task<List<string>> AuditAsync() => _host.InScopeAsync<AccountsDb, List<string>>(
        db => db.AuditEntries.Where(entry => entry.Action.StartsWith("price.") && entry.ActorId == null).OrderBy(entry => entry.Id)
            .Select(entry => entry.Action + " " + entry.Subject).ToListAsync());
}
