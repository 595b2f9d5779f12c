using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Catalogue;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Endpoints;

/// <summary>No organization, project or key sees, spends or is stopped by what is another's, at any endpoint that runs a model.</summary>
public sealed class TenancyTests(EveryTask bench) : IClassFixture<EveryTask>
{
    private GatewayUnderTest Gateway => bench.Gateway;

    [Fact]
    public void Every_endpoint_that_runs_a_model_has_a_row() => Assert.Equal(
        PublicEndpoint.All.Where(endpoint => endpoint.Task is not null).Select(endpoint => endpoint.Scope),
        EveryTask.Calls.Select(call => call.Api.Scope).Distinct());

    [Theory]
    [MemberData(nameof(EveryTask.Rows), MemberType = typeof(EveryTask))]
    public async Task A_call_is_run_and_billed_for_its_key_alone(int row, string name)
    {
        var call = EveryTask.Calls[row];
        var (mine, other) = (await Gateway.CreateKeyAsync(), await Gateway.CreateKeyAsync());
        var sibling = await SiblingAsync(mine);
        var head = "";
        Gateway.Worker.Script = worker =>
        {
            head = worker.Head;
            return worker.AnswerAsync("{}", call.Used);
        };

        var request = await SendAsync(call, mine);
        var second = await SendAsync(call, sibling);

        Assert.Equal((200, 200, name), (request.Status, second.Status, name));
        Assert.Contains($"{WorkerHeaders.Organization}: {mine.Record.OrganizationId:N}", head, StringComparison.OrdinalIgnoreCase);
        foreach (var (key, id) in new[] { (mine, request.Id), (sibling, second.Id) })
        {
            var usage = await Gateway.Plane.WaitForUsageAsync(id);
            Assert.Equal(
                (key.Record.OrganizationId, key.Record.ProjectId, key.Record.KeyId),
                (usage.OrganizationId, usage.ProjectId, usage.KeyId));
        }

        Assert.Null(await Gateway.TillAsync(other)); // Not a nano-dollar was ever held for it.
    }

    [Theory]
    [MemberData(nameof(EveryTask.Rows), MemberType = typeof(EveryTask))]
    public async Task An_answer_that_is_kept_is_given_to_its_own_key_alone(int row, string name)
    {
        var call = EveryTask.Calls[row];
        var (mine, other) = (await Gateway.CreateKeyAsync(), await Gateway.CreateKeyAsync());
        var sibling = await SiblingAsync(mine);
        var idempotencyKey = Guid.NewGuid().ToString();
        Gateway.Worker.Script = worker => worker.AnswerAsync($$"""{"answer":"{{Guid.NewGuid()}}"}""", call.Used);

        var first = await SendAsync(call, mine, idempotencyKey);
        var others = new[] { await SendAsync(call, other, idempotencyKey), await SendAsync(call, sibling, idempotencyKey) };
        var again = await SendAsync(call, mine, idempotencyKey);

        Assert.Equal((first.Body, true, name), (again.Body, again.Replayed, name));
        Assert.All(others, answer => Assert.Equal((200, false), (answer.Status, answer.Replayed)));
        Assert.Equal(3, new[] { first.Body, others[0].Body, others[1].Body }.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(EveryTask.Rows), MemberType = typeof(EveryTask))]
    public async Task A_key_without_the_scope_or_the_model_is_refused_beside_one_that_has_them(int row, string name)
    {
        var call = EveryTask.Calls[row];
        var others = PublicEndpoint.All.Select(endpoint => endpoint.Scope).Where(scope => scope != call.Api.Scope).ToArray();
        var mine = await Gateway.CreateKeyAsync(key => key with { Scopes = [call.Api.Scope], ModelsAllowed = [call.Model] });
        var scopeless = await SiblingAsync(mine, key => key with { Scopes = others });
        var denied = await SiblingAsync(mine, key => key with { ModelsAllowed = null, ModelsDenied = [call.Model] });
        Gateway.Worker.Script = worker => worker.AnswerAsync("{}", call.Used);
        var calls = Gateway.Worker.Calls.Count;

        using var noScope = await Gateway.Http.SendAsync(call.Make(scopeless));
        using var noModel = await Gateway.Http.SendAsync(call.Make(denied));

        await ErrorTests.AssertErrorAsync(noScope, 403, "missing_scope");
        await ErrorTests.AssertErrorAsync(noModel, 404, "model_not_found");
        Assert.Equal((calls, name), (Gateway.Worker.Calls.Count, name));
        Assert.Equal(200, (await SendAsync(call, mine)).Status);
    }

    [Theory]
    [MemberData(nameof(EveryTask.Rows), MemberType = typeof(EveryTask))]
    public async Task A_budget_that_is_used_up_stops_its_own_key_project_or_organization(int row, string name)
    {
        var call = EveryTask.Calls[row];
        var tight = new Limits { BudgetPerMonthNanoUsd = EveryTask.Price.CostNanoUsd(call.Bound, ServiceClass.Standard) - 1 };
        var project = Guid.NewGuid();
        var mine = await Gateway.CreateKeyAsync(key => key with { Limits = tight });
        var organization = await Gateway.CreateKeyAsync(changePolicy: policy => policy with { Limits = tight });
        var inProject = await Gateway.CreateKeyAsync(key => key with { ProjectId = project }, LimitProject);
        Gateway.Worker.Script = worker => worker.AnswerAsync("{}", call.Used);

        using var byKey = await Gateway.Http.SendAsync(call.Make(mine));
        using var byOrganization = await Gateway.Http.SendAsync(call.Make(organization));
        using var byProject = await Gateway.Http.SendAsync(call.Make(inProject));

        await ErrorTests.AssertErrorAsync(byKey, 429, "api_key_spend_limit_exceeded");
        await ErrorTests.AssertErrorAsync(byOrganization, 429, "organization_spend_limit_exceeded");
        await ErrorTests.AssertErrorAsync(byProject, 429, "project_spend_limit_exceeded");
        Assert.Equal((200, name), ((await SendAsync(call, await SiblingAsync(mine))).Status, name));
        Assert.Equal(200, (await SendAsync(call, await SiblingAsync(inProject, changePolicy: LimitProject))).Status);

        OrganizationPolicy LimitProject(OrganizationPolicy policy) =>
            policy with { Projects = new Dictionary<string, Limits> { [$"{project:N}"] = tight } };
    }

    [Fact]
    public async Task An_organizations_own_price_is_its_own_at_every_endpoint()
    {
        var (mine, other) = (await Gateway.CreateKeyAsync(), await Gateway.CreateKeyAsync());
        var own = EveryTask.Calls.DistinctBy(call => call.Model).ToDictionary(call => call.Model, call => new ModelPrice(
            call.Model, Guid.NewGuid(), DateTimeOffset.UnixEpoch, mine.Record.OrganizationId, EveryTask.Price));
        bench.PublishPrices(own.Values);
        var prices = Gateway.App.Services.GetRequiredService<PriceCatalogue>();
        await Until.TrueAsync(
            () => own.Values.All(price => prices.InForce(price.Model, mine.Record.OrganizationId)?.Version == price.Version), "own prices");
        foreach (var call in EveryTask.Calls)
        {
            Gateway.Worker.Script = worker => worker.AnswerAsync("{}", call.Used);

            var (paid, listed) = (await SendAsync(call, mine), await SendAsync(call, other));

            Assert.Equal(own[call.Model].Version, (await Gateway.Plane.WaitForUsageAsync(paid.Id)).PriceVersion);
            Assert.NotEqual(own[call.Model].Version, (await Gateway.Plane.WaitForUsageAsync(listed.Id)).PriceVersion);
        }
    }

    /// <summary>Another key of the organization, in another project.</summary>
    private Task<TestKey> SiblingAsync(
        TestKey key, Func<KeyRecord, KeyRecord>? change = null, Func<OrganizationPolicy, OrganizationPolicy>? changePolicy = null) =>
        Gateway.CreateKeyAsync(
            record =>
            {
                var sibling = record with { OrganizationId = key.Record.OrganizationId };
                return change?.Invoke(sibling) ?? sibling;
            },
            changePolicy);

    private async Task<Answer> SendAsync(TaskCall call, TestKey key, string? idempotencyKey = null)
    {
        using var response = await Gateway.Http.SendAsync(call.Make(key, idempotencyKey));
        return new Answer(
            (int)response.StatusCode, response.Headers.GetValues("x-request-id").Single(), await response.Content.ReadAsStringAsync(),
            response.Headers.Contains("idempotency-replayed"));
    }

    private sealed record Answer(int Status, string Id, string Body, bool Replayed);
}
