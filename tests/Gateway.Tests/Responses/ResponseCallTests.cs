using System.Net;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Gateway.Tests.Relays;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Gateway.Tests.Responses;

/// <summary><c>POST /v1/responses</c> with a real Learning behind the gateway: a response is kept before its end goes out, and a
/// conversation goes on by its id.</summary>
public sealed class ResponseCallTests(RelayFixture relay) : IClassFixture<RelayFixture>
{
    private const string Path = "/v1/responses";

    private GatewayUnderTest Gateway => relay.Gateway;

    [Fact]
    public async Task An_answer_in_one_piece_is_kept_and_its_conversation_goes_on_by_its_id()
    {
        var key = await Gateway.CreateKeyAsync();
        var bodies = Answering(Gateway, "Paris.", "Rome.");

        var first = await AnswerAsync(Gateway, key, """{"model":"tiny-assistant","input":"France?","instructions":"Be brief."}""");
        var second = await AnswerAsync(
            Gateway, key,
            $$"""
            {"model":"tiny-assistant","input":[{"role":"user","content":"Italy?"}],"previous_response_id":"{{Id(first)}}"}
            """);

        Assert.Equal("France?", (string)bodies[0]["input"]!);
        Assert.Equal(
            ["user France?", "assistant Paris.", "user Italy?"],
            bodies[1]["input"]!.AsArray().Select(item => $"{item!["role"]} {item["content"]![0]!["text"]}"));
        Assert.Equal(Id(first), (string)bodies[1]["previous_response_id"]!);
        Assert.Null(bodies[1]["instructions"]);
        Assert.Equal(
            second.ToJsonString(), JsonNode.Parse(await GetAsync(Gateway, key, $"{Path}/{Id(second)}"))!.ToJsonString());
        var items = JsonNode.Parse(await GetAsync(Gateway, key, $"{Path}/{Id(second)}/input_items?order=asc"))!["data"]!.AsArray();
        Assert.Equal(
            ["France?", "Paris.", "Italy?"], items.Select(item => (string)item!["content"]![0]!["text"]!));
        Assert.StartsWith($"msg_{Id(first)["resp_".Length..]}i", (string)items[0]!["id"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_streamed_response_is_kept_when_its_last_event_arrives_and_another_gateway_goes_on_with_it()
    {
        await using var other = await GatewayUnderTest.StartAsync(1, $"--Services:learning={relay.Learning.Url(ListenerKind.Internal)}");
        var key = await Gateway.CreateKeyAsync();
        Answering(Gateway, "Paris.");
        var bodies = Answering(other, "Rome.");

        using var response = await Gateway.PostAsync(key, Path, """{"model":"tiny-assistant","input":"France?","stream":true}""");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        string? last = null;
        while (last?.StartsWith("data: {\"type\":\"response.completed\"", StringComparison.Ordinal) != true)
        {
            last = await reader.ReadLineAsync();
        }

        var id = (string)JsonNode.Parse(last["data: ".Length..])!["response"]!["id"]!;
        await AnswerAsync(other, key, $$"""{"model":"tiny-assistant","input":"Italy?","previous_response_id":"{{id}}"}""");

        Assert.Equal(3, bodies[0]["input"]!.AsArray().Count);
        var row = await Gateway.Plane.WaitForUsageAsync(response.Headers.GetValues("x-request-id").Single());
        Assert.Equal((Outcome.Completed, new Units(9, Output: 3), 3L, true), (row.Outcome, row.Units, row.Delivered, row.Streamed));
    }

    [Fact]
    public async Task The_whole_conversation_is_held_for_and_counts_in_the_limits()
    {
        var key = await Gateway.CreateKeyAsync();
        var bounds = new List<Units>();
        Answering(Gateway, call => bounds.Add(BoundOf(call)), "aaaaaaaaaa", "b");

        var first = await AnswerAsync(Gateway, key, """{"model":"tiny-assistant","input":"0123456789"}""");
        await AnswerAsync(Gateway, key, $$"""{"model":"tiny-assistant","input":"x","previous_response_id":"{{Id(first)}}"}""");

        Assert.Equal([8 + 5 + 10, 8 + (3 * 5) + 10 + 10 + 1], bounds.Select(bound => bound.Prompt));
    }

    [Fact]
    public async Task A_conversation_of_nobody_or_of_another_project_is_refused_before_anything_runs()
    {
        var (mine, other) = (await Gateway.CreateKeyAsync(), await Gateway.CreateKeyAsync());
        Answering(Gateway, "Paris.");
        var first = await AnswerAsync(Gateway, mine, """{"model":"tiny-assistant","input":"France?"}""");
        var calls = Gateway.Worker.Calls.Count;

        foreach (var id in (string[])[Id(first), "resp_0195aaaa00007000800000000000000d", "x"])
        {
            var error = await RefusedAsync(
                Gateway, other, $$"""{"model":"tiny-assistant","input":"Italy?","previous_response_id":"{{id}}"}""",
                HttpStatusCode.NotFound);

            Assert.Equal(
                ("previous_response_not_found", "previous_response_id", $"Previous response with id '{id}' not found."),
                ((string)error["code"]!, (string)error["param"]!, (string)error["message"]!));
        }

        Assert.Equal(calls, Gateway.Worker.Calls.Count);
        Assert.Equal((0L, 0L), await Gateway.TillAsync(other) ?? default);
    }

    [Fact]
    public async Task A_response_that_is_not_to_be_kept_is_not_found()
    {
        var key = await Gateway.CreateKeyAsync();
        var bodies = Answering(Gateway, "Paris.");

        var answer = await AnswerAsync(Gateway, key, """{"model":"tiny-assistant","input":"France?","store":false}""");

        Assert.False((bool)answer["store"]!);
        Assert.False((bool)bodies[0]["store"]!);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(Gateway, key, $"{Path}/{Id(answer)}"));
    }

    [Fact]
    public async Task Where_the_project_keeps_none_the_response_says_so_and_store_is_refused()
    {
        var key = await Gateway.CreateKeyAsync();
        await new StoreBench(Gateway, key).AllowAsync(keeps: false);
        var bodies = Answering(Gateway, "Paris.");

        var answer = await AnswerAsync(Gateway, key, """{"model":"tiny-assistant","input":"France?"}""");
        var error = await RefusedAsync(
            Gateway, key, """{"model":"tiny-assistant","input":"France?","store":true}""", HttpStatusCode.BadRequest);

        Assert.Equal((false, "store"), ((bool)bodies[0]["store"]!, (string)error["param"]!));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(Gateway, key, $"{Path}/{Id(answer)}"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task While_the_store_is_away_an_answer_goes_out_and_says_that_it_is_not_kept(bool stream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(
            1, "--Services:learning=http://127.0.0.1:1", "--ResponseStore:KeepTries=1");
        var key = await gateway.CreateKeyAsync();
        Answering(gateway, "Paris.");

        using var response = await gateway.PostAsync(
            key, Path, $$"""{"model":"tiny-assistant","input":"France?","stream":{{(stream ? "true" : "false")}}}""");
        var text = await response.Content.ReadAsStringAsync();

        var json = stream ? text.Trim().Split('\n')[^1]["data: ".Length..] : text;
        var answer = stream ? JsonNode.Parse(json)!["response"]! : JsonNode.Parse(json)!;
        Assert.Equal((false, "completed"), ((bool)answer["store"]!, (string)answer["status"]!));
        var row = await gateway.Plane.WaitForUsageAsync(response.Headers.GetValues("x-request-id").Single());
        Assert.Equal((Outcome.Completed, new Units(9, Output: 3)), (row.Outcome, row.Units));
        var error = await RefusedAsync(
            gateway, key, """{"model":"tiny-assistant","input":"x","store":true}""", HttpStatusCode.ServiceUnavailable);
        Assert.NotNull(error["message"]);
    }

    [Fact]
    public async Task A_result_answers_a_call_of_the_conversation_that_is_kept_and_no_other()
    {
        var key = await Gateway.CreateKeyAsync();
        const string Call =
            """{"type":"function_call","call_id":"call_1","name":"f","arguments":"{}"}""";
        var bodies = Answering(Gateway, "Wait.", "Done.");
        var first = await AnswerAsync(
            Gateway, key, $$"""{"model":"tiny-assistant","input":[{"role":"user","content":"x"},{{Call}}]}""");

        await AnswerAsync(Gateway, key, Result(Id(first), "call_1"));
        var error = await RefusedAsync(Gateway, key, Result(Id(first), "call_2"), HttpStatusCode.BadRequest);

        Assert.Equal(["message", "function_call", "message", "function_call_output"], bodies[1]["input"]!.AsArray().Select(Type));
        Assert.Equal("input[0].call_id", (string)error["param"]!);

        static string Result(string previous, string call) => $$"""
            {"model":"tiny-assistant","previous_response_id":"{{previous}}",
            "input":[{"type":"function_call_output","call_id":"{{call}}","output":"1"}]}
            """;
    }

    [Fact]
    public async Task Items_that_are_kept_can_be_named_by_their_ids()
    {
        var (key, other) = (await Gateway.CreateKeyAsync(), await Gateway.CreateKeyAsync());
        var bodies = Answering(Gateway, "Paris.", "Rome.");
        var first = await AnswerAsync(Gateway, key, """{"model":"tiny-assistant","input":"France?"}""");
        var item = (string)first["output"]![0]!["id"]!;

        await AnswerAsync(Gateway, key, Named(item));

        Assert.Equal(
            ["France?", "Paris.", "Italy?"], bodies[1]["input"]!.AsArray().Select(one => (string)one!["content"]![0]!["text"]!));
        foreach (var (caller, id, previous) in new[]
        {
            (other, item, ""), (key, item[..^1] + "7", ""), (key, "msg_1", ""), (key, item, $",\"previous_response_id\":\"{Id(first)}\""),
        })
        {
            var error = await RefusedAsync(Gateway, caller, Named(id, previous), HttpStatusCode.BadRequest);
            Assert.Equal("input[1].id", (string)error["param"]!);
        }

        static string Named(string id, string members = "") => $$"""
            {"model":"tiny-assistant","input":[{"role":"user","content":"France?"},{"type":"item_reference","id":"{{id}}"},
            {"role":"user","content":"Italy?"}]{{members}}}
            """;
    }

    [Fact]
    public async Task An_idempotency_key_gives_the_same_response_again_and_it_is_kept_once()
    {
        var key = await Gateway.CreateKeyAsync();
        var bodies = Answering(Gateway, "Paris.", "Rome.");

        var (first, again) = (await SendAsync(), await SendAsync());

        Assert.Equal(first, again);
        Assert.Single(bodies);
        Assert.Equal(first, await GetAsync(Gateway, key, $"{Path}/{(string)JsonNode.Parse(first)!["id"]!}"));

        async Task<string> SendAsync()
        {
            using var request = GatewayUnderTest.Post(key, Path, """{"model":"tiny-assistant","input":"France?"}""");
            request.Headers.Add("Idempotency-Key", "one");
            using var response = await Gateway.Http.SendAsync(request);
            return await response.Content.ReadAsStringAsync();
        }
    }

    [Fact]
    public async Task A_stream_that_breaks_ends_with_an_error_event_and_keeps_nothing()
    {
        var key = await Gateway.CreateKeyAsync();
        var id = "";
        var started = new TaskCompletionSource();
        Gateway.Worker.Script = async call =>
        {
            id = IdOf(call);
            await call.StartStreamAsync(new Units(9));
            await call.ChunkAsync(Event(1, 0, "response.created", $"\"response\":{Response(id, "", null)}"));
            await started.Task; // A reset would take along what the gateway has not read yet.
            call.Reset();
        };

        using var response = await Gateway.PostAsync(key, Path, """{"model":"tiny-assistant","input":"France?","stream":true}""");
        started.SetResult();
        var text = await response.Content.ReadAsStringAsync();

        Assert.Contains("\n\nevent: error\ndata: {\"type\":\"error\",", text, StringComparison.Ordinal);
        Assert.EndsWith("\"sequence_number\":1}\n\n", text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(Gateway, key, $"{Path}/{id}"));
    }

    /// <summary>Lets a worker answer with some texts, one a request, and returns the bodies that it gets.</summary>
    private static List<JsonObject> Answering(GatewayUnderTest gateway, params string[] texts) => Answering(gateway, _ => { }, texts);

    private static List<JsonObject> Answering(GatewayUnderTest gateway, Action<WorkerCall> look, params string[] texts)
    {
        var bodies = new List<JsonObject>();
        gateway.Worker.Script = async call =>
        {
            look(call);
            var body = JsonNode.Parse(call.Body)!.AsObject();
            bodies.Add(body);
            var whole = Response(
                IdOf(call), texts[bodies.Count - 1], (string?)body["previous_response_id"], (bool?)body["store"] ?? true);
            if ((bool?)body["stream"] != true)
            {
                await call.AnswerAsync(whole, new Units(9, Output: 3));
                return;
            }

            await call.StartStreamAsync(new Units(9));
            await call.ChunkAsync(Event(0, 0, "response.created", $"\"response\":{whole}"));
            await call.ChunkAsync(Event(2, 1, "response.output_text.delta", "\"delta\":\"x\""));
            await call.ChunkAsync(Event(3, 2, "response.completed", $"\"response\":{whole}"));
            await call.EndAsync();
        };
        return bodies;
    }

    private static string Response(string id, string text, string? previous, bool store = true)
    {
        var item = id.Replace("resp_", "msg_", StringComparison.Ordinal) + "o0";
        return $$"""{"id":"{{id}}","object":"response","status":"completed","model":"tiny-assistant","output":["""
            + $$"""{"id":"{{item}}","type":"message","status":"completed","role":"assistant","content":["""
            + $$"""{"type":"output_text","annotations":[],"logprobs":[],"text":"{{text}}"}]}]"""
            + $$""","previous_response_id":{{(previous is null ? "null" : $"\"{previous}\"")}},"store":{{(store ? "true" : "false")}}}""";
    }

    private static string Event(int tokens, int number, string type, string members) =>
        $"id: {tokens}\nevent: {type}\ndata: {{\"type\":\"{type}\",\"sequence_number\":{number},{members}}}\n\n";

    private static string IdOf(WorkerCall call) => "resp_" + Guid.Parse(HeaderOf(call, WorkerHeaders.RequestId)).ToString("N");

    private static Units BoundOf(WorkerCall call) =>
        Units.TryParse(HeaderOf(call, WorkerHeaders.Bound), out var units) ? units : throw new InvalidOperationException();

    private static string HeaderOf(WorkerCall call, string name) => call.Head.Split("\r\n")
        .Single(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))[(name.Length + 1)..].Trim();

    private static string Id(JsonNode response) => (string)response["id"]!;

    private static string? Type(JsonNode? item) => (string?)item!["type"];

    private static async Task<JsonObject> AnswerAsync(GatewayUnderTest gateway, TestKey key, string body)
    {
        using var response = await gateway.PostAsync(key, Path, body);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!.AsObject();
    }

    private static async Task<JsonNode> RefusedAsync(GatewayUnderTest gateway, TestKey key, string body, HttpStatusCode status)
    {
        using var response = await gateway.PostAsync(key, Path, body);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == response.StatusCode, text);
        return JsonNode.Parse(text)!["error"]!;
    }

    private static async Task<string> GetAsync(GatewayUnderTest gateway, TestKey key, string path)
    {
        using var response = await gateway.Http.SendAsync(
            new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Authorization = key.Bearer } });
        return await response.Content.ReadAsStringAsync();
    }

    private static async Task<HttpStatusCode> StatusAsync(GatewayUnderTest gateway, TestKey key, string path)
    {
        using var response = await gateway.Http.SendAsync(
            new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Authorization = key.Bearer } });
        return response.StatusCode;
    }
}
