using System.Text;
using System.Text.Json;
using Tollgate.Contracts.Learning;

namespace Tollgate.Learning.Tests.Jobs;

/// <summary>The wire of <c>/v1/fine_tuning/jobs</c>, and the routes of trainers.</summary>
public sealed class JobEndpointTests(LearningFixture learning) : IClassFixture<LearningFixture>
{
    private const string Idle = "--Jobs:Concurrency=0";

    [Fact]
    public async Task A_new_job_has_all_members_of_the_wire()
    {
        await using var bench = await JobBench.StartAsync(learning, Idle);
        var file = await bench.UploadAsync();

        using var response = await bench.OrderAsync(
            file, ""","method":{"type":"head","head":{"hyperparameters":{"batch_size":16}}},"metadata":{"a":"b"},"integrations":[]""");
        var job = await LearningFixture.JsonAsync(response, 200);

        Assert.Equal(
            [
                "budget", "cost_usd", "created_at", "error", "estimated_finish", "fine_tuned_model", "finished_at", "hyperparameters", "id",
                "integrations", "metadata", "method", "model", "object", "organization_id", "plan", "progress", "result_files", "seed",
                "status", "suffix", "trained_tokens", "training_file", "validation_file",
            ],
            job.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));
        Assert.Equal(
            ("fine_tuning.job", "queued", file, "tiny-embed"),
            (job.GetProperty("object").GetString(), job.GetProperty("status").GetString(), job.GetProperty("training_file").GetString(),
                job.GetProperty("model").GetString()));
        Assert.Equal(
            ("head", 32),
            (job.GetProperty("method").GetProperty("type").GetString(),
                job.GetProperty("method").GetProperty("head").GetProperty("hyperparameters").GetProperty("batch_size").GetInt32()));
        Assert.InRange(job.GetProperty("seed").GetInt64(), 0, int.MaxValue);
        Assert.Empty(job.GetProperty("result_files").EnumerateArray());
        Assert.Equal(16, Assert.Single(bench.Trainer.Plans).Order.Numbers.BatchSize);
    }

    [Fact]
    public async Task Without_a_trainer_a_job_validates_its_files_until_there_is_one()
    {
        await using var bench = await JobBench.StartAsync(learning, Idle);
        var isAway = true;
        bench.Trainer.Planning = _ => Volatile.Read(ref isAway)
            ? Contracts.OpenAi.OpenAiError.ModelUnavailable("m", TimeSpan.FromMilliseconds(20)) : null;

        using var response = await bench.OrderAsync(await bench.UploadAsync());
        var job = await LearningFixture.JsonAsync(response, 200);
        var id = job.GetProperty("id").GetString()!;
        Volatile.Write(ref isAway, false);
        await bench.UntilAsync(id, "queued");

        Assert.Equal(("validating_files", JsonValueKind.Null), (job.GetProperty("status").GetString(), job.GetProperty("plan").ValueKind));
        Assert.Equal("auto", job.GetProperty("hyperparameters").GetProperty("n_epochs").GetString());
    }

    [Fact]
    public async Task A_file_of_another_purpose_with_faults_of_another_project_or_none_is_refused_by_name()
    {
        await using var bench = await JobBench.StartAsync(learning, Idle);
        var (other, faulty) = (
            await bench.UploadAsync(purpose: "user_data"), await bench.UploadAsync("{\"text\":1}\n"));
        var foreign = await bench.UploadAsync(caller: LearningFixture.NewCaller());
        var good = await bench.UploadAsync();

        foreach (var (file, status) in ((string, int)[])[(other, 400), (faulty, 400), (foreign, 404), ("file-x", 404)])
        {
            using var training = await bench.OrderAsync(file);
            using var validation = await bench.OrderAsync(good, $",\"validation_file\":\"{file}\"");
            Assert.Equal("training_file", (await LearningFixture.ErrorAsync(training, status)).Param);
            Assert.Equal("validation_file", (await LearningFixture.ErrorAsync(validation, status)).Param);
        }
    }

    [Fact]
    public async Task Paging_visits_each_job_once_and_metadata_filters()
    {
        await using var bench = await JobBench.StartAsync(learning, Idle);
        var file = await bench.UploadAsync();
        var ids = new List<string>();
        foreach (var metadata in (string[])["null", """{"run":"a","x":"1"}""", """{"run":"b"}""", """{"run":"a"}"""])
        {
            using var response = await bench.OrderAsync(file, $",\"metadata\":{metadata}");
            ids.Add((await LearningFixture.JsonAsync(response, 200)).GetProperty("id").GetString()!);
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System); // Ids of one millisecond have no order.
        }

        var seen = new List<string>();
        var page = await bench.GetAsync("?limit=1");
        while (true)
        {
            seen.AddRange(Ids(page));
            if (!page.GetProperty("has_more").GetBoolean())
            {
                break;
            }

            page = await bench.GetAsync($"?limit=1&after={seen[^1]}");
        }

        Assert.Equal(ids.AsEnumerable().Reverse(), seen);
        Assert.Equal([ids[3], ids[1]], Ids(await bench.GetAsync("?metadata[run]=a")));
        Assert.Equal([ids[1]], Ids(await bench.GetAsync("?metadata%5Brun%5D=a&metadata%5Bx%5D=1")));
        Assert.Equal([ids[0]], Ids(await bench.GetAsync("?metadata=null")));
        Assert.Empty(Ids(await bench.GetAsync("?metadata[run]=")));
        Assert.Empty(Ids(await bench.GetAsync("", LearningFixture.NewCaller())));
    }

    [Theory]
    [InlineData("?limit=0", "limit")]
    [InlineData("?limit=-1", "limit")]
    [InlineData("?limit=101", "limit")]
    [InlineData("?after=batch_x", "after")]
    [InlineData("?before=x", "before")]
    [InlineData("?metadata=x", "metadata")]
    [InlineData("?limit=1&limit=2", "limit")]
    public async Task A_wrong_query_is_refused_by_name(string query, string param)
    {
        await using var bench = await JobBench.StartAsync(learning, Idle);

        using var response = await bench.SendAsync(HttpMethod.Get, JobBench.Jobs + query);

        Assert.Equal(param, (await LearningFixture.ErrorAsync(response, 400)).Param);
    }

    [Fact]
    public async Task Events_are_listed_from_the_newest_and_streamed_from_the_oldest_until_the_end()
    {
        await using var bench = await JobBench.StartAsync(learning);
        var go = new TaskCompletionSource();
        bench.Trainer.Script = async run =>
        {
            await go.Task;
            await bench.TrainAsync(run);
        };
        var id = await bench.CreateAsync();

        using var stream = await bench.SendAsync(HttpMethod.Get, $"{JobBench.Jobs}/{id}/events?stream=true");
        go.SetResult();
        var text = await stream.Content.ReadAsStringAsync().WaitAsync(JobBench.Patience);
        var first = await bench.GetAsync($"/{id}/events?limit=2");
        var next = await bench.GetAsync($"/{id}/events?limit=100&after={Ids(first).Last()}");

        var sent = text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(one => one[0] != ':').ToList();
        Assert.Equal("text/event-stream", stream.Content.Headers.ContentType!.MediaType);
        Assert.Equal("data: [DONE]", sent[^1]);
        var streamed = sent.SkipLast(1).Select(one => JsonElement.Parse(one["data: ".Length..])).ToList();
        Assert.Equal(
            streamed.Select(one => one.GetProperty("id").GetString()).Reverse(), Ids(first).Concat(Ids(next)));
        Assert.Equal($"Created fine-tuning job: {id}", streamed[0].GetProperty("message").GetString());
        Assert.Equal("The job has successfully completed", streamed[^1].GetProperty("message").GetString());
        Assert.All(streamed, one => Assert.Equal("fine_tuning.job.event", one.GetProperty("object").GetString()));
        Assert.Contains(streamed, one => one.GetProperty("type").GetString() == "metrics");
    }

    [Fact]
    public async Task Another_projects_job_does_not_exist()
    {
        await using var bench = await JobBench.StartAsync(learning, Idle);
        var id = await bench.CreateAsync();
        var stranger = LearningFixture.NewCaller();

        foreach (var (method, path) in ((HttpMethod, string)[])
            [
                (HttpMethod.Get, ""), (HttpMethod.Post, "/cancel"), (HttpMethod.Post, "/pause"), (HttpMethod.Post, "/resume"),
                (HttpMethod.Get, "/events"), (HttpMethod.Get, "/events?stream=true"), (HttpMethod.Get, "/checkpoints"),
                (HttpMethod.Get, "/evaluation"),
            ])
        {
            using var response = await bench.SendAsync(method, $"{JobBench.Jobs}/{id}{path}", caller: stranger);
            Assert.Equal("fine_tune_not_found", (await LearningFixture.ErrorAsync(response, 404)).Code);
        }

        using var none = await bench.SendAsync(HttpMethod.Get, $"{JobBench.Jobs}/{id}/evaluation");
        Assert.Equal("no_evaluation", (await LearningFixture.ErrorAsync(none, 400)).Code);
    }

    [Fact]
    public async Task A_trainer_gets_the_files_as_they_were_sent_and_only_a_whole_model_is_taken()
    {
        await using var bench = await JobBench.StartAsync(learning, Idle);
        var id = JobBench.IdOf(await bench.CreateAsync());

        using var training = await bench.FetchAsync(TrainedModels.TrainingFileOf(id));
        using var validation = await bench.FetchAsync(TrainedModels.ValidationFileOf(id));
        using var unknown = await bench.FetchAsync(TrainedModels.TrainingFileOf(Guid.NewGuid()));
        using var noTar = await bench.LeaveAsync(id, Encoding.UTF8.GetBytes("hello"));
        using var part = await bench.LeaveAsync(id, await JobBench.TarAsync("model.onnx", "config.json"));
        using var strange = await bench.LeaveAsync(id, await JobBench.TarAsync("../etc/passwd"));
        using var whole = await bench.LeaveAsync(id);
        using var again = await bench.LeaveAsync(id);

        Assert.Equal(JobBench.Examples(), await training.Content.ReadAsStringAsync());
        Assert.Equal((404, 410), ((int)validation.StatusCode, (int)unknown.StatusCode));
        Assert.Equal((400, 400, 400), ((int)noTar.StatusCode, (int)part.StatusCode, (int)strange.StatusCode));
        Assert.Equal((204, 204), ((int)whole.StatusCode, (int)again.StatusCode));
        Assert.Equal(1, await learning.ReadAsync<long>("select count(*) from learning.job_results where job_id = $1", id));
    }

    [Fact]
    public async Task A_result_above_the_limit_leaves_nothing()
    {
        await using var bench = await JobBench.StartAsync(learning, Idle, "--Jobs:MaxResultBytes=2048");
        var id = JobBench.IdOf(await bench.CreateAsync());

        using var response = await bench.LeaveAsync(id);

        Assert.Equal(413, (int)response.StatusCode);
        Assert.Equal(0, await learning.ReadAsync<long>("select count(*) from learning.job_results where job_id = $1", id));
    }

    [Fact]
    public async Task An_organization_has_so_many_jobs_that_have_not_ended()
    {
        await using var bench = await JobBench.StartAsync(learning, Idle, "--Jobs:MaxJobs=2");
        var first = await bench.CreateAsync();
        await bench.CreateAsync();

        using var third = await bench.OrderAsync(await bench.UploadAsync());
        await bench.PostAsync(first, "cancel");
        using var after = await bench.OrderAsync(await bench.UploadAsync());

        Assert.Equal("too_many_jobs", (await LearningFixture.ErrorAsync(third, 429)).Code);
        await LearningFixture.JsonAsync(after, 200);
    }

    private static List<string> Ids(JsonElement list) =>
        [.. list.GetProperty("data").EnumerateArray().Select(one => one.GetProperty("id").GetString()!)];
}
