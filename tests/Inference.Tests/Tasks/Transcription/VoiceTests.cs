using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks.Transcription;
using Tollgate.Inference.Tests.Audio;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Transcription;

/// <summary>Recordings that are cut by voice activity.</summary>
[Collection(nameof(WhisperFixture))]
public sealed class VoiceTests(WhisperFixture whisper, ToySpeech toy) : IClassFixture<ToySpeech>
{
    private static readonly byte[] Tone = WavBytes.Make(WavBytes.Tone(300, 16_000, 3));

    [SharedFact(WhisperFixture.Model)]
    public void What_nobody_speaks_in_never_reaches_the_model_and_times_stay_those_of_the_recording()
    {
        var clip = WhisperFixture.Open(VoiceActivityTests.SpokenAndNoise()); // Speech from 4 s and from 42.3 s on.
        var segments = whisper.Transcribe(clip, new TranscriptionOptions(Voice: new VoiceChunking()));

        // Quantised kernels differ from processor to processor, and a word with them; these are clear.
        var text = string.Concat(segments.Select(segment => segment.Text));
        Assert.True(Regex.IsMatch(text, "(?is)invoice for.*credit.*checks the key.*answer"), text);
        Assert.InRange(text.Split(' ').Length, 20, 30);
        Assert.Equal(2, segments.Select(segment => segment.Seek).Distinct().Count()); // Two windows, each begins with speech.
        Assert.InRange(segments[0].Start, 3.7, 5);
        Assert.InRange(segments[^1].Start, 42, 48);
        Assert.All(segments, segment => Assert.InRange(segment.End, segment.Start, clip.Milliseconds / 1000.0));
    }

    [Fact]
    public async Task Without_a_detector_auto_changes_nothing_and_server_vad_is_refused_by_name()
    {
        var plain = await toy.Worker.AskAsync(Tone);
        var automatic = await toy.Worker.AskAsync(Tone, ("chunking_strategy", "auto"));
        using var refused = await toy.Worker.PostAsync(Tone, fields: ("chunking_strategy[type]", "server_vad"));

        Assert.Equal(plain.ToJsonString(), automatic.ToJsonString());
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        var error = JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["error"]!;
        Assert.Equal("chunking_strategy", (string)error["param"]!);
        Assert.Contains("silero_vad.onnx", (string)error["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recording_without_speech_is_billed_whole_and_answered_without_text()
    {
        using var folder = new TemporaryFolder();
        ToyWhisper.Write(folder.Path);
        File.Copy(SileroModel.Path, folder.File("silero_vad.onnx"));
        var repository = TestFolder.Create("voice");
        var installed = await ToySpeech.ImportAsync(folder.Path, repository);
        await using var worker = await SpeechWorker.StartAsync(repository, "tiny-whisper");

        using var heard = await worker.PostAsync(Tone);
        using var cut = await worker.PostAsync(Tone, fields: ("chunking_strategy", "auto"));

        Assert.Contains(installed.Manifest.Files, file => file.Name == "silero_vad.onnx");
        Assert.Equal("""{"text":"né","usage":{"type":"duration","seconds":3}}""", await heard.Content.ReadAsStringAsync());
        Assert.Equal("""{"text":"","usage":{"type":"duration","seconds":3}}""", await cut.Content.ReadAsStringAsync());
        Assert.Equal(new Units(0, AudioMs: 3_000).ToString(), cut.Headers.GetValues(Units.Header).Single());
    }

    [Fact]
    public async Task A_detector_of_another_kind_is_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        ToyWhisper.Write(folder.Path);
        File.Copy(folder.File("encoder_model.onnx"), folder.File("silero_vad.onnx"));

        var refusal = await Assert.ThrowsAsync<ModelImportException>(
            () => ToySpeech.ImportAsync(folder.Path, TestFolder.Create("refused")));

        Assert.Contains("The detector has no tensor 'input'", refusal.Message, StringComparison.Ordinal);
    }
}
