using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;
using Tollgate.EndToEnd.Tests.Books;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>The official npm client, and Node's own forms, on models that an operator imported; one run of <c>clients/tasks.mjs</c> a
/// task.</summary>
[Collection(SharedTollgate.Name)]
public sealed class NodeTaskTests(SharedTollgate shared, NodeTaskTests.Runs runs) : IClassFixture<NodeTaskTests.Runs>
{
    private const string Photograph = $"{ImportedModels.ClassifierFolder}/images/coffee.jpg";

    private static readonly string[] Formats = ["json", "logprobs", "text", "srt", "vtt", "verbose", "stream"];

    [SharedFact(ImportedModels.WhisperFolder)]
    public async Task A_recording_is_written_down_in_every_format_and_each_is_billed_by_the_second()
    {
        var answers = await RunAsync("speech", await shared.Models.WhisperAsync(), SharedFiles.At(Recordings.Jfk));

        var text = Data(answers, "json").GetProperty("text").GetString()!;
        Assert.Equal(Recordings.JfkWords, Recordings.Words(text));
        Assert.Equal(text, Data(answers, "text").GetString()!.TrimEnd('\n'));
        var segments = Data(answers, "verbose").GetProperty("segments").EnumerateArray().ToList();
        Recordings.AssertCues(Data(answers, "srt").GetString()!, ',', text, segments.Count);
        Recordings.AssertCues(Data(answers, "vtt").GetString()!, '.', text, segments.Count);
        Assert.Equal(Enumerable.Range(0, segments.Count), segments.Select(segment => segment.GetProperty("id").GetInt32()));
        Assert.Equal(11, Data(answers, "verbose").GetProperty("duration").GetDouble());
        Assert.Equal(11, Data(answers, "json").GetProperty("usage").GetProperty("seconds").GetInt64());
        Assert.All(
            Data(answers, "logprobs").GetProperty("logprobs").EnumerateArray(),
            token => Assert.InRange(token.GetProperty("logprob").GetDouble(), -20, 0));
        foreach (var format in Formats)
        {
            await AssertBilledAsync(answers, format, new Units(0, AudioMs: 11_000), 0.0011m, streamed: format == "stream");
        }
    }

    [SharedFact(ImportedModels.WhisperFolder)]
    public async Task A_streamed_recording_comes_in_deltas_and_what_a_model_cannot_do_is_named()
    {
        var answers = await RunAsync("speech", await shared.Models.WhisperAsync(), SharedFiles.At(Recordings.Jfk));

        var events = Data(answers, "stream").EnumerateArray().ToList();
        Assert.All(events[..^1], delta => Assert.Equal("transcript.text.delta", delta.GetProperty("type").GetString()));
        Assert.Equal("transcript.text.done", events[^1].GetProperty("type").GetString());
        Assert.Equal(
            events[^1].GetProperty("text").GetString(),
            string.Concat(events[..^1].Select(delta => delta.GetProperty("delta").GetString())));
        Assert.Equal(
            Data(answers, "json").GetProperty("text").GetString(), events[^1].GetProperty("text").GetString());
        AssertRefused(answers, "words", "timestamp_granularities[]", "times of words");
        AssertRefused(answers, "translation", "model", "hears English alone");
        AssertRefused(answers, "german", "language", "'en'");
    }

    [Fact]
    public async Task Shorter_vectors_are_the_beginning_of_the_long_ones_scaled_to_length_1()
    {
        var answers = await RunAsync("vectors", await shared.Models.MatryoshkaAsync(), "");

        var full = Vectors(answers, "full");
        Assert.All(full.Zip(Vectors(answers, "short")), pair =>
        {
            var norm = Math.Sqrt(pair.First.Take(128).Sum(x => x * x));
            Assert.Equal(128, pair.Second.Length);
            Assert.All(pair.First.Zip(pair.Second), x => Assert.Equal(x.First / norm, x.Second, 1e-5));
        });
        Assert.Equal(
            Vectors(answers, "short"), Vectors(answers, "numbers"), (a, b) => a.Zip(b).All(x => Math.Abs(x.First - x.Second) < 1e-6));
        AssertRefused(answers, "other", "dimensions", "128");
        AssertRefused(answers, "unable", "dimensions", "the only width");
        var tokens = Data(answers, "short").GetProperty("usage").GetProperty("prompt_tokens").GetInt64();
        await AssertBilledAsync(answers, "short", new Units(tokens), tokens * 0.02m / 1_000_000);
    }

    [SharedFact(ImportedModels.ClassifierFolder)]
    public async Task A_form_of_fetch_has_its_picture_recognised_and_is_billed()
    {
        var answer = await RunAsync(
            "pictures", await shared.Models.ClassifierAsync(), SharedFiles.At($"{ImportedModels.ClassifierFolder}/images/chelsea-224.png"));

        var data = answer.GetProperty("data");
        var labels = data.GetProperty("data")[0].GetProperty("labels").EnumerateArray().ToList();
        Assert.Equal(["tiger cat", "Egyptian cat", "tabby, tabby cat"], labels.Select(label => label.GetProperty("label").GetString()!));
        Assert.Equal(0.385782, labels[0].GetProperty("score").GetDouble(), 1e-4); // The model's reference.
        Assert.Equal(224 * 224, data.GetProperty("usage").GetProperty("pixels").GetInt64());
        var row = await shared.Running.Books.OneAsync(RequestIds.Parse(answer.GetProperty("requestId").GetString()!));
        Assert.Equal(
            ("images.classifications", new Units(0, Images: 1, Pixels: 224 * 224)), (row.Endpoint, row.Units));
        Assert.Equal(0.0001m, row.Amount);
    }

    [SharedFact(Photograph)]
    public async Task Objects_in_a_photograph_are_found_and_billed_for_each_picture_and_its_pixels()
    {
        var answers = await RunAsync("objects", await shared.Models.DetectorAsync(), SharedFiles.At(Photograph));

        var picture = Assert.Single(Data(answers, "form").GetProperty("data").EnumerateArray());
        Assert.Equal((600, 400), (picture.GetProperty("width").GetInt32(), picture.GetProperty("height").GetInt32()));
        var cup = picture.GetProperty("detections").EnumerateArray().First(found => found.GetProperty("label").GetString() == "cup");
        var box = cup.GetProperty("box");
        Assert.InRange(cup.GetProperty("score").GetDouble(), 0.3, 1);
        Assert.InRange(box.GetProperty("xmax").GetDouble() - box.GetProperty("xmin").GetDouble(), 100, 600); // It fills the middle.
        Assert.InRange(box.GetProperty("ymax").GetDouble() - box.GetProperty("ymin").GetDouble(), 100, 400);
        var pair = Data(answers, "pair").GetProperty("data").EnumerateArray().ToList();
        Assert.Equal(2, pair.Count);
        Assert.All(pair, one => Assert.Equal(
            picture.GetProperty("detections")[0].ToString(), Assert.Single(one.GetProperty("detections").EnumerateArray()).ToString()));
        Assert.Equal((400, "threshold"), (
            answers.GetProperty("wrong").GetProperty("status").GetInt32(),
            Data(answers, "wrong").GetProperty("error").GetProperty("param").GetString()));
        await AssertBilledAsDetectionsAsync(answers, "form", new Units(0, Images: 1, Pixels: 240_000), 0.0891m); // 0.0003 + 0.24 × 0.37
        await AssertBilledAsDetectionsAsync(answers, "pair", new Units(0, Images: 2, Pixels: 480_000), 0.1782m);
        var wrong = RequestIds.Parse(answers.GetProperty("wrong").GetProperty("requestId").GetString()!);
        Assert.Empty(await shared.Running.Books.OfRequestAsync(wrong));
    }

    /// <summary>One row at the detector's price, whose units are those that the answer states.</summary>
    private async Task AssertBilledAsDetectionsAsync(JsonElement answers, string call, Units units, decimal amount)
    {
        var usage = Data(answers, call).GetProperty("usage");
        Assert.Equal(units, new Units(0, Images: usage.GetProperty("images").GetInt64(), Pixels: usage.GetProperty("pixels").GetInt64()));
        var row = await AssertBilledAsync(answers, call, units, amount);
        Assert.Equal(("images.detections", "detector"), (row.Endpoint, row.Model));
    }

    private async Task<JsonElement> RunAsync(string task, string model, string file)
    {
        var script = Path.Combine(SharedFiles.Repository, "tests", "EndToEnd.Tests", "clients", "tasks.mjs");
        var environment = new Dictionary<string, string>
        {
            ["TOLLGATE_API"] = shared.Running.Endpoints.ApiBase,
            ["TOLLGATE_KEY"] = shared.Running.FirstKey,
            ["TOLLGATE_MODEL"] = model,
            ["TOLLGATE_FILE"] = file,
        };
        return await runs.OnceAsync(task, async () => JsonElement.Parse(
            (await ProgramRun.RunAsync("node", [script, task], environment, patience: TimeSpan.FromMinutes(2))).Succeeded()));
    }

    /// <summary>One row, which is returned.</summary>
    private async Task<BookedUsage> AssertBilledAsync(JsonElement answers, string call, Units units, decimal amount, bool streamed = false)
    {
        var row = await shared.Running.Books.OneAsync(
            RequestIds.Parse(answers.GetProperty(call).GetProperty("requestId").GetString()!));
        Assert.Equal((Outcome.Completed, units, amount, streamed), (row.Outcome, row.Units, row.Amount, row.Streamed));
        return row;
    }

    private static JsonElement Data(JsonElement answers, string call) => answers.GetProperty(call).GetProperty("data");

    private static List<double[]> Vectors(JsonElement answers, string call) =>
        [.. Data(answers, call).GetProperty("data").EnumerateArray().Select(
            item => item.GetProperty("embedding").EnumerateArray().Select(x => x.GetDouble()).ToArray())];

    private static void AssertRefused(JsonElement answers, string call, string param, string word)
    {
        var failure = answers.GetProperty(call);
        Assert.Equal(
            ("BadRequestError", 400, param),
            (failure.GetProperty("class").GetString(), failure.GetProperty("status").GetInt32(), failure.GetProperty("param").GetString()));
        Assert.Contains(word, failure.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    /// <summary>What each task's run gave.</summary>
    public sealed class Runs
    {
        private readonly Dictionary<string, Task<JsonElement>> _runs = [];

        internal Task<JsonElement> OnceAsync(string task, Func<Task<JsonElement>> run) =>
            _runs.TryGetValue(task, out var known) ? known : _runs[task] = run();
    }
}
