using System.Net;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Endpoints;

/// <summary>Every endpoint holds its upper bound, bills what was used, and gives the rest back.</summary>
public sealed class HoldTests(EveryTask bench) : IClassFixture<EveryTask>
{
    private GatewayUnderTest Gateway => bench.Gateway;

    [Theory]
    [MemberData(nameof(EveryTask.Rows), MemberType = typeof(EveryTask))]
    public async Task The_bound_is_held_while_the_worker_works_and_what_is_left_returns(int row, string name)
    {
        var call = EveryTask.Calls[row];
        var key = await Gateway.CreateKeyAsync();
        (long Held, long Spent)? during = null;
        var bound = "";
        Gateway.Worker.Script = async worker =>
        {
            bound = worker.Head.Split("\r\n").Single(line => line.StartsWith(WorkerHeaders.Bound, StringComparison.OrdinalIgnoreCase));
            during = await Gateway.TillAsync(key);
            await worker.AnswerAsync("{}", call.Used);
        };

        using var response = await Gateway.Http.SendAsync(call.Make(key));

        Assert.Equal((HttpStatusCode.OK, name), (response.StatusCode, name));
        Assert.Equal($"{WorkerHeaders.Bound}: {call.Bound}", bound);
        Assert.Equal((EveryTask.Price.CostNanoUsd(call.Bound, ServiceClass.Standard), 0), during);
        var usage = await Gateway.Plane.WaitForUsageAsync(response.Headers.GetValues("x-request-id").Single());
        Assert.Equal((Outcome.Completed, call.Used), (usage.Outcome, usage.Units));
        await SettledAsync(key, EveryTask.Price.CostNanoUsd(call.Used, ServiceClass.Standard));
    }

    [Theory]
    [MemberData(nameof(EveryTask.Rows), MemberType = typeof(EveryTask))]
    public async Task A_worker_that_states_more_than_is_held_is_not_believed(int row, string name)
    {
        var call = EveryTask.Calls[row];
        var key = await Gateway.CreateKeyAsync();
        var more = call.Bound with { AudioMs = call.Bound.AudioMs + 1_000, Images = call.Bound.Images + 1 };
        Gateway.Worker.Script = worker => worker.AnswerAsync("{}", more);

        using var response = await Gateway.Http.SendAsync(call.Make(key));

        Assert.Equal((HttpStatusCode.BadGateway, name), (response.StatusCode, name));
        var usage = await Gateway.Plane.WaitForUsageAsync(response.Headers.GetValues("x-request-id").Single());
        Assert.Equal((Outcome.FailedBeforeFirstToken, default(Units)), (usage.Outcome, usage.Units));
        await SettledAsync(key, spent: 0);
    }

    [Theory]
    [MemberData(nameof(EveryTask.Rows), MemberType = typeof(EveryTask))]
    public async Task A_refusal_by_the_worker_gives_all_back(int row, string name)
    {
        var call = EveryTask.Calls[row];
        var key = await Gateway.CreateKeyAsync();
        Gateway.Worker.Script = worker => worker.AnswerAsync(
            """{"error":{"message":"No.","type":"invalid_request_error","param":null,"code":"invalid_value"}}""", status: 400);

        using var response = await Gateway.Http.SendAsync(call.Make(key));

        Assert.Equal((HttpStatusCode.BadRequest, name), (response.StatusCode, name));
        await SettledAsync(key, spent: 0);
    }

    private Task SettledAsync(TestKey key, long spent) =>
        Until.TrueAsync(async () => await Gateway.TillAsync(key) == (0, spent), $"nothing is held and {spent} is spent");
}
