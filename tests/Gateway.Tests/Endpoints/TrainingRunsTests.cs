using System.Net;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Learning;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Endpoints;

/// <summary>Runs of fine-tuning jobs: held, metered and cancelled as streams are, at trainers, for the service <c>learning</c> alone.
/// </summary>
public sealed class TrainingRunsTests
{
    private const string Model = "tiny-embed:training";
    private const long PicoUsd = 2_000_000;

    [Fact]
    public async Task A_run_is_held_for_its_order_billed_by_its_ids_and_counts_no_tokens_of_a_minute()
    {
        await using var gateway = await StartAsync();
        var key = await gateway.CreateKeyAsync(); // 60,000 tokens a minute.
        (long Held, long Spent)? during = null;
        var head = "";
        gateway.Worker.Script = async call =>
        {
            (head, during) = (call.Head, await gateway.TillAsync(key));
            await call.StartStreamAsync(default);
            await call.ChunkAsync(Event(0) + Event(400_000));
            await call.ChunkAsync(Event(900_000) + "id: 900000\ndata: [DONE]\n\n");
            await call.EndAsync();
        };

        using var response = await SendAsync(gateway, key, Order(most: 1_000_000));
        var text = await response.Content.ReadAsStringAsync();

        Assert.EndsWith("[DONE]\n\n", text, StringComparison.Ordinal);
        Assert.Contains("POST /v1/fine_tuning/runs ", head, StringComparison.Ordinal);
        Assert.Contains($"{WorkerHeaders.Bound}: 0,0,1000000,0,0,0", head, StringComparison.OrdinalIgnoreCase);
        Assert.Equal((1_000_000 * PicoUsd / 1000, 0), during);
        var row = await gateway.Plane.WaitForUsageAsync(RequestId(response));
        Assert.Equal(
            ("fine_tuning", Model, Outcome.Completed, new Units(0, Output: 900_000)), (row.Endpoint, row.Model, row.Outcome, row.Units));
        await Until.TrueAsync(async () => await gateway.TillAsync(key) == (0, 900_000 * PicoUsd / 1000), "it is settled");
        Assert.Equal("60000", Assert.Single(response.Headers.GetValues("x-ratelimit-remaining-tokens")));
        gateway.Worker.Script = call => call.AnswerAsync("{}", default(Units));
        using var next = await SendAsync(gateway, key, Order());
        Assert.Equal("60000", Assert.Single(next.Headers.GetValues("x-ratelimit-remaining-tokens")));
    }

    [Fact]
    public async Task A_plan_costs_nothing()
    {
        await using var gateway = await StartAsync();
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.Script = call => call.AnswerAsync("""{"method":"head"}""", default(Units));

        using var response = await SendAsync(gateway, key, Order());

        Assert.Equal("""{"method":"head"}""", await response.Content.ReadAsStringAsync());
        var row = await gateway.Plane.WaitForUsageAsync(RequestId(response));
        Assert.Equal((Outcome.Completed, default(Units)), (row.Outcome, row.Units));
        await Until.TrueAsync(async () => await gateway.TillAsync(key) is null or (0, 0), "nothing is held");
    }

    [Fact]
    public async Task A_service_that_leaves_a_run_is_billed_what_the_trainer_states_however_long_that_takes()
    {
        await using var gateway = await StartAsync(1, "--Forwarding:CancelTimeout=00:00:00.010");
        var key = await gateway.CreateKeyAsync();
        var told = new TaskCompletionSource();
        using var step = new ManualResetEventSlim();
        gateway.Worker.OnCancel = _ =>
        {
            told.SetResult();
            step.Wait(TimeSpan.FromMilliseconds(500)); // A step of the trainer, longer than other cancels may take.
            return new Cancelled(true, new Units(0, Output: 123));
        };
        gateway.Worker.Script = async call =>
        {
            await call.StartStreamAsync(default);
            await call.ChunkAsync(Event(100));
            await call.WaitForResetAsync();
        };
        string id;
        using (var response = await SendAsync(gateway, key, Order(most: 1_000), HttpCompletionOption.ResponseHeadersRead))
        {
            id = RequestId(response);
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
            Assert.Equal("id: 100", await reader.ReadLineAsync());
        }

        await told.Task;
        var row = await gateway.Plane.WaitForUsageAsync(id);
        Assert.Equal((Outcome.ClientLeft, new Units(0, Output: 123)), (row.Outcome, row.Units));
    }

    [Fact]
    public async Task A_gateway_that_stops_ends_a_run_at_once_and_bills_what_was_counted()
    {
        await using var gateway = await StartAsync(1, "--Forwarding:DrainTimeout=00:10:00");
        var key = await gateway.CreateKeyAsync();
        gateway.Worker.Script = async call =>
        {
            await call.StartStreamAsync(default);
            await call.ChunkAsync(Event(100));
            await call.WaitForResetAsync();
        };
        using var response = await SendAsync(gateway, key, Order(most: 1_000), HttpCompletionOption.ResponseHeadersRead);

        await gateway.App.StopAsync().WaitAsync(TimeSpan.FromMinutes(2)); // Far from the time that running requests have.

        Assert.Contains("\"error\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var row = await gateway.Plane.WaitForUsageAsync(RequestId(response));
        Assert.Equal(100, row.Units.Output);
    }

    [Fact]
    public async Task A_finished_run_does_not_run_again_and_two_of_one_key_do_not_run_at_once()
    {
        await using var gateway = await StartAsync();
        var key = await gateway.CreateKeyAsync();
        var (started, finish) = (new TaskCompletionSource(), new TaskCompletionSource());
        gateway.Worker.Script = async call =>
        {
            await call.StartStreamAsync(default);
            await call.ChunkAsync(Event(7));
            started.TrySetResult();
            await finish.Task;
            await call.ChunkAsync("id: 9\ndata: [DONE]\n\n");
            await call.EndAsync();
        };
        using var first = await SendAsync(gateway, key, Order(most: 10), HttpCompletionOption.ResponseHeadersRead, "ftjob-1-run-1");
        await started.Task;

        using var beside = await SendAsync(gateway, key, Order(most: 10), idempotencyKey: "ftjob-1-run-1");
        finish.SetResult();
        await first.Content.ReadAsStringAsync();
        using var again = await SendAsync(gateway, key, Order(most: 10), idempotencyKey: "ftjob-1-run-1");

        Assert.Equal(HttpStatusCode.Conflict, beside.StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        Assert.Single(gateway.Worker.Calls);
        var row = await gateway.Plane.WaitForUsageAsync(RequestId(first));
        Assert.Equal(9, row.Units.Output);
    }

    [Fact]
    public async Task A_run_that_may_cost_more_than_its_job_allows_is_refused_by_name()
    {
        await using var gateway = await StartAsync();
        var key = await gateway.CreateKeyAsync();

        using var response = await SendAsync(gateway, key, Order(most: 1_000_000) with { MostUsd = 1.99m }); // It may cost 2 dollars.

        await ErrorTests.AssertErrorAsync(response, 400, "budget_exceeded");
        Assert.Contains("\"param\":\"mostUsd\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(gateway.Worker.Calls);
    }

    [Fact]
    public async Task A_run_goes_to_the_trainer_that_it_names_and_waits_for_it()
    {
        await using var gateway = await StartAsync(2);
        gateway.Workers[1].Status = gateway.Workers[1].Status with { WorkerId = "trainer-2" };
        await Until.TrueAsync(() => gateway.Pool.Workers.Any(worker => worker.Status?.WorkerId == "trainer-2"), "both names are known");
        var key = await gateway.CreateKeyAsync();
        foreach (var worker in gateway.Workers)
        {
            worker.Script = call => call.AnswerAsync("{}", default(Units));
        }

        for (var i = 0; i < 4; i++)
        {
            using var response = await SendAsync(gateway, key, Order(), worker: "trainer-2");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Assert.Equal((0, 4), (gateway.Workers[0].Calls.Count, gateway.Workers[1].Calls.Count));
        await gateway.Workers[1].DisposeAsync();
        using var away = await SendAsync(gateway, key, Order(), worker: "trainer-2");
        await ErrorTests.AssertErrorAsync(away, 503, "model_unavailable");
        Assert.NotNull(away.Headers.RetryAfter);
        Assert.Empty(gateway.Workers[0].Calls);
    }

    [Theory]
    [InlineData("{}", "body")]
    [InlineData("""{"model":"m","job":"x"}""", "job")]
    [InlineData("""{"model":"","job":"0195aaaa00007000800000000000000a","numbers":{"method":"head","seed":1}}""", "job")]
    [InlineData("""{"model":"m","job":"0195aaaa-0000-7000-8000-00000000000a","numbers":{"method":"magic","seed":1}}""", "numbers.method")]
    [InlineData(
        """{"model":"m","mostTokens":5,"job":"0195aaaa-0000-7000-8000-00000000000a","numbers":{"method":"head","seed":1}}""", "mostTokens")]
    public void A_wrong_order_is_refused_by_the_name_of_its_member(string body, string member)
    {
        Assert.False(TrainingRunRequest.TryParse(Encoding.UTF8.GetBytes(body), out _, out var error));

        Assert.Equal((400, member), (error.Status, error.Param));
    }

    [Fact]
    public async Task No_key_can_ask_for_a_run_and_no_list_of_models_shows_a_trainer()
    {
        await using var gateway = await StartAsync();
        var key = await gateway.CreateKeyAsync();

        using var run = await gateway.PostAsync(key, PublicEndpoint.TrainingRuns.Path, "{}");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { Authorization = key.Bearer } };
        using var models = await gateway.Http.SendAsync(request);
        using var chat = await gateway.PostAsync(
            key, "/v1/chat/completions", $$"""{"model":"{{Model}}","messages":[{"role":"user","content":"Hi"}]}""");

        await ErrorTests.AssertErrorAsync(run, 404, "unknown_url");
        Assert.DoesNotContain(Model, await models.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await ErrorTests.AssertErrorAsync(chat, 404, "model_not_supported");
    }

    private static string Event(long id) => $"id: {id}\ndata: {{\"kind\":1}}\n\n";

    private static string RequestId(HttpResponseMessage response) => response.Headers.GetValues("x-request-id").Single();

    private static TrainingOrder Order(long most = 0) => new()
    {
        Model = Model,
        Stream = most > 0,
        Job = Guid.NewGuid(),
        Numbers = new TrainingNumbers { Method = "head", Seed = 1 },
        MostTokens = most,
    };

    /// <summary>Sends an order as the service <c>learning</c>.</summary>
    internal static async Task<HttpResponseMessage> SendAsync(
        GatewayUnderTest gateway, TestKey key, TrainingOrder order, HttpCompletionOption until = HttpCompletionOption.ResponseContentRead,
        string? idempotencyKey = null, string? worker = null)
    {
        using var http = new HttpClient(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero }, disposeHandler: false)
        {
            Timeout = TimeSpan.FromMinutes(3),
        };
        var request = new HttpRequestMessage(
            HttpMethod.Post, $"{gateway.App.Url(ListenerKind.Internal)}{InternalCalls.Prefix}{PublicEndpoint.TrainingRuns.Path}")
        {
            Headers = { Authorization = TestBearers.Header("learning", "gateway") },
            Content = new StringContent(
                JsonSerializer.Serialize(order, ContractsJson.Default.TrainingOrder), Encoding.UTF8, "application/json"),
        };
        request.Headers.Add(InternalCalls.KeyHeader, key.Record.PublicId);
        request.Headers.Add("Idempotency-Key", idempotencyKey ?? Guid.NewGuid().ToString());
        if (worker is not null)
        {
            request.Headers.Add(WorkerHeaders.Worker, worker);
        }

        return await http.SendAsync(request, until);
    }

    private static async Task<GatewayUnderTest> StartAsync(int workers = 1, params string[] settings)
    {
        var gateway = await GatewayUnderTest.StartAsync(workers, settings);
        var card = new ModelCard
        {
            Name = Model, Version = "1", Task = ModelTask.Training.Name, ContextLength = 256, DefaultMaxOutput = 0,
        };
        foreach (var worker in gateway.Workers)
        {
            worker.Status = worker.Status with { Models = [.. worker.Status.Models, new ServedModel(card, true, 0, 0, 1)] };
        }

        gateway.Plane.Prices.Publish(new PriceSnapshot(
        [
            new ModelPrice(Model, Guid.NewGuid(), DateTimeOffset.UnixEpoch, null, new(0, 0, PicoUsd, 0, 0, 0)),
            new ModelPrice("tiny-assistant", Guid.NewGuid(), DateTimeOffset.UnixEpoch, null, new(1, 0, 1, 0, 0, 0)),
        ]));
        await Until.TrueAsync(
            () => gateway.Pool.Workers.All(worker => worker.Status?.Models.Any(model => model.Card.Name == Model) == true),
            "the trainers are known");
        await Until.TrueAsync(
            async () =>
            {
                using var response = await SendAsync(gateway, await gateway.CreateKeyAsync(), Order(), worker: "nobody");
                return response.StatusCode == HttpStatusCode.ServiceUnavailable;
            },
            "the price is known");
        return gateway;
    }
}
