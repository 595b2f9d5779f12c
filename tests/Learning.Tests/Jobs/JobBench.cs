using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Tollgate.Contracts.Learning;
using Tollgate.Learning.Callers;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Learning.Tests.Jobs;

/// <summary>A Learning that runs jobs against a <see cref="ScriptedTrainer"/>, called as a gateway calls it.</summary>
internal sealed class JobBench(LearningFixture learning, ScriptedTrainer trainer, WebApplication app, HttpClient http) : IAsyncDisposable
{
    public const string KeyPublicId = "pubid0000001";
    public const string Jobs = "/v1/fine_tuning/jobs";
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly List<WebApplication> _others = [];

    public ScriptedTrainer Trainer => trainer;

    public WebApplication App => app;

    /// <summary>Whose jobs they are.</summary>
    public FileCaller Caller { get; init; } = LearningFixture.NewCaller();

    public static async Task<JobBench> StartAsync(LearningFixture learning, params string[] more)
    {
        var trainer = await ScriptedTrainer.StartAsync();
        var (app, http) = await learning.StartAsync([.. Settings(trainer), .. more]);
        return new JobBench(learning, trainer, app, http);
    }

    public static string[] Settings(ScriptedTrainer trainer) =>
    [
        $"--Services:gateway={trainer.Url}", $"--Services:billing={trainer.Url}", "--Jobs:Every=00:00:00.050",
        "--Jobs:LongestPause=00:00:00.050", "--Jobs:FirstPlan=00:01:00", "--Batches:Batches=0",
    ];

    public async Task<string> UploadAsync(string? lines = null, FileCaller? caller = null, string purpose = "fine-tune") =>
        (await learning.CreateAsync(caller ?? Caller, Encoding.UTF8.GetBytes(lines ?? Examples()), purpose, http: http))
            .GetProperty("id").GetString()!;

    /// <summary>Ten labelled texts.</summary>
    public static string Examples() => string.Concat(Enumerable.Range(1, 10).Select(
        i => $$"""{"text":"Text number {{i}}","label":"{{(i % 2 == 0 ? "even" : "odd")}}"}""" + "\n"));

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content = null, FileCaller? caller = null)
    {
        var request = LearningFixture.Request(caller ?? Caller, method, path, content);
        request.Headers.Add(LearningHeaders.KeyPublicId, KeyPublicId);
        request.Headers.Add(LearningHeaders.KeyScopes, LearningHeaders.AllScopes);
        return http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    public Task<HttpResponseMessage> OrderAsync(string file, string more = "", FileCaller? caller = null, string model = "tiny-embed") =>
        SendAsync(
            HttpMethod.Post, Jobs, LearningFixture.Json($$"""{"model":"{{model}}","training_file":"{{file}}"{{more}}}"""), caller);

    /// <summary>Makes a job of a new file and returns its id.</summary>
    public async Task<string> CreateAsync(string more = "", FileCaller? caller = null)
    {
        using var response = await OrderAsync(await UploadAsync(caller: caller), more, caller);
        return (await LearningFixture.JsonAsync(response, 200)).GetProperty("id").GetString()!;
    }

    public async Task<JsonElement> GetAsync(string path, FileCaller? caller = null)
    {
        using var response = await SendAsync(HttpMethod.Get, $"{Jobs}{path}", caller: caller);
        return await LearningFixture.JsonAsync(response, 200);
    }

    public async Task<JsonElement> PostAsync(string id, string verb)
    {
        using var response = await SendAsync(HttpMethod.Post, $"{Jobs}/{id}/{verb}");
        return await LearningFixture.JsonAsync(response, 200);
    }

    public async Task<JsonElement> UntilAsync(string id, string status, FileCaller? caller = null)
    {
        var job = default(JsonElement);
        await Until.TrueAsync(
            async () => (job = await GetAsync($"/{id}", caller)).GetProperty("status").GetString() == status, $"{id} is {status}",
            Patience);
        return job;
    }

    public async Task<JsonElement> UntilPricedAsync(string id)
    {
        var job = default(JsonElement);
        await Until.TrueAsync(
            async () => (job = await GetAsync($"/{id}")).GetProperty("cost_usd").ValueKind == JsonValueKind.String, $"{id} has a cost",
            Patience);
        return job;
    }

    public Task RunsAsync(int count) =>
        Until.TrueAsync(() => trainer.Runs.Count >= count, $"{count} runs were asked for", Patience);

    /// <summary>Leaves a model at Learning, as a trainer does.</summary>
    public async Task<HttpResponseMessage> LeaveAsync(Guid job, byte[]? tar = null) => await TrainerHttp().PutAsync(
        TrainedModels.ResultOf(job), new ByteArrayContent(tar ?? await TarAsync()));

    public Task<HttpResponseMessage> FetchAsync(string path) => TrainerHttp().GetAsync(path);

    /// <summary>A tar of these files; without names, of a whole model.</summary>
    public static async Task<byte[]> TarAsync(params string[] names)
    {
        var bytes = new MemoryStream();
        await using (var writer = new TarWriter(bytes, leaveOpen: true))
        {
            foreach (var name in names is [] ? ["model.onnx", "config.json", "tokenizer.json", "training.json"] : names)
            {
                var text = name switch
                {
                    "config.json" => """{"id2label":{"0":"even","1":"odd"}}""",
                    "training.json" => """
                        {"method":"Head","evaluation":{"rows":2,"metrics":{"accuracy":0.75,"macro":{"f1":0.7}},
                         "mistakes":[{"text":"Held out, and wrong."}]}}
                        """,
                    _ => "content",
                };
                await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name)
                {
                    DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)),
                });
            }
        }

        return bytes.ToArray();
    }

    /// <summary>A run from start to end, with one checkpoint and one epoch.</summary>
    public async Task TrainAsync(ScriptedRun run)
    {
        await run.StartAsync();
        await run.EpochAsync(0, 50, 0.75);
        await run.CheckpointAsync(500, 50, 500);
        (await LeaveAsync(run.Order.Job)).Dispose();
        await run.FinishAsync(1000, 1000);
    }

    /// <summary>Waits until checkpoints of a job are kept: a stream that breaks at once may lose what was sent last.</summary>
    public Task CheckpointsAsync(Guid job, long count) => Until.TrueAsync(
        async () => await learning.ReadAsync<long>("select count(*) from learning.job_checkpoints where job_id = $1", job) == count,
        $"{count} checkpoints are kept", Patience);

    /// <summary>Breaks a run when its answer has begun.</summary>
    public async Task BreakAsync(ScriptedRun run)
    {
        await Until.TrueAsync(
            async () => await learning.ReadAsync<long>(
                "select count(*) from learning.job_runs where request_id = $1 and answered", run.RequestId) == 1,
            "the run is known to have begun", Patience);
        run.Break();
    }

    /// <summary>Another process on the same database.</summary>
    public async Task StartAnotherAsync(params string[] more) =>
        _others.Add((await learning.StartAsync([.. Settings(trainer), .. more])).App);

    public static Guid IdOf(string id) => Guid.ParseExact(id["ftjob-".Length..], "N");

    public async ValueTask DisposeAsync()
    {
        foreach (var one in (WebApplication[])[app, .. _others])
        {
            await learning.EndAsync(one); // It would run the jobs of the next test.
        }

        await learning.ExecuteAsync(
            """
            update learning.jobs set status = 'cancelled', finished_at = now()
            where status in ('validating_files', 'queued', 'running', 'paused')
            """);
        await trainer.DisposeAsync();
    }

    private HttpClient TrainerHttp() => new()
    {
        BaseAddress = new Uri((_others is [.., var last] ? last : app).Url(ListenerKind.Internal)),
        DefaultRequestHeaders = { Authorization = TestBearers.Header("inference", "learning") },
    };
}
