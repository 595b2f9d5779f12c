using System.Text;
using System.Text.Json;
using Tollgate.Contracts.Learning;
using Tollgate.Contracts.OpenAi;
using Tollgate.Testing;

namespace Tollgate.Learning.Tests.Jobs;

/// <summary>What becomes of jobs, with runs that a test decides.</summary>
public sealed class JobRunTests(LearningFixture learning) : IClassFixture<LearningFixture>
{
    [Fact]
    public async Task A_job_is_planned_trained_and_priced_and_its_model_is_stored()
    {
        await using var bench = await JobBench.StartAsync(learning);
        bench.Trainer.Script = bench.TrainAsync;

        var id = await bench.CreateAsync(""","suffix":"My-Reviews","seed":7,"metadata":{"run":"a"}""");
        await bench.UntilAsync(id, "succeeded");
        var job = await bench.UntilPricedAsync(id);
        var (plan, run) = (Assert.Single(bench.Trainer.Plans), Assert.Single(bench.Trainer.Runs));

        var name = $"ft-tiny-embed-my-reviews-{id[^12..]}";
        Assert.Equal(name, job.GetProperty("fine_tuned_model").GetString());
        Assert.Equal((1000, "0.001"), (job.GetProperty("trained_tokens").GetInt32(), job.GetProperty("cost_usd").GetString()));
        Assert.Equal(60, job.GetProperty("hyperparameters").GetProperty("n_epochs").GetInt32());
        Assert.Equal(1000, job.GetProperty("plan").GetProperty("token_bound").GetInt32());
        Assert.Equal(("tiny-embed:training", 0), (plan.Order.Model, plan.Order.MostTokens));
        Assert.Equal(("tiny-embed:training", 1000, 0), (run.Order.Model, run.Order.MostTokens, run.Order.PaidTokens));
        Assert.Equal(($"{id}-run-1", JobBench.KeyPublicId, 7), (run.IdempotencyKey, run.KeyPublicId, run.Order.Numbers.Seed));
        Assert.Equal(
            ("[\"even\",\"odd\"]", 0.75, 0.7),
            (await learning.ReadAsync<string>("select labels from learning.tuned_models where name = $1", name),
                await learning.ReadAsync<double>("select accuracy from learning.tuned_models where name = $1", name),
                await learning.ReadAsync<double>("select macro_f1 from learning.tuned_models where name = $1", name)));
        var file = job.GetProperty("result_files")[0].GetString()!;
        Assert.Equal(
            "step,train_loss,valid_loss,accuracy,macro_f1\n50,0.5,0.4,0.75,0.7\n",
            Encoding.UTF8.GetString(await learning.DownloadAsync(bench.Caller, file)));
        var evaluation = await bench.GetAsync($"/{id}/evaluation");
        Assert.Equal(
            (2, "Held out, and wrong."),
            (evaluation.GetProperty("rows").GetInt32(), evaluation.GetProperty("mistakes")[0].GetProperty("text").GetString()));
        Assert.DoesNotContain(
            "Held out",
            await learning.ReadAsync<string>("select to_jsonb(t)::text from learning.tuned_models t where name = $1", name),
            StringComparison.Ordinal);
        var checkpoint = (await bench.GetAsync($"/{id}/checkpoints")).GetProperty("data")[0];
        Assert.Equal(
            (50, 0.75, $"{name}:step-50"),
            (checkpoint.GetProperty("step_number").GetInt32(), checkpoint.GetProperty("metrics").GetProperty("accuracy").GetDouble(),
                checkpoint.GetProperty("fine_tuned_model_checkpoint").GetString()));
    }

    [Fact]
    public async Task A_run_that_breaks_is_followed_by_one_that_goes_on_at_the_same_trainer_and_nothing_is_paid_twice()
    {
        await using var bench = await JobBench.StartAsync(learning);
        bench.Trainer.Script = async run =>
        {
            if (bench.Trainer.Runs.Count == 1)
            {
                await run.StartAsync("trainer-7");
                await run.CheckpointAsync(400, 40, 400);
                await bench.CheckpointsAsync(run.Order.Job, 1);
                await bench.BreakAsync(run);
                return;
            }

            await run.StartAsync("trainer-7", 40);
            (await bench.LeaveAsync(run.Order.Job)).Dispose();
            await run.FinishAsync(600, 1000);
        };

        var id = await bench.CreateAsync();
        await bench.UntilAsync(id, "succeeded");
        var job = await bench.UntilPricedAsync(id);
        var second = bench.Trainer.Runs.Last();

        Assert.Equal(2, bench.Trainer.Runs.Count);
        Assert.Equal((400, 600, "trainer-7"), (second.Order.PaidTokens, second.Order.MostTokens, second.Trainer));
        Assert.Equal($"{id}-run-2", second.IdempotencyKey);
        Assert.Equal("0.002", job.GetProperty("cost_usd").GetString()); // Both runs have a row.
        Assert.Contains(await EventsAsync(bench, id), one => one.Level == "warn");
    }

    [Fact]
    public async Task A_gateway_without_room_is_asked_again_and_the_job_stays_queued()
    {
        await using var bench = await JobBench.StartAsync(learning);
        bench.Trainer.Script = run => bench.Trainer.Runs.Count < 3
            ? run.RefuseAsync(OpenAiError.ModelUnavailable("tiny-embed:training", TimeSpan.FromMilliseconds(20))) : bench.TrainAsync(run);

        var id = await bench.CreateAsync();
        await bench.UntilAsync(id, "succeeded");

        Assert.Equal(["run-1", "run-2", "run-3"], bench.Trainer.Runs.Select(run => run.IdempotencyKey[(id.Length + 1)..]));
        Assert.Equal("0.001", (await bench.UntilPricedAsync(id)).GetProperty("cost_usd").GetString());
    }

    [Fact]
    public async Task Money_that_is_gone_and_a_key_that_is_revoked_fail_the_job_by_name()
    {
        await using var bench = await JobBench.StartAsync(learning);
        bench.Trainer.Script = run => run.RefuseAsync(
            bench.Trainer.Runs.Count == 1 ? OpenAiError.CreditBalanceExhausted() : OpenAiError.RevokedApiKey("sk-tg-x"));

        var poor = await bench.UntilAsync(await bench.CreateAsync(), "failed");
        var revoked = await bench.UntilAsync(await bench.CreateAsync(), "failed");

        Assert.Equal("insufficient_quota", poor.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal("revoked_api_key", revoked.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(JsonValueKind.Null, poor.GetProperty("fine_tuned_model").ValueKind);
        Assert.Equal("0", (await bench.UntilPricedAsync(poor.GetProperty("id").GetString()!)).GetProperty("cost_usd").GetString());
    }

    [Fact]
    public async Task A_plan_that_is_refused_fails_the_job_and_an_unknown_model_is_refused_at_once()
    {
        await using var bench = await JobBench.StartAsync(learning);
        bench.Trainer.Planning = run => run.Order.Model == "nope:training"
            ? OpenAiError.ModelNotFound(run.Order.Model) : OpenAiError.UntrainableJob("One label is not enough.", "training_file");

        var failed = await bench.UntilAsync(await bench.CreateAsync(), "failed");
        using var unknown = await bench.OrderAsync(await bench.UploadAsync(), model: "nope");

        Assert.Equal("training_file", failed.GetProperty("error").GetProperty("param").GetString());
        var (code, param, message) = await LearningFixture.ErrorAsync(unknown, 404);
        Assert.Equal(("model_not_found", "model"), (code, param));
        Assert.Contains("'nope'", message, StringComparison.Ordinal);
        Assert.Single((await bench.GetAsync("")).GetProperty("data").EnumerateArray());
    }

    [Fact]
    public async Task A_cancel_drops_the_stream_and_the_run_keeps_its_row()
    {
        await using var bench = await JobBench.StartAsync(learning);
        var dropped = new TaskCompletionSource();
        bench.Trainer.Script = async run =>
        {
            await run.StartAsync();
            await run.CheckpointAsync(200, 20, 200);
            await Task.Delay(Timeout.Infinite, run.Dropped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            dropped.TrySetResult();
        };
        var id = await bench.CreateAsync();
        await bench.UntilAsync(id, "running");

        var cancelled = await bench.PostAsync(id, "cancel");
        var again = await bench.PostAsync(id, "cancel");
        await dropped.Task.WaitAsync(JobBench.Patience);
        var job = await bench.UntilPricedAsync(id);

        Assert.Equal(("cancelled", "cancelled"), (Status(cancelled), Status(again)));
        Assert.Equal("0.001", job.GetProperty("cost_usd").GetString());
        Assert.Equal("job_not_paused", (await RefusedAsync(bench, id, "pause")).Code);
        Assert.Equal("job_not_resumed", (await RefusedAsync(bench, id, "resume")).Code);
        Assert.Equal(410, (int)(await bench.FetchAsync(TrainedModels.TrainingFileOf(JobBench.IdOf(id)))).StatusCode);
        Assert.Equal(410, (int)(await bench.LeaveAsync(JobBench.IdOf(id))).StatusCode);
        Assert.Single(bench.Trainer.Runs);
    }

    [Fact]
    public async Task A_paused_job_runs_nothing_until_it_is_resumed_and_then_goes_on()
    {
        await using var bench = await JobBench.StartAsync(learning);
        var dropped = new TaskCompletionSource();
        bench.Trainer.Script = async run =>
        {
            if (bench.Trainer.Runs.Count > 1)
            {
                await bench.TrainAsync(run);
                return;
            }

            await run.StartAsync();
            await run.CheckpointAsync(200, 20, 200);
            await Task.Delay(Timeout.Infinite, run.Dropped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            dropped.TrySetResult();
        };
        var id = await bench.CreateAsync();
        await bench.UntilAsync(id, "running");
        Assert.Equal("job_not_resumed", (await RefusedAsync(bench, id, "resume")).Code);
        await Until.TrueAsync(
            async () => (await bench.GetAsync($"/{id}")).GetProperty("trained_tokens").GetInt32() == 200, "the checkpoint is kept",
            JobBench.Patience);

        var paused = await bench.PostAsync(id, "pause");
        await dropped.Task.WaitAsync(JobBench.Patience);
        var again = await bench.PostAsync(id, "pause");
        var resumed = await bench.PostAsync(id, "resume");
        await bench.UntilAsync(id, "succeeded");

        Assert.Equal(("paused", "paused", "queued"), (Status(paused), Status(again), Status(resumed)));
        Assert.Equal(200, bench.Trainer.Runs.Last().Order.PaidTokens);
        Assert.Equal(2, bench.Trainer.Runs.Count);
        Assert.Equal("job_not_cancelled", (await RefusedAsync(bench, id, "cancel")).Code);
    }

    [Fact]
    public async Task Organizations_take_turns_for_the_places()
    {
        await using var bench = await JobBench.StartAsync(learning, "--Jobs:Concurrency=1");
        var (first, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        bench.Trainer.Script = async run =>
        {
            first.TrySetResult();
            await go.Task;
            await bench.TrainAsync(run);
        };
        var small = LearningFixture.NewCaller();
        var large = new List<string> { await bench.CreateAsync() };
        await first.Task.WaitAsync(JobBench.Patience);
        for (var i = 0; i < 3; i++)
        {
            large.Add(await bench.CreateAsync());
        }

        var other = await bench.CreateAsync(caller: small);
        go.SetResult();
        await bench.UntilAsync(large[^1], "succeeded");
        await bench.UntilAsync(other, "succeeded", small);

        // The large organization has had a turn: the small one, which came last, is next.
        Assert.Equal(
            ((string[])[large[0], other, .. large.Skip(1)]).Select(JobBench.IdOf), bench.Trainer.Runs.Select(run => run.Order.Job));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stop_or_a_standstill_drops_the_run_and_another_process_goes_on(bool stops)
    {
        await using var bench = await JobBench.StartAsync(learning);
        bench.Trainer.Script = async run =>
        {
            if (bench.Trainer.Runs.Count > 1)
            {
                await run.StartAsync(step: 30);
                (await bench.LeaveAsync(run.Order.Job)).Dispose();
                await run.FinishAsync(700, 1000);
                return;
            }

            await run.StartAsync();
            await run.CheckpointAsync(300, 30, 300);
            await Task.Delay(Timeout.Infinite, run.Dropped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        };
        var id = await bench.CreateAsync();
        await Until.TrueAsync(
            async () => await learning.ReadAsync<long>("select paid_tokens from learning.jobs where id = $1", JobBench.IdOf(id)) == 300,
            "the checkpoint is kept", JobBench.Patience);

        if (stops)
        {
            await bench.App.StopAsync();
        }
        else
        {
            await learning.ExecuteAsync(
                $"update learning.jobs set runner = gen_random_uuid(), runner_until = now() where id = '{JobBench.IdOf(id)}'");
        }

        await bench.StartAnotherAsync();
        await Until.TrueAsync(
            async () => await learning.ReadAsync<string>("select coalesce(cost::text, '') from learning.jobs where id = $1",
                JobBench.IdOf(id)) != "",
            "the job has a cost", JobBench.Patience);

        Assert.Equal(2, bench.Trainer.Runs.Count);
        Assert.Equal((300, 700), (bench.Trainer.Runs.Last().Order.PaidTokens, bench.Trainer.Runs.Last().Order.MostTokens));
        Assert.Equal(
            ("succeeded", 0.002m),
            (await learning.ReadAsync<string>("select status from learning.jobs where id = $1", JobBench.IdOf(id)),
                await learning.ReadAsync<decimal>("select cost from learning.jobs where id = $1", JobBench.IdOf(id))));
    }

    [Fact]
    public async Task A_deleted_training_file_fails_the_job_that_runs()
    {
        await using var bench = await JobBench.StartAsync(learning);
        bench.Trainer.Script = async run =>
        {
            await run.StartAsync();
            await Task.Delay(Timeout.Infinite, run.Dropped);
        };
        var file = await bench.UploadAsync();
        using var made = await bench.OrderAsync(file);
        var id = (await LearningFixture.JsonAsync(made, 200)).GetProperty("id").GetString()!;
        await bench.UntilAsync(id, "running");

        using var deleted = await bench.SendAsync(HttpMethod.Delete, $"/v1/files/{file}");
        var job = await bench.UntilAsync(id, "failed");

        Assert.Equal(
            ("file_gone", "training_file"),
            (job.GetProperty("error").GetProperty("code").GetString(), job.GetProperty("error").GetProperty("param").GetString()));
    }

    [Fact]
    public async Task Runs_that_break_again_and_again_without_a_checkpoint_fail_the_job()
    {
        await using var bench = await JobBench.StartAsync(learning, "--Jobs:MaxFaults=3");
        bench.Trainer.Script = async run =>
        {
            await run.StartAsync();
            await bench.BreakAsync(run);
        };

        var job = await bench.UntilAsync(await bench.CreateAsync(), "failed");

        Assert.Equal("training_failed", job.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(3, bench.Trainer.Runs.Count);
    }

    [Fact]
    public async Task A_trainer_that_does_not_come_back_is_given_up()
    {
        await using var bench = await JobBench.StartAsync(learning, "--Jobs:TrainerPatience=00:00:00");
        bench.Trainer.Script = async run =>
        {
            if (bench.Trainer.Runs.Count == 1)
            {
                await run.StartAsync("trainer-7");
                await bench.BreakAsync(run);
                return;
            }

            await bench.TrainAsync(run);
        };

        await bench.UntilAsync(await bench.CreateAsync(), "succeeded");

        Assert.Equal("", bench.Trainer.Runs.Last().Trainer);
    }

    [Fact]
    public async Task A_budget_in_dollars_counts_what_earlier_runs_cost()
    {
        await using var bench = await JobBench.StartAsync(learning);
        bench.Trainer.Script = async run =>
        {
            if (bench.Trainer.Runs.Count == 1)
            {
                bench.Trainer.Costs[run.RequestId] = 0.3m;
                await run.StartAsync();
                await bench.BreakAsync(run);
                return;
            }

            await bench.TrainAsync(run);
        };

        await bench.UntilAsync(await bench.CreateAsync(""","budget":{"usd":2,"trained_tokens":5000}"""), "succeeded");

        Assert.Equal([2m, 1.7m], bench.Trainer.Runs.Select(run => run.Order.MostUsd!.Value));
        Assert.All(bench.Trainer.Runs, run => Assert.Equal(5000, run.Order.Numbers.TokenBudget));
    }

    private static string? Status(JsonElement job) => job.GetProperty("status").GetString();

    private static async Task<IReadOnlyList<(string Level, string Message)>> EventsAsync(JobBench bench, string id) =>
    [
        .. (await bench.GetAsync($"/{id}/events?limit=100")).GetProperty("data").EnumerateArray()
            .Select(one => (one.GetProperty("level").GetString()!, one.GetProperty("message").GetString()!)),
    ];

    private static async Task<(string? Code, string? Param, string Message)> RefusedAsync(JobBench bench, string id, string verb)
    {
        using var response = await bench.SendAsync(HttpMethod.Post, $"{JobBench.Jobs}/{id}/{verb}");
        return await LearningFixture.ErrorAsync(response, 400);
    }
}
