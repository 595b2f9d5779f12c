using System.Text.Json;
using Tollgate.Contracts.Learning;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Tests.Batches;
using Tollgate.Testing;

namespace Tollgate.Learning.Tests.Responses;

/// <summary>Responses in the background against a gateway with scripted answers: each runs once, whatever happens in between.</summary>
public sealed class BackgroundRunTests(LearningFixture learning) : IClassFixture<LearningFixture>
{
    private const string KeyPublicId = "pubid0000001";

    [Fact]
    public async Task A_call_that_breaks_is_made_again_with_the_same_key_and_the_answer_has_the_responses_ids()
    {
        await using var bench = await StartAsync();
        bench.Gateway.Script = call => Task.FromResult(call.Try == 1 ? ScriptedAnswer.Broken : Answer(Guid.NewGuid()));

        var id = await bench.QueueAsync(1);
        var done = await bench.UntilAsync(id, "completed");

        var calls = bench.Gateway.Calls.ToArray();
        Assert.Equal((2, 1), (calls.Length, calls.Select(call => call.IdempotencyKey).Distinct().Count()));
        Assert.Equal([id["resp_".Length..], ""], calls.Select(call => call.RequestId));
        Assert.All(calls, call => Assert.Equal(
            (id, KeyPublicId, "", "/v1/responses"), (call.Response, call.KeyPublicId, call.ServiceClass, call.Path)));
        Assert.Equal(
            (id, id.Replace("resp_", "msg_", StringComparison.Ordinal) + "o0", 1_790_000_000, "tiny-other"),
            (Text(done, "id"), Text(done.GetProperty("output")[0], "id"), done.GetProperty("created_at").GetInt32(), Text(done, "model")));
        Assert.Equal(["msg_1"], ResponseBench.Ids((await bench.Store.ListAsync(id)).GetProperty("data")));
        Assert.Equal(0, await learning.ReadAsync<long>("select count(*) from response_runs"));
        Assert.Equal((1L, await BytesAsync(id)), await bench.Store.CountAsync());
    }

    [Fact]
    public async Task A_fault_that_stays_and_a_refusal_that_no_retry_helps_end_it_as_failed_with_their_error()
    {
        await using var bench = await StartAsync();
        bench.Gateway.Script = call => Task.FromResult<ScriptedAnswer?>(
            ScriptedAnswer.Of(call.Number == 1 ? OpenAiError.ServerError() : OpenAiError.ModelNotFound("m")));

        var (faulty, refused) = (await bench.QueueAsync(1), await bench.QueueAsync(2));

        var (one, two) = (await bench.UntilAsync(faulty, "failed"), await bench.UntilAsync(refused, "failed"));
        Assert.Equal(5, bench.Gateway.Calls.Count(call => call.Number == 1));
        Assert.Equal(OpenAiError.ServerError().Message, Text(one.GetProperty("error"), "message"));
        Assert.Equal(("model_not_found", 1), (Text(two.GetProperty("error"), "code"), bench.Gateway.Calls.Count(call => call.Number == 2)));
        Assert.Empty(two.GetProperty("output").EnumerateArray());
    }

    [Fact]
    public async Task What_finds_no_room_in_its_time_fails_and_says_why()
    {
        await using var bench = await StartAsync("--Background:Patience=00:00:01");
        bench.Gateway.Script = _ => Task.FromResult<ScriptedAnswer?>(
            ScriptedAnswer.Of(OpenAiError.ModelUnavailable("m", TimeSpan.FromMilliseconds(100))));

        var failed = await bench.UntilAsync(await bench.QueueAsync(1), "failed");

        Assert.True(bench.Gateway.Calls.Count > 1);
        Assert.Contains("Background:Patience", Text(failed.GetProperty("error"), "message"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST", "/cancel", 200)]
    [InlineData("DELETE", "", 404)]
    public async Task A_cancel_and_a_deletion_leave_the_call_at_once_and_what_it_brings_is_not_kept(string method, string path, int shown)
    {
        await using var bench = await StartAsync();
        var (begun, left) = (NewSignal(), NewSignal());
        bench.Gateway.Script = async call =>
        {
            begun.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, call.Left)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            left.TrySetResult();
            return Answer(Guid.NewGuid());
        };
        var id = await bench.QueueAsync(1);
        await begun.Task;

        using var ended = await bench.Store.SendAsync(new HttpMethod(method), $"/v1/responses/{id}{path}");
        await left.Task;

        Assert.Equal(200, (int)ended.StatusCode);
        using var after = await bench.Store.RetrieveAsync(id);
        Assert.Equal(shown, (int)after.StatusCode);
        using var run = await bench.Store.SendAsync(HttpMethod.Get, $"/internal/responses/{id}/run");
        Assert.Equal(404, (int)run.StatusCode);
        Assert.Single(bench.Gateway.Calls);
    }

    [Fact]
    public async Task A_process_that_has_lost_a_response_writes_nothing_and_another_one_asks_with_the_same_key()
    {
        await using var bench = await StartAsync();
        var (begun, go) = (NewSignal(), NewSignal());
        bench.Gateway.Script = async call =>
        {
            begun.TrySetResult();
            await (call.Try == 1 ? Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, call.Left)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing) : go.Task.ConfigureAwait(ConfigureAwaitOptions.None));
            return Answer(Guid.NewGuid());
        };
        var id = await bench.QueueAsync(1);
        await begun.Task;

        await learning.ExecuteAsync("update response_runs set runner = gen_random_uuid(), runner_until = now() - interval '1 s'");
        await Until.TrueAsync(() => bench.Gateway.Calls.Count == 2, "it is asked for again");
        go.SetResult();
        await bench.UntilAsync(id, "completed");

        Assert.Single(bench.Gateway.Calls.Select(call => call.IdempotencyKey).Distinct());
        Assert.Equal(1, bench.Gateway.Runs[1]);
    }

    [Fact]
    public async Task An_organization_has_some_places_and_others_run_beside_it()
    {
        await using var bench = await StartAsync("--Background:OrganizationConcurrency=1");
        var go = NewSignal();
        bench.Gateway.Script = async call =>
        {
            if (call.Number < 10)
            {
                await go.Task;
            }

            return Answer(Guid.NewGuid());
        };
        var (first, second) = (await bench.QueueAsync(1), await bench.QueueAsync(2));

        var other = bench with { Store = new ResponseBench(learning, bench.Http) };
        await other.UntilAsync(await other.QueueAsync(10), "completed");
        Assert.Equal(1, bench.Gateway.Calls.Count(call => call.Number < 10));
        go.SetResult();

        await bench.UntilAsync(first, "completed");
        await bench.UntilAsync(second, "completed");
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static string Text(JsonElement element, string member) => element.GetProperty(member).GetString()!;

    private static ScriptedAnswer Answer(Guid request) => new(
        200,
        $$"""
        {"id":"resp_{{request:N}}","object":"response","created_at":5,"status":"completed","model":"tiny-other","output":[
        {{ResponseBench.Message($"msg_{request:N}o0", "assistant", "output_text", "Hello")}}],"previous_response_id":null}
        """);

    private Task<long> BytesAsync(string id) =>
        learning.ReadAsync<long>("select bytes from responses where id = $1", ResponseBench.Row(id));

    private async Task<Bench> StartAsync(params string[] more)
    {
        var gateway = await ScriptedGateway.StartAsync();
        var (app, http) = await learning.StartAsync(
            [.. BatchBench.Settings(gateway), "--Background:Every=00:00:00.050", "--Background:LongestPause=00:00:00.050", .. more]);
        return new Bench(gateway, http, new ResponseBench(learning, http), () => learning.EndAsync(app));
    }

    /// <summary>A Learning that runs responses against a gateway.</summary>
    private sealed record Bench(ScriptedGateway Gateway, HttpClient Http, ResponseBench Store, Func<Task> End) : IAsyncDisposable
    {
        /// <summary>Queues a response whose text is a number, as a gateway does.</summary>
        public async Task<string> QueueAsync(int number)
        {
            var id = $"resp_{Guid.CreateVersion7(TimeProvider.System.GetUtcNow()):N}";
            var content = $$$"""
                {"input":[{{{ResponseBench.Message($"msg_{number}", "user", "input_text", "Hi")}}}],
                "response":{"id":"{{{id}}}","object":"response","created_at":1790000000,"status":"queued","model":"tiny-assistant",
                "error":null,"output":[],"previous_response_id":null},
                "request":{"model":"tiny-assistant","input":"{{{number}}}","background":true}}
                """;
            using var request = LearningFixture.Request(
                Store.Caller, HttpMethod.Put, $"/internal/responses/{id}/run", LearningFixture.Json(content));
            request.Headers.Add(LearningHeaders.KeyPublicId, KeyPublicId);
            request.Headers.Add(LearningHeaders.KeyScopes, LearningHeaders.AllScopes);
            using var response = await Http.SendAsync(request);
            var queued = await LearningFixture.JsonAsync(response, 200);
            Assert.Contains(Text(queued, "status"), (string[])["queued", "in_progress", "completed"]);
            return id;
        }

        public async Task<JsonElement> UntilAsync(string id, string status)
        {
            var shown = default(JsonElement);
            await Until.TrueAsync(
                async () =>
                {
                    using var response = await Store.RetrieveAsync(id);
                    shown = await LearningFixture.JsonAsync(response, 200);
                    return Text(shown, "status") == status;
                },
                $"{id} is {status}", BatchBench.Patience);
            return shown;
        }

        public async ValueTask DisposeAsync()
        {
            await End();
            await Gateway.DisposeAsync();
        }
    }
}
