using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Tollgate.Benchmarks.Machine;
using Tollgate.Benchmarks.Pictures;
using Tollgate.Inference;
using Tollgate.Inference.Import;
using Tollgate.Inference.Tasks;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Benchmarks.Drawing;

/// <summary>A worker that draws over HTTP, beside a loop over the same graphs, steps and rows a call with nothing around it.</summary>
internal static class DrawingBench
{
    /// <summary>Pictures of a request, which share each call of the denoiser.</summary>
    public const int Pictures = 4;

    public const string Prompt = "a red house on green grass";
    private const string Name = "measured";

    public static async Task<DrawingReport> RunAsync(DrawingBenchPlan plan, CancellationToken cancellationToken)
    {
        var machine = MachineFacts.Read(TimeProvider.System);
        var repository = TestFolder.Create("repository");
        var installed = await ModelImport.RunAsync(
            plan.Model, Name, repository, new ModelImportOptions(), progress: null, cancellationToken);
        await using var app = InferenceApp.Create(
        [
            "--Listen:Internal=http://127.0.0.1:0", TestBearers.Argument("inference"), "--Worker:Id=bench",
            $"--Worker:DataDirectory={TestFolder.Create("worker")}", $"--Models:Directory={repository}", "--Execution:Provider=cpu",
            $"--Drawing:PicturesPerCall={Pictures}",
        ]);
        await app.StartAsync(cancellationToken);
        using var client = new HttpClient { BaseAddress = new Uri(app.Url(ListenerKind.Internal)), Timeout = TimeSpan.FromHours(1) };
        client.DefaultRequestHeaders.Authorization = TestBearers.Header("gateway", "inference");
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new { model = Name, prompt = Prompt, n = Pictures, steps = plan.Steps, seed = 1 }, JsonSerializerOptions.Web);
        await Until.TrueAsync(async () => (await AskAsync(client, body)).IsSuccessStatusCode, "the model is served");

        using var loop = new BareDrawing(installed.Folder, plan.Steps);
        loop.Draw();
        var rounds = new List<PictureRound>();
        for (var round = 0; round < plan.Rounds; round++)
        {
            var worker = await MeasureAsync(plan.Requests, async () =>
            {
                for (var i = 0; i < plan.Requests; i++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    (await AskAsync(client, body)).EnsureSuccessStatusCode();
                }
            });
            var bare = await MeasureAsync(plan.Requests, () => Task.Run(
                () =>
                {
                    for (var i = 0; i < plan.Requests; i++)
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        loop.Draw();
                    }
                },
                cancellationToken));
            rounds.Add(new PictureRound(worker, bare));
        }

        await app.StopAsync(cancellationToken);
        return new DrawingReport(machine, plan, rounds);
    }

    private static async Task<HttpResponseMessage> AskAsync(HttpClient client, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json", Encoding.UTF8.WebName);
        return await client.PostAsync("/v1/images/generations", content);
    }

    private static async Task<double> MeasureAsync(int requests, Func<Task> run)
    {
        var started = Stopwatch.GetTimestamp();
        await run();
        return requests * Pictures / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
