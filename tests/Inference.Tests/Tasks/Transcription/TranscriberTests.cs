using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tollgate.Inference.Tasks.Transcription;
using Tollgate.Inference.Tests.Audio;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Transcription;

[Collection(nameof(WhisperFixture))]
public sealed partial class TranscriberTests(WhisperFixture whisper)
{
    private static readonly TranscriptionOptions Plain = new(Timestamps: false);

    [SharedFact(WhisperFixture.Model)]
    public void Words_of_the_shared_recordings_are_those_of_the_reference()
    {
        var (errors, spokenWords) = (0, 0);
        foreach (var (name, reference) in References())
        {
            var heard = Words(whisper.Text(WhisperFixture.Recording(name), Plain));

            Assert.Equal(Words((string)reference["q8_onnx"]!), heard);
            var spoken = Words((string)reference["spoken"]!);
            errors += Distance(spoken, heard);
            spokenWords += spoken.Length;
        }

        Assert.InRange(100.0 * errors / spokenWords, 0, 2.8); // 1.8 % and one point
    }

    [SharedFact(WhisperFixture.Model)]
    public void Segments_have_times_in_order_and_within_the_recording()
    {
        var segments = whisper.Transcribe(
            WhisperFixture.Open(WhisperFixture.Recording("en-gb-invoice")), new TranscriptionOptions()); // 5.266 s

        var latest = 0.0;
        foreach (var segment in segments)
        {
            Assert.InRange(segment.Start, latest, segment.End);
            Assert.InRange(segment.End, segment.Start, 5.266);
            latest = segment.End;
        }

        Assert.NotEmpty(segments);
    }

    [SharedFact(WhisperFixture.Model)]
    public async Task A_model_of_english_translates_nothing_and_knows_no_other_language()
    {
        await using var worker = await SpeechWorker.StartAsync(whisper.Repository, "tiny-whisper");
        var file = WavBytes.Make(WavBytes.Tone(300, 16_000, 0.2));
        using var translation = await worker.PostAsync(file, "/v1/audio/translations");
        using var german = await worker.PostAsync(file, fields: ("language", "de"));

        Assert.Equal("model", (string)JsonNode.Parse(await translation.Content.ReadAsStringAsync())!["error"]!["param"]!);
        Assert.Equal("language", (string)JsonNode.Parse(await german.Content.ReadAsStringAsync())!["error"]!["param"]!);
    }

    [SharedFact(WhisperFixture.Model)]
    public void Digital_silence_has_no_segment()
    {
        foreach (var seconds in (int[])[1, 30, 61])
        {
            var file = WavBytes.Make(new double[8_000 * seconds], 8_000);

            Assert.Empty(whisper.Transcribe(WhisperFixture.Open(file), new TranscriptionOptions()));
        }
    }

    [SharedFact(WhisperFixture.Model)]
    public void What_follows_silence_equals_the_same_alone()
    {
        var speech = WhisperFixture.Recording("sense_and_sensibility_01_austen_64kb-0930");
        var alone = whisper.Transcribe(WhisperFixture.Open(speech), new TranscriptionOptions());

        var late = whisper.Transcribe(WhisperFixture.Open(Delay(speech, seconds: 31)), new TranscriptionOptions());

        Assert.Equal(alone.Select(segment => segment.Text), late.Select(segment => segment.Text));
        Assert.Equal(
            alone.Select(segment => Math.Round(segment.Start + 31, 3)), late.Select(segment => Math.Round(segment.Start, 3)));
    }

    [SharedFact(WhisperFixture.Model)]
    public void A_repeat_at_a_temperature_gives_the_same_text()
    {
        var file = WhisperFixture.Recording("sense_and_sensibility_01_austen_64kb-0930");
        var options = new TranscriptionOptions(Temperature: 0.7);

        var text = whisper.Text(file, options);

        Assert.Equal(text, whisper.Text(file, options));
        Assert.DoesNotContain('\uFFFD', text);
    }

    [SharedFact(WhisperFixture.Model)]
    public void A_prompt_is_trimmed_and_may_be_longer_than_the_model_reads()
    {
        var prompt = whisper.Speech.EncodePrompt("AND SO MY FELLOW AMERICANS: ASK NOT WHAT");

        Assert.Equal(prompt, whisper.Speech.EncodePrompt("  AND SO MY FELLOW AMERICANS: ASK NOT WHAT "));
        int[] longer = [.. Enumerable.Repeat(prompt, 60).SelectMany(p => p)];
        Assert.NotEmpty(whisper.Text(WhisperFixture.Recording("jfk"), Plain with { Prompt = longer }));
    }

    [SharedFact(WhisperFixture.Model)]
    public void A_cancelled_window_stops()
    {
        var clip = WhisperFixture.Open(WhisperFixture.Recording("jfk"));

        Assert.Throws<OperationCanceledException>(() => whisper.Transcribe(clip, Plain, new CancellationToken(canceled: true)));
    }

    private static IEnumerable<KeyValuePair<string, JsonNode>> References() => JsonNode
        .Parse(File.ReadAllText(SharedFiles.At("models/reference/whisper.json")))!.AsObject()
        .Select(entry => KeyValuePair.Create(entry.Key, entry.Value!));

    private static byte[] Delay(byte[] file, int seconds) =>
        WavBytes.Join(file[12..36], WavBytes.Chunk("data", [.. new byte[32_000 * seconds], .. file[44..]]));

    /// <summary>Lower-case words without punctuation, <c>mr</c> written out.</summary>
    private static string[] Words(string text) =>
        [.. WordPattern().Matches(text.ToLowerInvariant()).Select(match => match.Value == "mr" ? "mister" : match.Value)];

    /// <summary>Words to change, add or leave out.</summary>
    private static int Distance(string[] spoken, string[] heard)
    {
        var row = Enumerable.Range(0, heard.Length + 1).ToArray();
        for (var i = 1; i <= spoken.Length; i++)
        {
            var diagonal = row[0]++;
            for (var j = 1; j <= heard.Length; j++)
            {
                var change = diagonal + (spoken[i - 1] == heard[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }

    [GeneratedRegex("[a-z0-9']+")]
    private static partial Regex WordPattern();
}
