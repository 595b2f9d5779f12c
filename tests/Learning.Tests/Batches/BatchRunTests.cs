using System.Text.Json;
using Tollgate.Contracts.OpenAi;
using Tollgate.Testing;

namespace Tollgate.Learning.Tests.Batches;

/// <summary>What becomes of lines, with answers of the gateway that a test decides.</summary>
public sealed class BatchRunTests(LearningFixture learning) : IClassFixture<LearningFixture>
{
    [Fact]
    public async Task A_batch_runs_every_line_once_and_shows_files_counts_usage_and_cost()
    {
        await using var bench = await BatchBench.StartAsync(learning);

        var id = await bench.CreateAsync(BatchBench.Lines(300), ""","metadata":{"run":"nightly"}""");
        await bench.UntilAsync(id, "completed");
        var batch = await bench.UntilPricedAsync(id);
        var output = await bench.ReadAsync(batch, "output_file_id");

        Assert.Equal((300, 300, 0), BatchBench.Counts(batch));
        Assert.Equal(Numbers(300), BatchBench.Ids(output).Order());
        Assert.All(bench.Gateway.Runs.Values, runs => Assert.Equal(1, runs));
        Assert.Equal(300, bench.Gateway.Calls.Count);
        Assert.All(bench.Gateway.Calls, call => Assert.Equal(
            (BatchBench.Chat, BatchBench.KeyPublicId, "batch"), (call.Path, call.KeyPublicId, call.ServiceClass)));
        Assert.Equal("0.3", batch.GetProperty("cost_usd").GetString()); // 300 requests of $0.001.
        var usage = batch.GetProperty("usage");
        Assert.Equal((1500, 900, 2400), (
            usage.GetProperty("input_tokens").GetInt32(), usage.GetProperty("output_tokens").GetInt32(),
            usage.GetProperty("total_tokens").GetInt32()));
        Assert.Equal(600, usage.GetProperty("input_tokens_details").GetProperty("cached_tokens").GetInt32());
        Assert.Equal(300, usage.GetProperty("output_tokens_details").GetProperty("reasoning_tokens").GetInt32());
        Assert.Equal(("nightly", "m"), (
            batch.GetProperty("metadata").GetProperty("run").GetString(), batch.GetProperty("model").GetString()));
        Assert.Equal(JsonValueKind.Null, batch.GetProperty("error_file_id").ValueKind);
        var first = output[0].GetProperty("response");
        Assert.Equal(
            (200, "chat.completion", JsonValueKind.Null),
            (first.GetProperty("status_code").GetInt32(), first.GetProperty("body").GetProperty("object").GetString(),
                output[0].GetProperty("error").ValueKind));
        Assert.StartsWith("req_", first.GetProperty("request_id").GetString(), StringComparison.Ordinal);
        Assert.Equal(300, output.Select(line => line.GetProperty("id").GetString()).Distinct().Count());
        AssertTimes(batch, "created_at", "in_progress_at", "finalizing_at", "completed_at");
        Assert.Equal(0, await learning.ReadAsync<long>("select count(*) from learning.batch_lines where batch_id = $1", IdOf(id)));
    }

    [Fact]
    public async Task What_a_line_does_wrong_stands_in_the_error_file_and_the_others_go_on()
    {
        await using var bench = await BatchBench.StartAsync(learning);
        bench.Gateway.Script = call => Answer(call.Number % 3 == 0 ? ScriptedAnswer.Of(OpenAiError.ModelNotFound("m")) : null);

        var batch = await bench.UntilAsync(await bench.CreateAsync(BatchBench.Lines(9)), "completed");
        var errors = await bench.ReadAsync(batch, "error_file_id");

        Assert.Equal((9, 6, 3), BatchBench.Counts(batch));
        Assert.Equal(["3", "6", "9"], BatchBench.Ids(errors).Order());
        Assert.All(errors, line => Assert.Equal(
            (404, "model_not_found", "model_not_found"),
            (line.GetProperty("response").GetProperty("status_code").GetInt32(),
                line.GetProperty("response").GetProperty("body").GetProperty("error").GetProperty("code").GetString(),
                line.GetProperty("error").GetProperty("code").GetString())));
        Assert.Equal(6, (await bench.ReadAsync(batch, "output_file_id")).Count);
    }

    [Fact]
    public async Task A_batch_whose_lines_all_fail_is_completed_with_an_error_file_alone()
    {
        await using var bench = await BatchBench.StartAsync(learning);
        bench.Gateway.Script = _ => Answer(ScriptedAnswer.Of(OpenAiError.RevokedApiKey("sk-tg-x")));

        var batch = await bench.UntilAsync(await bench.CreateAsync(BatchBench.Lines(9)), "completed");

        Assert.Equal((9, 0, 9), BatchBench.Counts(batch));
        Assert.Equal(JsonValueKind.Null, batch.GetProperty("output_file_id").ValueKind);
        Assert.Equal(9, (await bench.ReadAsync(batch, "error_file_id")).Count);
        Assert.Equal("0", (await bench.UntilPricedAsync(batch.GetProperty("id").GetString()!)).GetProperty("cost_usd").GetString());
    }

    [Fact]
    public async Task Lines_without_room_wait_and_lines_that_broke_are_asked_for_again_with_the_same_key()
    {
        await using var bench = await BatchBench.StartAsync(learning);
        var soon = TimeSpan.FromMilliseconds(20);
        bench.Gateway.Script = call => Answer((call.Number % 5, call.Try) switch
        {
            (1, <= 2) => ScriptedAnswer.Of(OpenAiError.QueueTimeout(soon)),
            (2, <= 2) => ScriptedAnswer.Of(OpenAiError.ModelUnavailable("m", soon)),
            (3, 1) => ScriptedAnswer.Of(OpenAiError.IdempotencyInProgress(Guid.NewGuid(), soon)),
            (4, <= 4) => ScriptedAnswer.Of(OpenAiError.UpstreamFailed()),
            _ => null,
        });

        var batch = await bench.UntilAsync(await bench.CreateAsync(BatchBench.Lines(20)), "completed");

        Assert.Equal((20, 20, 0), BatchBench.Counts(batch));
        Assert.All(bench.Gateway.Runs.Values, runs => Assert.Equal(1, runs));
        Assert.Equal(20, bench.Gateway.Calls.Select(call => call.IdempotencyKey).Distinct().Count());
        Assert.Equal(4 * (3 + 3 + 2 + 5 + 1), bench.Gateway.Calls.Count);
    }

    [Fact]
    public async Task A_connection_that_breaks_says_nothing_and_the_line_is_asked_for_again()
    {
        await using var bench = await BatchBench.StartAsync(learning);
        bench.Gateway.Script = call => Task.FromResult(call.Try == 1 ? ScriptedAnswer.Broken : ScriptedGateway.Answer());

        var batch = await bench.UntilAsync(await bench.CreateAsync(BatchBench.Lines(10)), "completed");

        Assert.Equal((10, 10, 0), BatchBench.Counts(batch));
        Assert.All(
            bench.Gateway.Calls.GroupBy(call => call.Number),
            calls => Assert.Single(calls.Select(call => call.IdempotencyKey).Distinct()));
    }

    [Fact]
    public async Task A_fault_that_stays_and_a_refusal_that_no_retry_helps_end_the_line()
    {
        await using var bench = await BatchBench.StartAsync(learning);
        bench.Gateway.Script = call => Answer(call.Number == 1
            ? ScriptedAnswer.Of(OpenAiError.UpstreamFailed()) : ScriptedAnswer.Of(OpenAiError.CreditBalanceExhausted()));

        var batch = await bench.UntilAsync(await bench.CreateAsync(BatchBench.Lines(2)), "completed");
        var errors = await bench.ReadAsync(batch, "error_file_id");

        Assert.Equal((2, 0, 2), BatchBench.Counts(batch));
        Assert.Equal((5, 1), (bench.Gateway.Calls.Count(call => call.Number == 1), bench.Gateway.Calls.Count(call => call.Number == 2)));
        Assert.Contains("credit_balance_exhausted", BatchBench.Codes(errors));
    }

    [Fact]
    public async Task A_line_that_asks_for_a_stream_is_refused_by_name_and_never_sent()
    {
        await using var bench = await BatchBench.StartAsync(learning);

        var id = await bench.CreateAsync(BatchBench.Line("a", 1, more: ",\"stream\":true") + BatchBench.Line("b", 2));
        var batch = await bench.UntilAsync(id, "completed");
        var error = Assert.Single(await bench.ReadAsync(batch, "error_file_id"));

        Assert.Equal((2, 1, 1), BatchBench.Counts(batch));
        Assert.Equal(
            "stream", error.GetProperty("response").GetProperty("body").GetProperty("error").GetProperty("param").GetString());
        Assert.Equal(2, Assert.Single(bench.Gateway.Calls).Number);
    }

    [Fact]
    public async Task A_cancel_lets_running_lines_end_and_gives_the_others_its_code()
    {
        await using var bench = await BatchBench.StartAsync(learning);
        var held = new TaskCompletionSource();
        bench.Gateway.Script = async call =>
        {
            await (call.Number > 10 ? held.Task : Task.CompletedTask);
            return ScriptedGateway.Answer();
        };
        var id = await bench.CreateAsync(BatchBench.Lines(100));
        await Until.TrueAsync(() => bench.Gateway.Calls.Count == 14, "10 lines are done and 4 run", BatchBench.Patience);

        var cancelling = await bench.CancelAsync(id);
        var again = await bench.CancelAsync(id);
        held.SetResult();
        var batch = await bench.UntilAsync(id, "cancelled");
        var (output, errors) = (await bench.ReadAsync(batch, "output_file_id"), await bench.ReadAsync(batch, "error_file_id"));

        Assert.Equal(("cancelling", "cancelling"), (Status(cancelling), Status(again)));
        Assert.Equal((100, 14, 86), BatchBench.Counts(batch));
        Assert.Equal(Numbers(14), BatchBench.Ids(output).Order());
        Assert.Equal(Numbers(100).Except(Numbers(14)).Order(), BatchBench.Ids(errors).Order());
        Assert.All(BatchBench.Codes(errors), code => Assert.Equal("batch_cancelled", code));
        Assert.All(errors, line => Assert.Equal(JsonValueKind.Null, line.GetProperty("response").ValueKind));
        Assert.Equal(14, bench.Gateway.Calls.Count);
        Assert.Equal("0.014", (await bench.UntilPricedAsync(id)).GetProperty("cost_usd").GetString());
        AssertTimes(batch, "created_at", "in_progress_at", "cancelling_at", "cancelled_at");
    }

    [Fact]
    public async Task What_has_not_run_after_a_day_expires_and_the_done_lines_stay()
    {
        await using var bench = await BatchBench.StartAsync(learning);
        bench.Gateway.Script = call => Answer(
            call.Number > 10 ? ScriptedAnswer.Of(OpenAiError.ModelUnavailable("m", TimeSpan.FromSeconds(30))) : null);
        var id = await bench.CreateAsync(BatchBench.Lines(50));
        await Until.TrueAsync(
            async () => BatchBench.Counts(await bench.ShowAsync(id)).Completed == 10, "10 lines are done", BatchBench.Patience);

        await learning.ExecuteAsync($"update learning.batches set expires_at = now() where id = '{IdOf(id)}'");
        var batch = await bench.UntilAsync(id, "expired");

        Assert.Equal((50, 10, 40), BatchBench.Counts(batch));
        Assert.Equal(Numbers(10), BatchBench.Ids(await bench.ReadAsync(batch, "output_file_id")).Order());
        Assert.All(BatchBench.Codes(await bench.ReadAsync(batch, "error_file_id")), code => Assert.Equal("batch_expired", code));
        AssertTimes(batch, "created_at", "in_progress_at", "finalizing_at", "expired_at");
    }

    [Fact]
    public async Task A_deleted_input_file_ends_the_batch_and_no_line_is_lost()
    {
        await using var bench = await BatchBench.StartAsync(learning);
        var held = new TaskCompletionSource();
        bench.Gateway.Script = async _ =>
        {
            await held.Task;
            return ScriptedGateway.Answer();
        };
        var file = await bench.UploadAsync(BatchBench.Lines(200));
        using var made = await bench.OrderAsync(file);
        var id = (await LearningFixture.JsonAsync(made, 200)).GetProperty("id").GetString()!;
        await Until.TrueAsync(() => bench.Gateway.Calls.Count == 4, "the first lines run", BatchBench.Patience);

        using var deleted = await bench.SendAsync(HttpMethod.Delete, $"/v1/files/{file}");
        held.SetResult();
        var batch = await bench.UntilAsync(id, "failed");
        var (total, completed, failed) = BatchBench.Counts(batch);
        var errors = await bench.ReadAsync(batch, "error_file_id");

        Assert.Equal((200, 200), (total, completed + failed));
        Assert.InRange(completed, 4, 199);
        Assert.Equal("input_file_gone", batch.GetProperty("errors").GetProperty("data")[0].GetProperty("code").GetString());
        Assert.Equal(failed, errors.Count);
        Assert.All(errors, line => Assert.Equal(JsonValueKind.Null, line.GetProperty("custom_id").ValueKind));
        Assert.Equal(completed, (await bench.ReadAsync(batch, "output_file_id")).Count);
    }

    [Fact]
    public async Task Another_process_takes_a_batch_over_and_no_line_runs_or_stands_twice()
    {
        await using var bench = await BatchBench.StartAsync(learning, "--Batches:Lease=00:00:02");
        var release = new TaskCompletionSource();
        bench.Gateway.Script = async call =>
        {
            await (call.Number > 20 ? release.Task : Task.CompletedTask);
            return ScriptedGateway.Answer();
        };
        var id = await bench.CreateAsync(BatchBench.Lines(60));
        await Until.TrueAsync(() => bench.Gateway.Calls.Count == 24, "20 lines are done and 4 run", BatchBench.Patience);

        // As if the process had stood still for longer than its claim lasts: the next one begins while its calls run.
        await learning.ExecuteAsync(
            $"update learning.batches set runner = gen_random_uuid(), runner_until = now() where id = '{IdOf(id)}'");
        await bench.StartAnotherAsync();
        await Until.TrueAsync(() => bench.Gateway.Calls.Count >= 28, "the 4 lines are asked for again", BatchBench.Patience);
        release.SetResult();
        var batch = await bench.UntilAsync(id, "completed");

        Assert.Equal((60, 60, 0), BatchBench.Counts(batch));
        Assert.Equal(Numbers(60), BatchBench.Ids(await bench.ReadAsync(batch, "output_file_id")).Order());
        Assert.All(bench.Gateway.Runs.Values, runs => Assert.Equal(1, runs));
    }

    [Fact]
    public async Task A_stop_keeps_what_runs_and_the_next_start_goes_on()
    {
        await using var bench = await BatchBench.StartAsync(learning);
        bench.Gateway.Script = async call =>
        {
            await Task.Delay(20, CancellationToken.None);
            return ScriptedGateway.Answer();
        };
        var id = await bench.CreateAsync(BatchBench.Lines(200));
        await Until.TrueAsync(() => bench.Gateway.Calls.Count > 20, "some lines are done", BatchBench.Patience);

        await bench.App.StopAsync();
        await bench.StartAnotherAsync();
        await Until.TrueAsync(
            async () => await learning.ReadAsync<string>("select status from learning.batches where id = $1", IdOf(id)) == "completed",
            "the batch is completed", BatchBench.Patience);

        Assert.Equal(200, bench.Gateway.Calls.Count); // Nothing was asked for twice: the stop waited for what ran.
        Assert.All(bench.Gateway.Runs.Values, runs => Assert.Equal(1, runs));
    }

    private static Task<ScriptedAnswer?> Answer(ScriptedAnswer? answer) =>
        Task.FromResult<ScriptedAnswer?>(answer ?? ScriptedGateway.Answer());

    private static IOrderedEnumerable<string> Numbers(int count) => Enumerable.Range(1, count).Select(i => $"{i}").Order();

    private static string? Status(JsonElement batch) => batch.GetProperty("status").GetString();

    private static Guid IdOf(string id) => Guid.ParseExact(id["batch_".Length..], "N");

    /// <summary>These times stand in their order, and no other one of an end does.</summary>
    private static void AssertTimes(JsonElement batch, params string[] members)
    {
        var times = members.Select(member => batch.GetProperty(member).GetInt64()).ToList();
        Assert.Equal(times.Order(), times);
        Assert.All(
            ((string[])["completed_at", "failed_at", "expired_at", "cancelled_at"]).Except(members),
            member => Assert.Equal(JsonValueKind.Null, batch.GetProperty(member).ValueKind));
    }
}
