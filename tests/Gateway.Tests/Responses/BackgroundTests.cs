using System.Net;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Gateway.Tests.Relays;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Responses;

/// <summary><c>background: true</c> with a real Learning before and behind the gateway: a response is durable before it is answered, and
/// runs as a call of its key.</summary>
public sealed class BackgroundTests(RelayFixture relay) : IClassFixture<RelayFixture>
{
    private const string Path = "/v1/responses";
    private const string Question = """{"model":"tiny-assistant","input":"France?","background":true,"metadata":{"a":"b"}}""";

    /// <summary>A busy machine starts a service and a call slowly.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private GatewayUnderTest Gateway => relay.Gateway;

    [Fact]
    public async Task A_response_waits_runs_once_and_goes_on_as_a_conversation()
    {
        var key = await Gateway.CreateKeyAsync();
        Answer();
        var queued = await CreateAsync(key);
        var id = Id(queued);
        var early = await PostAsync(key, Continuing(id));
        var items = await GetAsync(key, $"{Path}/{id}/input_items");

        await using var runner = await relay.StartRunnerAsync();
        var done = await UntilAsync(key, id, "completed");

        Assert.Equal(
            ("queued", true, true, "tiny-assistant", "b", 64),
            ((string)queued["status"]!, (bool)queued["background"]!, (bool)queued["store"]!, (string)queued["model"]!,
                (string)queued["metadata"]!["a"]!, (int)queued["max_output_tokens"]!));
        Assert.Empty(queued["output"]!.AsArray());
        Assert.Equal((HttpStatusCode.BadRequest, "previous_response_not_completed"), (early.Status, (string)early.Body["error"]!["code"]!));
        Assert.Equal("France?", (string)items["data"]![0]!["content"]![0]!["text"]!);
        Assert.Equal("Paris.", (string)done["output"]![0]!["content"]![0]!["text"]!);
        Assert.Equal((int)queued["created_at"]!, (int)done["created_at"]!);
        var row = await Gateway.Plane.WaitForUsageAsync(id.Replace("resp_", "req_", StringComparison.Ordinal));
        Assert.Equal((Outcome.Completed, new Units(9, Output: 3), false), (row.Outcome, row.Units, row.Streamed));
        Assert.Equal(ServiceClass.Standard, row.ServiceClass);
        Assert.Single(Rows(key));
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(key, Continuing(id))).Status);
    }

    [Fact]
    public async Task What_cannot_run_is_refused_at_once_as_without_background()
    {
        var key = await Gateway.CreateKeyAsync();
        var denied = await Gateway.CreateKeyAsync(record => record with { ModelsDenied = ["tiny-assistant"] });
        var unkept = await Gateway.CreateKeyAsync();
        await new StoreBench(Gateway, unkept).AllowAsync(keeps: false);

        foreach (var (caller, body, status, param) in new[]
        {
            (key, """{"model":"tiny-assistant","input":"x","background":true,"stream":true}""", 400, "stream"),
            (key, """{"model":"tiny-assistant","input":"x","background":true,"store":false}""", 400, "store"),
            (key, """{"model":"tiny-assistant","input":"x","background":true,"max_output_tokens":4000}""", 400, "max_output_tokens"),
            (key, """{"model":"tiny-embed","input":"x","background":true}""", 404, "model"),
            (key, """{"model":"nobody","input":"x","background":true}""", 404, "model"),
            (key, """{"model":"tiny-assistant","input":"x","background":true,"previous_response_id":"resp_1"}""", 404,
                "previous_response_id"),
            (denied, Question, 404, "model"),
            (unkept, Question, 400, "background"),
        })
        {
            var (answered, json) = await PostAsync(caller, body);
            Assert.Equal((status, param, body), ((int)answered, (string?)json["error"]!["param"], body));
        }
    }

    [Fact]
    public async Task One_that_runs_is_cancelled_at_its_worker_and_what_was_generated_is_billed()
    {
        var (key, other) = (await Gateway.CreateKeyAsync(), await Gateway.CreateKeyAsync());
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Gateway.Worker.OnCancel = _ => new Cancelled(true, new Units(9, Output: 7));
        Gateway.Worker.Script = async call =>
        {
            begun.TrySetResult();
            await call.WaitForResetAsync();
        };
        await using var runner = await relay.StartRunnerAsync();
        var id = Id(await CreateAsync(key));
        await begun.Task;
        Assert.Equal("in_progress", (string)(await GetAsync(key, $"{Path}/{id}"))["status"]!);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(other, HttpMethod.Post, $"{Path}/{id}/cancel")).Status);

        var (first, again) = (await CancelAsync(key, id), await CancelAsync(key, id));

        Assert.Equal(("cancelled", first.ToJsonString()), ((string)first["status"]!, again.ToJsonString()));
        var row = await Gateway.Plane.WaitForUsageAsync(id.Replace("resp_", "req_", StringComparison.Ordinal));
        Assert.Equal((Outcome.ClientLeftBeforeFirstToken, new Units(9, Output: 7)), (row.Outcome, row.Units));
        Assert.Equal("cancelled", (string)(await GetAsync(key, $"{Path}/{id}"))["status"]!);
        Assert.Single(Rows(key));
    }

    [Fact]
    public async Task One_that_waits_is_cancelled_or_deleted_for_nothing()
    {
        var key = await Gateway.CreateKeyAsync();
        var calls = Gateway.Worker.Calls.Count;
        var (cancelled, deleted) = (Id(await CreateAsync(key)), Id(await CreateAsync(key)));

        Assert.Equal("cancelled", (string)(await CancelAsync(key, cancelled))["status"]!);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(key, HttpMethod.Delete, $"{Path}/{deleted}")).Status);
        Answer();
        await using var runner = await relay.StartRunnerAsync();
        var last = Id(await CreateAsync(key));
        await UntilAsync(key, last, "completed");

        Assert.Equal(calls + 1, Gateway.Worker.Calls.Count);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(key, HttpMethod.Get, $"{Path}/{deleted}")).Status);
    }

    [Fact]
    public async Task A_key_that_was_revoked_meanwhile_runs_nothing()
    {
        var key = await Gateway.CreateKeyAsync();
        var sibling = await Gateway.CreateKeyAsync(record => record with
        {
            OrganizationId = key.Record.OrganizationId, ProjectId = key.Record.ProjectId,
        });
        var calls = Gateway.Worker.Calls.Count;
        var id = Id(await CreateAsync(key));
        await Gateway.PublishAsync(key.Record with { State = KeyState.Revoked, Version = GatewayUnderTest.NextVersion() });

        await using var runner = await relay.StartRunnerAsync();
        var failed = await UntilAsync(sibling, id, "failed");

        Assert.Equal("revoked_api_key", (string)failed["error"]!["code"]!);
        Assert.NotEmpty((string)failed["error"]!["message"]!);
        Assert.Equal(calls, Gateway.Worker.Calls.Count);
        Assert.Empty(Rows(key));
    }

    [Fact]
    public async Task Where_a_limit_is_reached_the_next_one_waits()
    {
        var key = await Gateway.CreateKeyAsync(record => record with { Limits = new Limits { Concurrency = 1 } });
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Gateway.Worker.Script = async call =>
        {
            await go.Task;
            await RespondAsync(call);
        };
        await using var runner = await relay.StartRunnerAsync();
        var (one, two) = (Id(await CreateAsync(key)), Id(await CreateAsync(key)));
        await Until.TrueAsync(
            async () => (await StatusesAsync()).Order().SequenceEqual(["in_progress", "queued"]), "one of them waits");

        go.SetResult();
        await UntilAsync(key, one, "completed");
        await UntilAsync(key, two, "completed");

        await Until.TrueAsync(() => Rows(key).Count(row => row.Units.Output == 3) == 2, "both are billed once");

        async Task<string[]> StatusesAsync() =>
        [
            (string)(await GetAsync(key, $"{Path}/{one}"))["status"]!, (string)(await GetAsync(key, $"{Path}/{two}"))["status"]!,
        ];
    }

    [Fact]
    public async Task An_idempotency_key_makes_one_response()
    {
        var (key, other) = (await Gateway.CreateKeyAsync(), await Gateway.CreateKeyAsync());
        var first = await PostAsync(key, Question, "one");
        var again = await PostAsync(key, Question, "one");
        var foreign = await PostAsync(other, Question, "one");
        var reused = await PostAsync(key, Question.Replace("France", "Italy", StringComparison.Ordinal), "one");

        Assert.Equal(first.Body.ToJsonString(), again.Body.ToJsonString());
        Assert.NotEqual(Id(first.Body), Id(foreign.Body));
        Assert.Equal(
            (HttpStatusCode.Conflict, "idempotency_key_reused"), (reused.Status, (string)reused.Body["error"]!["code"]!));
        await CancelAsync(key, Id(first.Body));
        await CancelAsync(other, Id(foreign.Body));
    }

    [Fact]
    public async Task An_organization_has_only_so_many_that_have_not_ended()
    {
        var key = await Gateway.CreateKeyAsync();
        List<string> ids = [];
        for (var i = 0; i < 3; i++)
        {
            ids.Add(Id(await CreateAsync(key)));
        }

        var (status, body) = await PostAsync(key, Question);
        await CancelAsync(key, ids[0]);
        ids.Add(Id(await CreateAsync(key)));

        Assert.Equal((429, "too_many_background_responses"), ((int)status, (string)body["error"]!["code"]!));
        foreach (var id in ids)
        {
            await CancelAsync(key, id);
        }
    }

    [Fact]
    public async Task A_line_of_a_batch_cannot_be_in_the_background()
    {
        var key = await Gateway.CreateKeyAsync();
        using var inside = new HttpClient { BaseAddress = new Uri(Gateway.App.Url(ListenerKind.Internal)) };
        using var line = GatewayUnderTest.Post(key, InternalCalls.Prefix + Path, Question);
        line.Headers.Authorization = TestBearers.Header("learning", "gateway");
        line.Headers.Add(InternalCalls.KeyHeader, key.Record.PublicId);
        line.Headers.Add("Idempotency-Key", "line");
        line.Headers.Add(WorkerHeaders.ServiceClass, "batch");

        using var response = await inside.SendAsync(line);

        await ErrorTests.AssertErrorAsync(response, 400, "unsupported_parameter");
    }

    [Fact]
    public async Task Another_organization_finds_none_by_any_route()
    {
        var (mine, sibling) = (await Gateway.CreateKeyAsync(), await Gateway.CreateKeyAsync());
        var id = Id(await CreateAsync(mine));

        foreach (var route in PublicEndpoint.Responses.Routes.Where(route => route.Path.Contains('{', StringComparison.Ordinal)))
        {
            var url = route.Path.Replace("{response}", id, StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(sibling, new HttpMethod(route.Method), url)).Status);
        }

        Assert.Equal("queued", (string)(await GetAsync(mine, $"{Path}/{id}"))["status"]!);
        await CancelAsync(mine, id);
    }

    private void Answer() => Gateway.Worker.Script = RespondAsync;

    private static Task RespondAsync(WorkerCall call)
    {
        var id = Guid.Parse(call.Head.Split("\r\n")
            .Single(line => line.StartsWith(WorkerHeaders.RequestId + ":", StringComparison.OrdinalIgnoreCase)).Split(':')[1].Trim());
        return call.AnswerAsync(
            $$"""
            {"id":"resp_{{id:N}}","object":"response","created_at":1,"status":"completed","model":"tiny-assistant","output":[
            {"id":"msg_{{id:N}}o0","type":"message","status":"completed","role":"assistant","content":[
            {"type":"output_text","annotations":[],"logprobs":[],"text":"Paris."}]}],"previous_response_id":null,"store":true}
            """,
            new Units(9, Output: 3));
    }

    private static string Continuing(string id) =>
        $$"""{"model":"tiny-assistant","input":"And?","previous_response_id":"{{id}}"}""";

    private IEnumerable<UsageEvent> Rows(TestKey key) => Gateway.Plane.Booked.Where(row => row.KeyId == key.Record.KeyId);

    private async Task<JsonObject> CreateAsync(TestKey key)
    {
        var (status, body) = await PostAsync(key, Question);
        Assert.True(status == HttpStatusCode.OK, body.ToJsonString());
        return body;
    }

    private async Task<JsonObject> CancelAsync(TestKey key, string id)
    {
        var (status, body) = await SendAsync(key, HttpMethod.Post, $"{Path}/{id}/cancel");
        Assert.True(status == HttpStatusCode.OK, body.ToJsonString());
        return body;
    }

    private async Task<JsonObject> UntilAsync(TestKey key, string id, string status)
    {
        JsonObject shown = [];
        await Until.TrueAsync(
            async () => (string?)(shown = await GetAsync(key, $"{Path}/{id}"))["status"] == status, $"{id} is {status}", Patience);
        return shown;
    }

    private async Task<JsonObject> GetAsync(TestKey key, string path) => (await SendAsync(key, HttpMethod.Get, path)).Body;

    private async Task<(HttpStatusCode Status, JsonObject Body)> PostAsync(TestKey key, string body, string? idempotencyKey = null)
    {
        using var request = GatewayUnderTest.Post(key, Path, body);
        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        return await ReadAsync(request);
    }

    private async Task<(HttpStatusCode Status, JsonObject Body)> SendAsync(TestKey key, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, path) { Headers = { Authorization = key.Bearer } };
        return await ReadAsync(request);
    }

    private async Task<(HttpStatusCode Status, JsonObject Body)> ReadAsync(HttpRequestMessage request)
    {
        using var response = await Gateway.Http.SendAsync(request);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject());
    }

    private static string Id(JsonObject response) => (string)response["id"]!;
}
