using System.Text;
using System.Text.Json;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Gateway.Tests.Relays;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Responses;

/// <summary>The store of responses as the pipeline uses it, with a real Learning behind it.</summary>
public sealed class ResponseStoreTests(RelayFixture relay) : IClassFixture<RelayFixture>
{
    private GatewayUnderTest Gateway => relay.Gateway;

    [Fact]
    public async Task A_response_that_is_kept_is_found_at_once_by_another_gateway_too()
    {
        await using var other = await GatewayUnderTest.StartAsync(1, $"--Services:learning={relay.Learning.Url(ListenerKind.Internal)}");
        var key = await Gateway.CreateKeyAsync();
        var (bench, there) = (new StoreBench(Gateway, key), new StoreBench(other, key));
        var (first, second) = (StoreBench.NewId(), StoreBench.NewId());

        Assert.True(await bench.KeepAsync(first, "q1", "a1"));
        Assert.True(await there.KeepAsync(second, "q2", "a2", first));
        using var shown = await there.SendAsync("GET", $"/v1/responses/{StoreBench.NameOf(first)}");
        var conversation = (await bench.Store.ReadConversationAsync(
            await bench.CallerAsync(), StoreBench.NameOf(second), default)).Value!;

        Assert.Contains("msg_a1", await shown.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("tiny-assistant", conversation.Model);
        Assert.Equal(
            ["msg_q1", "msg_a1", "msg_q2", "msg_a2"],
            JsonElement.Parse(Encoding.UTF8.GetString(conversation.Items.Span)).EnumerateArray()
                .Select(item => item.GetProperty("id").GetString()));
    }

    [Theory]
    [InlineData("resp_0195aaaa00007000800000000000000d")]
    [InlineData("x")]
    [InlineData("../../v1/files")]
    [InlineData("resp_%2e?a#b")]
    public async Task A_conversation_of_an_id_that_nothing_has_is_refused_and_the_answer_names_it(string id)
    {
        var bench = new StoreBench(Gateway, await Gateway.CreateKeyAsync());

        var answer = await bench.Store.ReadConversationAsync(await bench.CallerAsync(), id, default);

        Assert.Equal(
            (404, "previous_response_not_found", "previous_response_id", $"Previous response with id '{id}' not found."),
            (answer.Refusal!.Status, answer.Refusal.Code, answer.Refusal.Param, answer.Refusal.Message));
    }

    [Fact]
    public async Task Another_projects_response_begins_no_conversation()
    {
        var (mine, other) = (await Gateway.CreateKeyAsync(), await Gateway.CreateKeyAsync());
        var id = StoreBench.NewId();
        await new StoreBench(Gateway, mine).KeepAsync(id, "q", "a");
        var bench = new StoreBench(Gateway, other);

        var answer = await bench.Store.ReadConversationAsync(await bench.CallerAsync(), StoreBench.NameOf(id), default);

        Assert.Equal(404, answer.Refusal!.Status);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task A_response_is_kept_unless_the_request_says_otherwise(bool? store, bool isKept)
    {
        var bench = new StoreBench(Gateway, await Gateway.CreateKeyAsync());

        var decided = await bench.Store.DecideAsync(await bench.CallerAsync(), store, default);

        Assert.Equal(isKept, decided.Value!.IsKept);
    }

    [Fact]
    public async Task A_project_that_forbids_it_keeps_nothing_and_refuses_a_request_that_asks_for_it()
    {
        var bench = new StoreBench(Gateway, await Gateway.CreateKeyAsync());
        var before = await bench.CallerAsync(); // What memory holds from now on.
        await bench.AllowAsync(keeps: false);

        var asked = await bench.Store.DecideAsync(before, true, default);
        var unasked = await bench.Store.DecideAsync(await bench.CallerAsync(), null, default);
        var kept = await bench.KeepAsync(StoreBench.NewId(), "q", "a");
        await bench.AllowAsync(keeps: true);
        var allowed = await bench.Store.DecideAsync(await bench.CallerAsync(), null, default);

        Assert.Equal((400, "store"), (asked.Refusal!.Status, asked.Refusal.Param));
        Assert.False(unasked.Value!.IsKept);
        Assert.False(kept);
        Assert.True(allowed.Value!.IsKept);
    }

    [Fact]
    public async Task A_setting_that_is_turned_off_while_a_request_runs_holds_for_its_response()
    {
        var bench = new StoreBench(Gateway, await Gateway.CreateKeyAsync());
        var caller = await bench.CallerAsync();
        var decided = await bench.Store.DecideAsync(caller, null, default);
        await bench.AllowAsync(keeps: false);
        using var next = await bench.SendAsync("GET", "/v1/models"); // An admission looks at the versions.

        var kept = await bench.KeepAsync(StoreBench.NewId(), "q", "a");

        Assert.True(decided.Value!.IsKept);
        Assert.False(kept);
    }

    [Fact]
    public async Task While_Learning_is_away_only_what_asks_for_it_is_refused()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(
            1, "--Services:learning=http://127.0.0.1:1", "--ResponseStore:KeepPause=00:00:00");
        using var metrics = new RecordedMetrics(gateway.App.Services);
        var bench = new StoreBench(gateway, await gateway.CreateKeyAsync());
        var caller = await bench.CallerAsync();

        var unasked = await bench.Store.DecideAsync(caller, null, default);
        var asked = await bench.Store.DecideAsync(caller, true, default);
        var conversation = await bench.Store.ReadConversationAsync(caller, StoreBench.NameOf(StoreBench.NewId()), default);
        var kept = await bench.KeepAsync(StoreBench.NewId(), "q", "a");
        using var shown = await bench.SendAsync("GET", $"/v1/responses/{StoreBench.NameOf(StoreBench.NewId())}");

        Assert.True(unasked.Value!.IsKept);
        Assert.Equal((503, "service_away"), (asked.Refusal!.Status, asked.Refusal.Code));
        Assert.Equal((503, "service_away"), (conversation.Refusal!.Status, conversation.Refusal.Code));
        Assert.False(kept);
        Assert.Equal(1, metrics.Sum("tollgate.gateway.responses.unkept{reason=away}"));
        await ErrorTests.AssertErrorAsync(shown, 503, "service_away");
    }

    [Fact]
    public async Task A_response_that_Learning_refuses_is_counted_and_not_tried_again()
    {
        using var metrics = new RecordedMetrics(Gateway.App.Services);
        var bench = new StoreBench(Gateway, await Gateway.CreateKeyAsync());

        var kept = await bench.Store.KeepAsync(await bench.CallerAsync(), StoreBench.NewId(), "[]"u8.ToArray(), "{}"u8.ToArray());

        Assert.False(kept);
        Assert.Equal(1, metrics.Sum("tollgate.gateway.responses.unkept{reason=refused}"));
    }
}
