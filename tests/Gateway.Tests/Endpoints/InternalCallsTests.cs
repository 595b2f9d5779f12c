using System.Net;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Endpoints;

/// <summary>Calls of the service <c>learning</c> on behalf of a key: all that holds for the key's own calls holds, at the price of the
/// service class.</summary>
public sealed class InternalCallsTests(EveryTask bench) : IClassFixture<EveryTask>, IDisposable
{
    private readonly HttpClient _inside = new() { BaseAddress = new Uri(bench.Gateway.App.Url(ListenerKind.Internal)) };

    private GatewayUnderTest Gateway => bench.Gateway;

    [Theory]
    [MemberData(nameof(EveryTask.Rows), MemberType = typeof(EveryTask))]
    public async Task A_batch_line_is_held_run_and_billed_as_a_call_of_its_key_at_the_batch_price(int row, string name)
    {
        var call = EveryTask.Calls[row];
        var key = await Gateway.CreateKeyAsync();
        (long Held, long Spent)? during = null;
        var head = "";
        Gateway.Worker.Script = async worker =>
        {
            (head, during) = (worker.Head, await Gateway.TillAsync(key));
            await worker.AnswerAsync("{}", call.Used);
        };

        using var response = await _inside.SendAsync(Line(call, key));

        Assert.Equal((HttpStatusCode.OK, name), (response.StatusCode, name));
        Assert.Contains($"{WorkerHeaders.ServiceClass}: batch", head, StringComparison.OrdinalIgnoreCase);
        Assert.Contains($"{WorkerHeaders.Bound}: {call.Bound}", head, StringComparison.OrdinalIgnoreCase);
        Assert.Equal((EveryTask.Price.CostNanoUsd(call.Bound, ServiceClass.Batch), 0), during);
        var usage = await Gateway.Plane.WaitForUsageAsync(response.Headers.GetValues("x-request-id").Single());
        Assert.Equal(
            (Outcome.Completed, call.Used, ServiceClass.Batch, EveryTask.Price),
            (usage.Outcome, usage.Units, usage.ServiceClass, usage.Price!.PicoUsd));
        Assert.Equal(
            (key.Record.OrganizationId, key.Record.ProjectId, key.Record.KeyId), (usage.OrganizationId, usage.ProjectId, usage.KeyId));
        var spent = EveryTask.Price.CostNanoUsd(call.Used, ServiceClass.Batch);
        Assert.InRange(spent, 1, EveryTask.Price.CostNanoUsd(call.Used, ServiceClass.Standard) - 1);
        await Until.TrueAsync(async () => await Gateway.TillAsync(key) == (0, spent), $"{spent} is spent");
    }

    [Fact]
    public async Task The_next_line_of_a_key_that_was_changed_obeys_the_change()
    {
        var call = EveryTask.Calls[0];
        var key = await Gateway.CreateKeyAsync();
        Gateway.Worker.Script = worker => worker.AnswerAsync("{}", call.Used);
        using (var before = await _inside.SendAsync(Line(call, key)))
        {
            Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        }

        await AssertNextAsync(record => record with { State = KeyState.Disabled }, 401, "disabled_api_key");
        await AssertNextAsync(record => record with { ExpiresAt = DateTimeOffset.UnixEpoch }, 401, "expired_api_key");
        await AssertNextAsync(record => record with { Scopes = ["embeddings"] }, 403, "missing_scope");
        await AssertNextAsync(record => record with { ModelsDenied = [call.Model] }, 404, "model_not_found");
        await AssertNextAsync(
            record => record with { Limits = new Limits { BudgetPerDayNanoUsd = 0 } }, 429, "api_key_spend_limit_exceeded");
        await AssertNextAsync(record => record with { State = KeyState.Revoked }, 401, "revoked_api_key");

        async Task AssertNextAsync(Func<KeyRecord, KeyRecord> change, int status, string code)
        {
            var calls = Gateway.Worker.Calls.Count;
            await Gateway.PublishAsync(change(key.Record) with { Version = GatewayUnderTest.NextVersion() });
            using var next = await _inside.SendAsync(Line(call, key));
            await ErrorTests.AssertErrorAsync(next, status, code);
            Assert.Equal(calls, Gateway.Worker.Calls.Count);
        }
    }

    [Fact]
    public async Task A_key_of_a_suspended_organization_or_an_unknown_one_is_refused()
    {
        var call = EveryTask.Calls[0];
        var suspended = await Gateway.CreateKeyAsync(changePolicy: policy => policy with { Suspended = true });
        var (unknown, _, _) = ApiKeyText.Create();

        using var first = await _inside.SendAsync(Line(call, suspended));
        using var second = await _inside.SendAsync(Line(call, suspended, publicId: unknown));
        using var third = await _inside.SendAsync(Line(call, suspended, publicId: "no id; at all"));

        await ErrorTests.AssertErrorAsync(first, 403, "organization_suspended");
        await ErrorTests.AssertErrorAsync(second, 401, "invalid_api_key");
        await ErrorTests.AssertErrorAsync(third, 401, "invalid_api_key");
    }

    [Fact]
    public async Task Networks_of_the_key_are_those_of_its_own_calls()
    {
        var call = EveryTask.Calls[0];
        var key = await Gateway.CreateKeyAsync(record => record with { Networks = ["10.0.0.0/8"] });
        Gateway.Worker.Script = worker => worker.AnswerAsync("{}", call.Used);

        using var own = await Gateway.Http.SendAsync(call.Make(key));
        using var line = await _inside.SendAsync(Line(call, key));

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (own.StatusCode, line.StatusCode));
    }

    [Fact]
    public async Task A_line_that_is_repeated_is_billed_once()
    {
        var call = EveryTask.Calls[0];
        var key = await Gateway.CreateKeyAsync();
        Gateway.Worker.Script = worker => worker.AnswerAsync($$"""{"answer":"{{Guid.NewGuid()}}"}""", call.Used);
        var id = Guid.NewGuid().ToString();

        using var first = await _inside.SendAsync(Line(call, key, idempotencyKey: id));
        using var again = await _inside.SendAsync(Line(call, key, idempotencyKey: id));

        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.True(again.Headers.Contains("idempotency-replayed"));
        var spent = EveryTask.Price.CostNanoUsd(call.Used, ServiceClass.Batch);
        await Until.TrueAsync(async () => await Gateway.TillAsync(key) == (0, spent), "one line is billed");
    }

    [Theory]
    [InlineData(InternalCalls.KeyHeader, null)]
    [InlineData("Idempotency-Key", null)]
    [InlineData(WorkerHeaders.ServiceClass, "cheap")]
    public async Task A_line_without_a_header_that_it_needs_is_refused_by_its_name(string header, string? value)
    {
        using var line = Line(EveryTask.Calls[0], await Gateway.CreateKeyAsync());
        line.Headers.Remove(header);
        if (value is not null)
        {
            line.Headers.Add(header, value);
        }

        using var response = await _inside.SendAsync(line);

        await ErrorTests.AssertErrorAsync(response, 400, "missing_header");
        Assert.Contains(header, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_class_a_call_on_behalf_of_a_key_is_a_standard_one()
    {
        var call = EveryTask.Calls[0];
        using var line = Line(call, await Gateway.CreateKeyAsync());
        line.Headers.Remove(WorkerHeaders.ServiceClass);
        Gateway.Worker.Script = worker => worker.AnswerAsync("{}", call.Used);

        using var response = await _inside.SendAsync(line);

        var usage = await Gateway.Plane.WaitForUsageAsync(response.Headers.GetValues("x-request-id").Single());
        Assert.Equal(ServiceClass.Standard, usage.ServiceClass);
    }

    /// <summary>What a client writes in the service's headers means nothing, and no key opens the internal door.</summary>
    [Fact]
    public async Task A_client_can_neither_name_a_key_nor_choose_a_class()
    {
        var call = EveryTask.Calls[0];
        var (mine, other) = (await Gateway.CreateKeyAsync(), await Gateway.CreateKeyAsync());
        var head = "";
        Gateway.Worker.Script = worker =>
        {
            head = worker.Head;
            return worker.AnswerAsync("{}", call.Used);
        };
        using var disguised = call.Make(mine, Guid.NewGuid().ToString());
        disguised.Headers.Add(InternalCalls.KeyHeader, other.Record.PublicId);
        disguised.Headers.Add(WorkerHeaders.ServiceClass, "batch");
        using var inside = Line(call, other);
        inside.Headers.Authorization = mine.Bearer;
        using var outside = Line(call, other);

        using var open = await Gateway.Http.SendAsync(disguised);
        using var byKey = await _inside.SendAsync(inside);
        using var byService = await Gateway.Http.SendAsync(outside);

        var usage = await Gateway.Plane.WaitForUsageAsync(open.Headers.GetValues("x-request-id").Single());
        Assert.Equal((mine.Record.KeyId, ServiceClass.Standard), (usage.KeyId, usage.ServiceClass));
        Assert.DoesNotContain(WorkerHeaders.ServiceClass, head, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(HttpStatusCode.Unauthorized, byKey.StatusCode);
        await ErrorTests.AssertErrorAsync(byService, 404, "unknown_url");
        Assert.Null(await Gateway.TillAsync(other));
    }

    public void Dispose() => _inside.Dispose();

    private static HttpRequestMessage Line(TaskCall call, TestKey key, string? publicId = null, string? idempotencyKey = null)
    {
        var request = call.Make(key, idempotencyKey ?? Guid.NewGuid().ToString());
        request.RequestUri = new Uri(InternalCalls.Prefix + request.RequestUri, UriKind.Relative);
        request.Headers.Authorization = TestBearers.Header("learning", "gateway");
        request.Headers.TryAddWithoutValidation(InternalCalls.KeyHeader, publicId ?? key.Record.PublicId);
        request.Headers.Add(WorkerHeaders.ServiceClass, ServiceClass.Batch.Name());
        return request;
    }
}
