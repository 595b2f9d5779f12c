using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Tests.Audio;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Transcription;

[Collection(nameof(WhisperFixture))]
public sealed partial class TranscriptionTests(WhisperFixture whisper) : IAsyncLifetime
{
    private const string Short = "sense_and_sensibility_01_austen_64kb-0930";

    private SpeechWorker? _worker;

    private SpeechWorker Worker => _worker!;

    public async Task InitializeAsync()
    {
        if (Directory.Exists(SharedFiles.At(WhisperFixture.Model)))
        {
            _worker = await SpeechWorker.StartAsync(whisper.Repository, "tiny-whisper");
        }
    }

    public async Task DisposeAsync()
    {
        if (_worker is not null)
        {
            await _worker.DisposeAsync();
        }
    }

    [SharedFact(WhisperFixture.Model)]
    public async Task Json_has_the_text_and_the_seconds_and_the_units_are_these()
    {
        var request = Guid.NewGuid();

        using var response = await Worker.PostAsync(WhisperFixture.Recording(Short), request: request); // 3.29 s

        Assert.Equal(
            """{"text":"He might even have been made amiable himself.","usage":{"type":"duration","seconds":4}}""",
            await response.Content.ReadAsStringAsync());
        var units = new Units(0, AudioMs: 4_000);
        Assert.Equal(units.ToString(), response.Headers.GetValues(Units.Header).Single());
        var log = await WorkerFixture.WitnessAsync(Worker.Gateway.BaseAddress!);
        Assert.Equal(units, Assert.Single(log.Entries, entry => entry.RequestId == request).Units);
    }

    [SharedFact(WhisperFixture.Model)]
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

    [SharedFact(WhisperFixture.Model)]
    public async Task Verbose_json_numbers_segments_over_all_windows()
    {
        var file = WhisperFixture.Recording("jfk");
        byte[] longer = WavBytes.Join(file[12..36], WavBytes.Chunk("data", [.. Enumerable.Repeat(file[44..], 3).SelectMany(data => data)]));

        var answer = await Worker.AskAsync(
            longer, ("response_format", "verbose_json"), ("timestamp_granularities[]", "segment"), ("language", "en"));

        Assert.Equal((33.0, "english", "transcribe"), ((double)answer["duration"]!, (string)answer["language"]!, (string)answer["task"]!));
        var segments = answer["segments"]!.AsArray();
        Assert.Equal(Enumerable.Range(0, segments.Count), segments.Select(segment => (int)segment!["id"]!));
        Assert.True(segments.Count > 1);
        Assert.Equal(string.Concat(segments.Select(segment => (string)segment!["text"]!)).Trim(), (string)answer["text"]!);
        Assert.All(segments, segment =>
        {
            Assert.InRange((double)segment!["end"]!, (double)segment["start"]!, 33);
            Assert.InRange((double)segment["avg_logprob"]!, -1.5, 0);
            Assert.InRange((double)segment["no_speech_prob"]!, 0, 1);
            Assert.InRange((double)segment["compression_ratio"]!, 0.1, 10);
            Assert.NotEmpty(segment["tokens"]!.AsArray());
        });
        Assert.Null(answer["words"]);
    }

    [SharedFact(WhisperFixture.Model)]
    public async Task Subtitles_have_their_exact_forms()
    {
        var file = WhisperFixture.Recording("jfk");
        using var srt = await Worker.PostAsync(file, fields: ("response_format", "srt"));
        using var vtt = await Worker.PostAsync(file, fields: ("response_format", "vtt"));
        using var text = await Worker.PostAsync(file, fields: ("response_format", "text"));
        var (cues, captions) = (await srt.Content.ReadAsStringAsync(), await vtt.Content.ReadAsStringAsync());

        Assert.Matches(SrtPattern(), cues);
        Assert.Matches(VttPattern(), captions);
        Assert.All((HttpResponseMessage[])[srt, vtt, text], answer =>
            Assert.Equal("text/plain; charset=utf-8", answer.Content.Headers.ContentType!.ToString()));
        var latest = TimeSpan.Zero;
        foreach (Match time in TimePattern().Matches(cues))
        {
            var at = TimeSpan.ParseExact(time.Value.Replace(',', '.'), @"hh\:mm\:ss\.fff", CultureInfo.InvariantCulture);
            Assert.InRange(at, latest, TimeSpan.FromSeconds(11));
            latest = at;
        }

        Assert.Equal("WEBVTT\n\n" + CueNumber().Replace(cues, "").Replace(',', '.'), captions.Replace(',', '.'));
        Assert.EndsWith(".\n", await text.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [SharedFact(WhisperFixture.Model)]
    public async Task A_stream_has_deltas_and_one_done_that_equals_them_and_the_whole_answer()
    {
        var file = WhisperFixture.Recording("jfk");
        byte[] longer = WavBytes.Join(file[12..36], WavBytes.Chunk("data", [.. Enumerable.Repeat(file[44..], 3).SelectMany(data => data)]));
        var whole = await Worker.AskAsync(longer);

        using var response = await Worker.PostAsync(longer, fields: ("stream", "true"));
        var events = await Event.ReadAllAsync(response);

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(new Units(0, AudioMs: 33_000).ToString(), response.Headers.GetValues(Units.Header).Single());
        Assert.Equal("[DONE]", events[^1].Data);
        Assert.All(events, item => Assert.Equal(0, item.Id));
        var done = events[^2].Json;
        Assert.Equal("transcript.text.done", (string)done["type"]!);
        Assert.True(events.Count > 3); // Two windows or more.
        Assert.All(events[..^2], item => Assert.Equal("transcript.text.delta", (string)item.Json["type"]!));
        var text = string.Concat(events[..^2].Select(item => (string)item.Json["delta"]!));
        Assert.Equal((text, text), ((string)done["text"]!, (string)whole["text"]!));
        Assert.Equal(33, (int)done["usage"]!["seconds"]!);
    }

    [SharedFact(WhisperFixture.Model)]
    public async Task A_stream_of_silence_is_one_done()
    {
        using var response = await Worker.PostAsync(WavBytes.Make(new double[16_000]), fields: ("stream", "true"));

        var events = await Event.ReadAllAsync(response);

        Assert.Equal(
            ["""{"type":"transcript.text.done","text":"","usage":{"type":"duration","seconds":1}}""", "[DONE]"],
            events.Select(item => item.Data));
    }

    [SharedFact(WhisperFixture.Model)]
    public async Task Logprobs_are_those_of_the_texts_tokens()
    {
        var answer = await Worker.AskAsync(WhisperFixture.Recording(Short), ("include[]", "logprobs"));

        var logprobs = answer["logprobs"]!.AsArray();
        Assert.Equal((string)answer["text"]!, string.Concat(logprobs.Select(token => (string)token!["token"]!)).Trim());
        Assert.All(logprobs, token => Assert.InRange((double)token!["logprob"]!, -20, 0));
    }

    [SharedFact(WhisperFixture.Model)]
    public async Task What_the_model_cannot_do_is_refused_by_name()
    {
        var file = WavBytes.Make(WavBytes.Tone(300, 16_000, 0.2));

        await AssertRefusedAsync("model", file, "/v1/audio/translations");
        await AssertRefusedAsync("language", file, fields: ("language", "de"));
        await AssertRefusedAsync(
            "timestamp_granularities[]", file,
            fields: [("response_format", "verbose_json"), ("timestamp_granularities[]", "word")]);
        await AssertRefusedAsync("file", WavBytes.Make([0, double.NaN], bits: 32, floating: true));
        await AssertRefusedAsync("file", [.. "OggS"u8, .. new byte[100]]);
    }

    [SharedFact(WhisperFixture.Model)]
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

    private async Task AssertRefusedAsync(
        string param, byte[] file, string path = "/v1/audio/transcriptions", params (string Name, string Value)[] fields)
    {
        using var response = await Worker.PostAsync(file, path, fields: fields);
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;

        Assert.Equal((HttpStatusCode.BadRequest, param), (response.StatusCode, (string)error["param"]!));
    }

    [GeneratedRegex(@"\A(\d+\n\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}\n[^\n]+\n\n)+\z")]
    private static partial Regex SrtPattern();

    [GeneratedRegex(@"\AWEBVTT\n\n(\d\d:\d\d:\d\d\.\d{3} --> \d\d:\d\d:\d\d\.\d{3}\n[^\n]+\n\n)+\z")]
    private static partial Regex VttPattern();

    [GeneratedRegex(@"\d\d:\d\d:\d\d,\d{3}")]
    private static partial Regex TimePattern();

    [GeneratedRegex(@"^\d+\n", RegexOptions.Multiline)]
    private static partial Regex CueNumber();
}
