using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Tests.Audio;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Transcription;

public sealed class TranscriptionTests(ToySpeech toy) : IClassFixture<ToySpeech>
{
    /// <summary>61 s: three windows, each of which the model hears the same in.</summary>
    private static readonly byte[] Long = WavBytes.Make(WavBytes.Tone(300, 16_000, 61));

    private SpeechWorker Worker => toy.Worker;

    [Fact]
    public async Task Json_has_the_text_and_the_seconds_and_the_units_are_these()
    {
        var request = Guid.NewGuid();

        using var response = await Worker.PostAsync(WavBytes.Make(WavBytes.Tone(300, 16_000, 3.29)), request: request);

        Assert.Equal("""{"text":"né","usage":{"type":"duration","seconds":4}}""", await response.Content.ReadAsStringAsync());
        var units = new Units(0, AudioMs: 4_000);
        Assert.Equal(units.ToString(), response.Headers.GetValues(Units.Header).Single());
        var log = await WorkerFixture.WitnessAsync(Worker.Gateway.BaseAddress!);
        Assert.Equal(units, Assert.Single(log.Entries, entry => entry.RequestId == request).Units);
    }

    [Fact]
    public async Task Silence_has_no_text_and_costs_what_speech_of_its_length_costs()
    {
        var silence = WavBytes.Make(new double[16_000 * 3]);

        var answer = await Worker.AskAsync(silence, ("response_format", "verbose_json"));
        using var text = await Worker.PostAsync(silence, fields: ("response_format", "text"));
        using var vtt = await Worker.PostAsync(silence, fields: ("response_format", "vtt"));

        Assert.Equal("", (string)answer["text"]!);
        Assert.Empty(answer["segments"]!.AsArray());
        Assert.Equal(JsonValueKind.Number, answer["duration"]!.GetValueKind());
        Assert.Equal(new Units(0, AudioMs: 3_000).ToString(), text.Headers.GetValues(Units.Header).Single());
        Assert.Equal("\n", await text.Content.ReadAsStringAsync());
        Assert.Equal("WEBVTT\n\n", await vtt.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Verbose_json_numbers_segments_over_all_windows()
    {
        var answer = await Worker.AskAsync(
            Long, ("response_format", "verbose_json"), ("timestamp_granularities[]", "segment"), ("language", "fr"));

        Assert.Equal((61.0, "french", "transcribe"), ((double)answer["duration"]!, (string)answer["language"]!, (string)answer["task"]!));
        Assert.Equal("nénéné", (string)answer["text"]!);
        var segments = answer["segments"]!.AsArray();
        Assert.Equal([0, 1, 2], segments.Select(segment => (int)segment!["id"]!));
        Assert.Equal([0, 3_000, 6_000], segments.Select(segment => (int)segment!["seek"]!));
        Assert.Equal([0.0, 30, 60], segments.Select(segment => (double)segment!["start"]!));
        Assert.Equal([1.0, 31, 61], segments.Select(segment => (double)segment!["end"]!));
        Assert.All(segments, segment =>
        {
            Assert.InRange((double)segment!["avg_logprob"]!, -1, 0);
            Assert.InRange((double)segment["no_speech_prob"]!, 0, 1);
            Assert.InRange((double)segment["compression_ratio"]!, 0.1, 10);
            Assert.Equal(0, (double)segment["temperature"]!);
        });
        Assert.Null(answer["words"]);
    }

    [Fact]
    public async Task Subtitles_of_several_windows_go_on_counting()
    {
        using var srt = await Worker.PostAsync(Long, fields: ("response_format", "srt"));

        Assert.Equal("text/plain; charset=utf-8", srt.Content.Headers.ContentType!.ToString());
        Assert.Equal(
            "1\n00:00:00,000 --> 00:00:01,000\nné\n\n2\n00:00:30,000 --> 00:00:31,000\nné\n\n"
            + "3\n00:01:00,000 --> 00:01:01,000\nné\n\n",
            await srt.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_stream_has_deltas_and_one_done_that_equals_them_and_the_whole_answer()
    {
        var whole = await Worker.AskAsync(Long);

        using var response = await Worker.PostAsync(Long, fields: ("stream", "true"));
        var events = await Event.ReadAllAsync(response);

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(new Units(0, AudioMs: 61_000).ToString(), response.Headers.GetValues(Units.Header).Single());
        Assert.Equal("[DONE]", events[^1].Data);
        Assert.All(events, item => Assert.Equal(61_000, item.Id));
        var done = events[^2].Json;
        Assert.Equal("transcript.text.done", (string)done["type"]!);
        Assert.All(events[..^2], item => Assert.Equal("transcript.text.delta", (string)item.Json["type"]!));
        Assert.Equal(["né", "né", "né"], events[..^2].Select(item => (string)item.Json["delta"]!));
        Assert.Equal(("nénéné", "nénéné"), ((string)done["text"]!, (string)whole["text"]!));
        Assert.Equal(61, (int)done["usage"]!["seconds"]!);
    }

    [Fact]
    public async Task A_stream_of_silence_is_one_done()
    {
        using var response = await Worker.PostAsync(WavBytes.Make(new double[16_000]), fields: ("stream", "true"));

        var events = await Event.ReadAllAsync(response);

        Assert.Equal(
            ["""{"type":"transcript.text.done","text":"","usage":{"type":"duration","seconds":1}}""", "[DONE]"],
            events.Select(item => item.Data));
    }

    [Fact]
    public async Task Logprobs_are_those_of_the_texts_tokens()
    {
        var answer = await Worker.AskAsync(Long, ("include[]", "logprobs"));

        var logprobs = answer["logprobs"]!.AsArray();
        Assert.Equal("nénéné"u8.ToArray(), logprobs.SelectMany(token => token!["bytes"]!.AsArray()).Select(value => (byte)value!));
        Assert.All(logprobs, token => Assert.InRange((double)token!["logprob"]!, -20, 0));
    }

    [Fact]
    public async Task What_the_model_cannot_do_is_refused_by_name()
    {
        var file = WavBytes.Make(WavBytes.Tone(300, 16_000, 0.2));

        await AssertRefusedAsync("language", file, fields: ("language", "de"));
        await AssertRefusedAsync(
            "timestamp_granularities[]", file,
            fields: [("response_format", "verbose_json"), ("timestamp_granularities[]", "word")]);
        await AssertRefusedAsync("file", WavBytes.Make([0, double.NaN], bits: 32, floating: true));
        await AssertRefusedAsync("file", [.. "OggS"u8, .. new byte[100]]);
    }

    [Fact]
    public async Task A_recording_longer_than_its_hold_is_not_run()
    {
        var (file, refused) = (WavBytes.Make(new double[16_001]), Guid.NewGuid()); // Billed as 2 s.

        using var runs = await Worker.PostAsync(file, bound: new Units(0, AudioMs: 2_000).ToString());
        using var stops = await Worker.PostAsync(file, request: refused, bound: new Units(0, AudioMs: 1_999).ToString());

        Assert.Equal(HttpStatusCode.OK, runs.StatusCode);
        Assert.Equal(HttpStatusCode.InternalServerError, stops.StatusCode);
        var log = await WorkerFixture.WitnessAsync(Worker.Gateway.BaseAddress!);
        Assert.DoesNotContain(log.Entries, entry => entry.RequestId == refused);
    }

    [Fact]
    public async Task A_recording_whose_reader_leaves_is_counted_whole_and_ends()
    {
        var (file, request) = (WavBytes.Make(WavBytes.Tone(300, 8_000, 600), 8_000, bits: 8), Guid.NewGuid()); // 20 windows

        using (var response = await Worker.PostAsync(
            file, request: request, completion: HttpCompletionOption.ResponseHeadersRead, fields: ("stream", "true")))
        {
            await using var stream = await response.Content.ReadAsStreamAsync();
            await stream.ReadAtLeastAsync(new byte[64], 64);
        }

        await Until.TrueAsync(
            async () => (await WorkerFixture.WitnessAsync(Worker.Gateway.BaseAddress!)).Entries.Any(entry => entry.RequestId == request),
            "the units in the worker's log", TimeSpan.FromMinutes(1));
        var log = await WorkerFixture.WitnessAsync(Worker.Gateway.BaseAddress!);
        Assert.Equal(new Units(0, AudioMs: 600_000), Assert.Single(log.Entries, entry => entry.RequestId == request).Units);
        await Until.TrueAsync(
            async () => (await WorkerFixture.StatusAsync(Worker.Gateway)).Models.All(model => model.Active == 0), "an idle model",
            TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task One_recording_of_a_quiet_organization_does_not_wait_for_all_of_a_loud_one()
    {
        var (loud, quiet) = (Guid.NewGuid(), Guid.NewGuid());
        var flood = Enumerable.Range(0, 12).Select(_ => Worker.PostAsync(Long, organization: loud)).ToList();
        await Until.TrueAsync(
            async () => (await WorkerFixture.StatusAsync(Worker.Gateway)).Models.Any(model => model.Active + model.Queued >= 6),
            "the flood", TimeSpan.FromMinutes(1));

        using var one = await Worker.PostAsync(WavBytes.Make(WavBytes.Tone(300, 16_000, 1)), organization: quiet);

        Assert.Contains(flood, answer => !answer.IsCompleted);
        Assert.Contains("né", await one.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        foreach (var answer in await Task.WhenAll(flood))
        {
            using (answer)
            {
                Assert.Contains("nénéné", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            }
        }
    }

    private async Task AssertRefusedAsync(
        string param, byte[] file, string path = "/v1/audio/transcriptions", params (string Name, string Value)[] fields)
    {
        using var response = await Worker.PostAsync(file, path, fields: fields);
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;

        Assert.Equal((HttpStatusCode.BadRequest, param), (response.StatusCode, (string)error["param"]!));
    }
}
