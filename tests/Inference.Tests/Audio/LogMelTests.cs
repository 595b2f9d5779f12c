using System.Text.Json.Nodes;
using Tollgate.Inference.Audio;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Audio;

public sealed class LogMelTests
{
    [Theory]
    [InlineData(80)]
    [InlineData(128)]
    public void Features_equal_those_of_another_implementation(int bins)
    {
        var reference = JsonNode.Parse(File.ReadAllText(
            Path.Combine(SharedFiles.Repository, "tests", "Inference.Tests", "Audio", "mel.json")))!;
        var features = Compute(bins, MakeSound());

        var frames = reference["frames"]!.AsArray();
        for (var row = 0; row < frames.Count; row++)
        {
            for (var bin = 0; bin < bins; bin++)
            {
                var expected = (float)reference[$"bins{bins}"]![row]![bin]!;
                Assert.InRange(features[(bin * LogMel.Columns) + (int)frames[row]!], expected - 1e-4, expected + 1e-4);
            }
        }
    }

    [Fact]
    public void Spectra_equal_a_direct_transform()
    {
        var random = new Random(7);
        var sound = Enumerable.Range(0, LogMel.WindowSamples).Select(_ => (float)((random.NextDouble() * 2) - 1)).ToArray();
        var features = Compute(80, sound);
        var filters = new MelFilters(80);

        foreach (var column in (int[])[0, 5, 1_234, 2_998, 2_999])
        {
            var logs = Enumerable.Range(0, 80).Select(bin => Math.Log10(filters.Apply(bin, DirectPower(sound, column)))).ToArray();
            for (var bin = 0; bin < 80; bin++)
            {
                var expected = (logs[bin] + 4) / 4; // Noise is nowhere 8 below its loudest value.
                Assert.InRange(features[(bin * LogMel.Columns) + column], expected - 1e-4, expected + 1e-4);
            }
        }
    }

    [Fact]
    public void Silence_is_one_value()
    {
        Assert.All(Compute(80, new float[100]), value => Assert.Equal(-1.5f, value)); // (-10 + 4) / 4
    }

    private static float[] Compute(int bins, float[] sound)
    {
        var features = new float[bins * LogMel.Columns];
        new LogMel(bins).Compute(sound, features);
        return features;
    }

    /// <summary>The sound that mel.json describes.</summary>
    private static float[] MakeSound()
    {
        var noise = 12345u;
        var sound = new float[64_000];
        for (var i = 0; i < sound.Length; i++)
        {
            noise = unchecked((noise * 1664525) + 1013904223);
            var t = i / 16000.0;
            sound[i] = (float)((0.4 * Math.Sin(2 * Math.PI * (200 + (400 * t)) * t)) + (0.2 * Math.Sin(2 * Math.PI * 3000 * t))
                + (0.05 * ((noise / 4294967296.0) - 0.5)));
        }

        return sound;
    }

    private static double[] DirectPower(float[] sound, int column)
    {
        var power = new double[201];
        for (var k = 0; k < power.Length; k++)
        {
            var (re, im) = (0.0, 0.0);
            for (var n = 0; n < 400; n++)
            {
                var at = Math.Abs((column * 160) + n - 200);
                at = at < sound.Length ? at : (2 * (sound.Length - 1)) - at;
                var value = sound[at] * (0.5 - (0.5 * Math.Cos(2 * Math.PI * n / 400)));
                re += value * Math.Cos(2 * Math.PI * k * n / 400);
                im -= value * Math.Sin(2 * Math.PI * k * n / 400);
            }

            power[k] = (re * re) + (im * im);
        }

        return power;
    }
}
