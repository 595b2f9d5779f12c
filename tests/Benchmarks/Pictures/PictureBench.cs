using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Benchmarks.Machine;
using Tollgate.Contracts.Pictures;
using Tollgate.Inference;
using Tollgate.Inference.Import;
using Tollgate.Inference.Pictures;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tasks.ImageClassification;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Benchmarks.Pictures;

/// <summary>A worker that classifies pictures over HTTP, beside a loop that decodes, resizes and runs the same graph in the same batches
/// without anything around it. Both decode the same files with the same code.</summary>
internal static class PictureBench
{
    private const string Name = "measured";
    private const int Batch = 8;

    public static async Task<PictureReport> RunAsync(PicturePlan plan, CancellationToken cancellationToken)
    {
        var machine = MachineFacts.Read(TimeProvider.System);
        byte[][] files = [.. Directory.EnumerateFiles(plan.Images).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
        byte[][] batch = [.. Enumerable.Range(0, Batch).Select(i => files[i % files.Length])];
        var repository = TestFolder.Create("repository");
        var installed = await ModelImport.RunAsync(
            plan.Model, Name, repository, new ModelImportOptions(), progress: null, cancellationToken);
        await using var app = InferenceApp.Create(
        [
            "--Listen:Internal=http://127.0.0.1:0", TestBearers.Argument("inference"), "--Worker:Id=bench",
            $"--Worker:DataDirectory={TestFolder.Create("worker")}", $"--Models:Directory={repository}", "--Execution:Provider=cpu",
        ]);
        await app.StartAsync(cancellationToken);
        using var client = new HttpClient { BaseAddress = new Uri(app.Url(ListenerKind.Internal)) };
        client.DefaultRequestHeaders.Authorization = TestBearers.Header("gateway", "inference");
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new { model = Name, image = batch.Select(Convert.ToBase64String), top_n = 5 }, JsonSerializerOptions.Web);
        await Until.TrueAsync(async () => (await AskAsync(client, body)).IsSuccessStatusCode, "the model is served");

        using var session = new SessionFactory(ExecutionProvider.Cpu).Open(installed.PathOf(installed.Manifest.Graph));
        var preparation = ModelImageClassification.Of(installed.Manifest)!.Preparation;
        RunLoop(session, preparation, batch, 2);
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
            var loop = await MeasureAsync(plan.Requests, () => Task.Run(() => RunLoop(session, preparation, batch, plan.Requests)));
            rounds.Add(new PictureRound(worker, loop));
        }

        await app.StopAsync(cancellationToken);
        return new PictureReport(machine, plan, rounds);
    }

    private static async Task<HttpResponseMessage> AskAsync(HttpClient client, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json", Encoding.UTF8.WebName);
        return await client.PostAsync("/v1/images/classifications", content);
    }

    private static async Task<double> MeasureAsync(int requests, Func<Task> run)
    {
        var started = Stopwatch.GetTimestamp();
        await run();
        return requests * Batch / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static void RunLoop(InferenceSession session, PicturePreparation preparation, byte[][] batch, int times)
    {
        var tables = preparation.MakeTables();
        var tensor = new float[batch.Length * preparation.Length];
        using var options = new RunOptions();
        for (var time = 0; time < times; time++)
        {
            for (var i = 0; i < batch.Length; i++)
            {
                PictureHeader.Read(batch[i], out var header);
                using var picture = PictureDecoder.Decode(batch[i], header)!;
                preparation.Write(preparation.Fit(picture), tables, tensor.AsSpan(i * preparation.Length, preparation.Length));
            }

            using var input = OrtValue.CreateTensorValueFromMemory(tensor, preparation.Shape(batch.Length));
            using var outputs = session.Run(
                options, [ModelImageClassification.Input], [input], [ModelImageClassification.Output]);
        }
    }
}
