using System.Text.Json.Nodes;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Audio;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Audio;

public sealed class VoiceActivityTests
{
    private static readonly VoiceChunking[] Settings =
    [
        new(true, 0.5, 30, 100), new(true, 0.5, 300, 200), new(true, 0.9, 0, 500), new(true, 0.2, 1_000, 50),
    ];

    [SharedFact("models/audio")]
    public async Task Speech_is_found_where_Silero_finds_it()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("speech.wav"), SpokenAndNoise());
        var expected = await NodeOracle.RunAsync("Audio/speech.mjs", new JsonObject
        {
            ["file"] = folder.File("speech.wav"),
            ["settings"] = new JsonArray([.. Settings.Select(setting => new JsonObject
            {
                ["threshold"] = setting.Threshold,
                ["minSilenceDurationMs"] = setting.SilenceDurationMs,
                ["speechPadMs"] = setting.PrefixPaddingMs,
            })]),
        });

        using var detector = Open();
        var clip = WavClip.Open(SpokenAndNoise(), out _)!;
        for (var i = 0; i < Settings.Length; i++)
        {
            var wanted = expected[i]!.AsArray().Select(range => ((long)range![0]!, (long)range[1]!)).ToList();
            Assert.InRange(wanted.Count, 2, 100);
            Assert.Equal(wanted, new VoiceActivity(detector, clip, Settings[i]).All());
        }
    }

    [SharedFact("models/audio")]
    public void Windows_begin_and_end_with_speech()
    {
        using var detector = Open();
        var clip = WavClip.Open(SpokenAndNoise(), out _)!;
        var ranges = new VoiceActivity(detector, clip, new VoiceChunking()).All();
        var voice = new VoiceActivity(detector, clip, new VoiceChunking());

        Assert.Equal(ranges[0].Start, voice.Skip(0));
        Assert.Equal(ranges[0].Start + 5, voice.Skip(ranges[0].Start + 5));
        Assert.Equal(ranges[1].Start, voice.Skip(ranges[0].End - 5)); // A rest of five samples holds no word.
        Assert.Equal(ranges[0].End, voice.EndOf(ranges[0].Start, ranges[0].End - ranges[0].Start));
        Assert.Equal(ranges[0].Start + 1_000, voice.EndOf(ranges[0].Start, 1_000)); // Inside speech: a whole window.
        Assert.Equal(clip.Samples, voice.Skip(ranges[^1].End));
    }

    [Fact]
    public void Noise_and_silence_hold_no_speech()
    {
        using var detector = Open();
        var random = new Random(3);
        var noise = Enumerable.Range(0, 16_000 * 5).Select(_ => 0.05 * ((random.NextDouble() * 2) - 1)).ToArray();

        Assert.Empty(new VoiceActivity(detector, WavClip.Open(WavBytes.Make(noise), out _)!, new VoiceChunking()).All());
        Assert.Empty(new VoiceActivity(detector, WavClip.Open(WavBytes.Make(new double[100]), out _)!, new VoiceChunking()).All());
    }

    /// <summary>Faint noise, speech, noise, speech, noise.</summary>
    internal static byte[] SpokenAndNoise() => WavBytes.Join(
        WavBytes.Chunk("fmt ", WavBytes.Format(16_000, 16, 1, 1)),
        WavBytes.Chunk("data",
            [.. Noise(4, 1), .. Spoken("en-gb-invoice"), .. Noise(33, 2), .. Spoken("en-us-rate"), .. Noise(3, 3)]));

    /// <summary>Seconds of noise of 16 bits, 40 steps loud.</summary>
    private static byte[] Noise(int seconds, int seed)
    {
        var (random, bytes) = (new Random(seed), new byte[32_000 * seconds]);
        for (var i = 0; i < bytes.Length; i += 2)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(i), (short)random.Next(-40, 41));
        }

        return bytes;
    }

    private static byte[] Spoken(string name) => File.ReadAllBytes(SharedFiles.At($"models/audio/{name}.wav"))[44..];

    private static VoiceDetector Open() => new(new SessionFactory(ExecutionProvider.Cpu, threads: 1).Open(SileroModel.Path));
}
