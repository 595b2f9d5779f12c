using System.Diagnostics;
using Tollgate.Benchmarks.Machine;
using Tollgate.Inference;
using Tollgate.Inference.Audio;
using Tollgate.Inference.Import;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tasks.Transcription;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Benchmarks.Speech;

/// <summary>A worker that transcribes over HTTP, beside a loop over the exported graphs; then several requests at once, which share
/// decoder steps.</summary>
internal static class SpeechBench
{
    private const string Name = "measured";

    public static async Task<SpeechReport> RunAsync(SpeechPlan plan, CancellationToken cancellationToken)
    {
        var machine = MachineFacts.Read(TimeProvider.System);
        byte[][] files = [.. Directory.EnumerateFiles(plan.Recordings, "*.wav").Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
        AudioClip[] clips = [.. files.Select(file => WavClip.Open(file, out _)!)];
        var seconds = clips.Sum(clip => (double)clip.Samples / AudioClip.Rate);
        var repository = TestFolder.Create("repository");
        var installed = await ModelImport.RunAsync(
            plan.Model, Name, repository, new ModelImportOptions(), progress: null, cancellationToken);
        await using var app = InferenceApp.Create(
        [
            "--Listen:Internal=http://127.0.0.1:0", TestBearers.Argument("inference"), "--Worker:Id=bench",
            $"--Worker:DataDirectory={TestFolder.Create("worker")}", $"--Models:Directory={repository}", "--Execution:Provider=cpu",
        ]);
        await app.StartAsync(cancellationToken);
        using var client = new HttpClient { BaseAddress = new Uri(app.Url(ListenerKind.Internal)), Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.Authorization = TestBearers.Header("gateway", "inference");
        await Until.TrueAsync(
            async () =>
            {
                using var answer = await AskAsync(client, files[0]);
                return answer.IsSuccessStatusCode;
            },
            "the model is served");
        using var loop = new BareLoop(plan.Model, ModelSpeech.Of(installed.Manifest)!, new SessionFactory(ExecutionProvider.Cpu));
        var speech = ModelSpeech.Of(installed.Manifest)!;
        int[] prompt = speech.IsMultilingual
            ? [speech.Tokens.Start, speech.Languages["en"], speech.Tokens.Transcribe!.Value, speech.Tokens.NoTimestamps]
            : [speech.Tokens.Start, speech.Tokens.NoTimestamps];
        loop.Transcribe(clips[0], prompt);

        var rounds = new List<SpeechRound>();
        for (var round = 0; round < plan.Rounds; round++)
        {
            var bare = await MeasureAsync(
                () => Task.Run(() => Array.ForEach(clips, clip => loop.Transcribe(clip, prompt)), cancellationToken));
            var alone = await MeasureAsync(() => AskAllAsync(client, files, 1, cancellationToken));
            var shared = await MeasureAsync(() => AskAllAsync(client, files, plan.AtOnce, cancellationToken));
            rounds.Add(new SpeechRound(bare / seconds, alone / seconds, shared / seconds));
        }

        await app.StopAsync(cancellationToken);
        return new SpeechReport(machine, plan, seconds, rounds);
    }

    private static Task AskAllAsync(HttpClient client, byte[][] files, int atOnce, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            files, new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellationToken }, async (file, _) =>
            {
                using var answer = await AskAsync(client, file);
                answer.EnsureSuccessStatusCode();
            });

    private static async Task<HttpResponseMessage> AskAsync(HttpClient client, byte[] file)
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent(Name), "model" },
            { new StringContent("en"), "language" },
            { new ByteArrayContent(file), "file", "speech.wav" },
        };
        return await client.PostAsync("/v1/audio/transcriptions", form);
    }

    private static async Task<double> MeasureAsync(Func<Task> run)
    {
        var started = Stopwatch.GetTimestamp();
        await run();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
