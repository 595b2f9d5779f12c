using System.Net.Http.Json;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Learning;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;
using Tollgate.Training;

namespace Tollgate.Gateway.Tests.Endpoints;

/// <summary>Runs of a job through a real gateway at a real trainer.</summary>
public sealed class TrainingCallTests : IAsyncLifetime
{
    private const string Model = "lstm:training";
    private const long PicoUsd = 3_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private TestLearning _learning = null!;
    private WebApplication _trainer = null!;
    private GatewayUnderTest _gateway = null!;

    public async Task InitializeAsync()
    {
        var rows = Enumerable.Range(0, 120).Select(
            i => $$"""{"text":"It was {{(i % 2 == 0 ? "good" : "bad")}} and number {{i}} of many","label":"{{i % 2}}"}""");
        _learning = await TestLearning.StartAsync(Encoding.UTF8.GetBytes(string.Join('\n', rows)));
        _trainer = TrainerApp.Create(
        [
            "--Listen:Internal=http://127.0.0.1:0", TestBearers.Argument("inference"), $"--Services:learning={_learning.Url}",
            "--Worker:Id=trainer-1", $"--Worker:DataDirectory={TestFolder.Create("trainer")}",
            $"--Models:Directory={TestFolder.Create("models")}", "--Trainer:LowestPriority=false",
        ]);
        await _trainer.StartAsync();
        _gateway = await GatewayUnderTest.StartAsync(1, $"--Routing:Workers:1={_trainer.Url(ListenerKind.Internal)}");
        _gateway.Plane.Prices.Publish(new PriceSnapshot(
            [new ModelPrice(Model, Guid.NewGuid(), DateTimeOffset.UnixEpoch, null, new(0, 0, PicoUsd, 0, 0, 0))]));
        await Until.TrueAsync(
            async () =>
            {
                using var plan = await TrainingRunsTests.SendAsync(_gateway, await _gateway.CreateKeyAsync(), Order());
                return plan.IsSuccessStatusCode;
            },
            "the trainer and its price are known", Patience);
    }

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _trainer.DisposeAsync();
        await _learning.DisposeAsync();
    }

    [Fact]
    public async Task A_run_is_billed_the_tokens_of_its_plan()
    {
        var (key, order) = (await _gateway.CreateKeyAsync(), Order());
        var bound = await BoundAsync(key, order);

        using var response = await TrainingRunsTests.SendAsync(_gateway, key, Run(order, bound), worker: "trainer-1");
        var text = await response.Content.ReadAsStringAsync();

        Assert.EndsWith($"id: {bound}\ndata: [DONE]\n\n", text, StringComparison.Ordinal);
        var row = await UsageAsync(response);
        Assert.Equal(
            ("fine_tuning", Model, Outcome.Completed, new Units(0, Output: bound)), (row.Endpoint, row.Model, row.Outcome, row.Units));
        await Until.TrueAsync(async () => await _gateway.TillAsync(key) == (0, bound * PicoUsd / 1000), "it is settled");
        Assert.True(_learning.Results.ContainsKey(order.Job.ToString("N")));
    }

    [Fact]
    public async Task A_run_that_its_service_leaves_and_the_next_one_are_billed_the_tokens_of_the_plan_together()
    {
        var (key, order) = (await _gateway.CreateKeyAsync(), Order());
        var bound = await BoundAsync(key, order);
        UsageEvent left;
        using (var first = await TrainingRunsTests.SendAsync(
            _gateway, key, Run(order, bound), HttpCompletionOption.ResponseHeadersRead))
        {
            using var reader = new StreamReader(await first.Content.ReadAsStreamAsync());
            while (await reader.ReadLineAsync() is { } line && !line.Contains("\"epoch\"", StringComparison.Ordinal))
            {
                Assert.DoesNotContain("error", line, StringComparison.Ordinal);
            }

            reader.Dispose();
            left = await UsageAsync(first);
        }

        var paid = left.Units.Output;
        using var second = await TrainingRunsTests.SendAsync(
            _gateway, key, Run(order, bound - paid) with { PaidTokens = paid }, worker: "trainer-1");
        var text = await second.Content.ReadAsStringAsync();

        Assert.Equal(Outcome.ClientLeft, left.Outcome);
        Assert.InRange(paid, 1, bound);
        Assert.EndsWith("[DONE]\n\n", text, StringComparison.Ordinal);
        Assert.Equal(bound - paid, (await UsageAsync(second)).Units.Output);
    }

    private static TrainingOrder Order() => new()
    {
        Model = Model,
        Job = Guid.NewGuid(),
        Numbers = new TrainingNumbers { Method = "lstm", Seed = 1, Epochs = 60, BatchSize = 8, StopsEarly = false, CheckpointEvery = 7 },
    };

    private static TrainingOrder Run(TrainingOrder order, long most) => order with { Stream = true, MostTokens = most };

    private async Task<long> BoundAsync(TestKey key, TrainingOrder order)
    {
        using var response = await TrainingRunsTests.SendAsync(_gateway, key, order);
        return (await response.Content.ReadFromJsonAsync(ContractsJson.Default.TrainingPlan))!.TokenBound;
    }

    private Task<UsageEvent> UsageAsync(HttpResponseMessage response)
    {
        var id = Guid.ParseExact(response.Headers.GetValues("x-request-id").Single()["req_".Length..], "N");
        return Until.ValueAsync(
            () => Task.FromResult(_gateway.Plane.Booked.SingleOrDefault(row => row.RequestId == id)), "usage of the run", Patience);
    }
}
