using Tollgate.Inference.Audio;

namespace Tollgate.Inference.Tests.Audio;

public sealed class WavClipTests
{
    public static TheoryData<string, byte[]> Faults
    {
        get
        {
            var format = WavBytes.Chunk("fmt ", WavBytes.Format(16_000, 16, 1, 1));
            var data = WavBytes.Chunk("data", new byte[64]);
            return new()
            {
                { "begins neither with a RIFF WAVE header", [] },
                { "begins neither with a RIFF WAVE header", [.. "ID3"u8, .. new byte[40]] },
                { "has no 'data' chunk", WavBytes.Join(format) },
                { "'data' chunk comes before a 'fmt ' chunk", WavBytes.Join(data, format) },
                { "'data' chunk comes before a 'fmt ' chunk", WavBytes.Join(data) },
                { "holds no audio", WavBytes.Join(format, WavBytes.Chunk("data", [])) },
                { "holds no audio", WavBytes.Join(format, WavBytes.Chunk("data", new byte[1])) },
                { "declares 65 bytes, of which 64 are there", WavBytes.Join(format, WavBytes.Chunk("data", new byte[64], declared: 65)) },
                { "declares 4294967295 bytes", WavBytes.Join(format, WavBytes.Chunk("data", new byte[64], declared: uint.MaxValue)) },
                {
                    "a chunk is longer than the file",
                    WavBytes.Join(WavBytes.Chunk("LIST", new byte[4], declared: 0x7FFF_FFFF), format, data)
                },
                { "'fmt ' chunk has 14 bytes", WavBytes.Join(WavBytes.Chunk("fmt ", new byte[14]), data) },
                { "0 channels", WavBytes.Join(WavBytes.Chunk("fmt ", WavBytes.Format(16_000, 16, 0, 1)), data) },
                { "65535 channels", WavBytes.Join(WavBytes.Chunk("fmt ", WavBytes.Format(16_000, 16, 65_535, 1)), data) },
                { "rate is 0 Hz", WavBytes.Join(WavBytes.Chunk("fmt ", WavBytes.Format(0, 16, 1, 1)), data) },
                { "rate is 4294967295 Hz", WavBytes.Join(WavBytes.Chunk("fmt ", WavBytes.Format(-1, 16, 1, 1)), data) },
                { "integers of 12 bits", WavBytes.Join(WavBytes.Chunk("fmt ", WavBytes.Format(16_000, 12, 1, 1)), data) },
                { "numbers of 16 bits", WavBytes.Join(WavBytes.Chunk("fmt ", WavBytes.Format(16_000, 16, 1, 3)), data) },
                { "µ-law", WavBytes.Join(WavBytes.Chunk("fmt ", WavBytes.Format(8_000, 8, 1, 7)), data) },
                { "MP3", WavBytes.Join(WavBytes.Chunk("fmt ", WavBytes.Format(16_000, 0, 1, 0x55)), data) },
                { "extensible 'fmt ' chunk", WavBytes.Join(WavBytes.Chunk("fmt ", WavBytes.Format(16_000, 16, 1, 0xFFFE)), data) },
                { "not finite", WavBytes.Make([0, double.NaN], bits: 32, floating: true) },
                { "not finite", WavBytes.Make([0, double.PositiveInfinity], bits: 64, floating: true) },
            };
        }
    }

    [Theory]
    [InlineData(8, false, 0.01)]
    [InlineData(16, false, 1e-4)]
    [InlineData(24, false, 1e-6)]
    [InlineData(32, false, 1e-6)]
    [InlineData(32, true, 1e-6)]
    [InlineData(64, true, 1e-6)]
    public void Every_width_and_both_forms_of_the_header_give_the_same_samples(int bits, bool floating, double tolerance)
    {
        var tone = WavBytes.Tone(440, 16_000, 0.1);

        foreach (var extensible in (bool[])[false, true])
        {
            var samples = ReadAll(WavBytes.Make(tone, bits: bits, floating: floating, extensible: extensible));

            Assert.Equal(1600, samples.Length);
            Assert.All(samples.Zip(tone), pair => Assert.InRange(pair.First, pair.Second - tolerance, pair.Second + tolerance));
        }
    }

    [Fact]
    public void Channels_are_averaged()
    {
        double[] left = [0.5, -0.5, 0.25], right = [0.25, 0.5, 0.25];

        var samples = ReadAll(WavBytes.Make([.. left.Zip(right).SelectMany(p => (double[])[p.First, p.Second])], channels: 2, bits: 24));

        Assert.Equal([0.375f, 0f, 0.25f], samples.Select(sample => MathF.Round(sample, 5)));
    }

    [Fact]
    public void Numbers_above_full_scale_are_cut_to_it()
    {
        Assert.Equal([1f, -1f], ReadAll(WavBytes.Make([1e30, -3], bits: 32, floating: true)));
    }

    [Fact]
    public void Chunks_of_odd_length_are_passed_with_and_without_their_padding()
    {
        var (format, data) = (WavBytes.Format(16_000, 16, 1, 1), new byte[64]);

        foreach (var padded in (bool[])[true, false])
        {
            var file = WavBytes.Join(
                WavBytes.Chunk("LIST", new byte[7], padded: padded), WavBytes.Chunk("fmt ", format), WavBytes.Chunk("note", new byte[3]),
                WavBytes.Chunk("data", data), WavBytes.Chunk("LIST", new byte[5]));

            Assert.Equal(32, ReadAll(file).Length);
        }
    }

    [Fact]
    public void A_file_of_a_writer_that_cannot_seek_ends_with_its_bytes()
    {
        var file = WavBytes.Join(
            WavBytes.Chunk("fmt ", WavBytes.Format(16_000, 16, 1, 1)), WavBytes.Chunk("data", new byte[64], declared: uint.MaxValue));
        file.AsSpan(4, 4).Fill(0xFF);

        Assert.Equal(32, ReadAll(file).Length);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_file_that_cannot_be_read_is_refused_by_name(string fault, byte[] file)
    {
        Assert.Null(WavClip.Open(file, out var found));
        Assert.Contains(fault, found, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_changed_at_random_are_read_or_refused()
    {
        var random = new Random(29);
        for (var round = 0; round < 2_000; round++)
        {
            var file = WavBytes.Make(
                WavBytes.Tone(300, 8_000, 0.01), 8_000, bits: 8 * random.Next(1, 5), channels: 1, extensible: round % 2 == 0);
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                file[random.Next(Math.Min(80, file.Length))] = (byte)random.Next(256);
            }

            file = file[..random.Next(file.Length + 1)];
            if (WavClip.Open(file, out var fault) is not { } clip)
            {
                Assert.NotEqual("", fault);
                continue;
            }

            var window = new float[512];
            clip.Read(0, window);
            clip.Read(Math.Max(0, clip.Samples - 256), window);
            Assert.All(window, sample => Assert.InRange(sample, -2, 2));
        }
    }

    [Theory]
    [InlineData(8_000)]
    [InlineData(11_025)]
    [InlineData(22_050)]
    [InlineData(44_100)]
    [InlineData(48_000)]
    [InlineData(44_101)]
    [InlineData(192_000)]
    public void A_tone_of_any_rate_becomes_the_same_tone(int rate)
    {
        var samples = ReadAll(WavBytes.Make(WavBytes.Tone(1_000, rate, 0.5), rate, bits: 32, floating: true));

        Assert.InRange(samples.Length, 7_999, 8_001);
        for (var i = 400; i < samples.Length - 400; i++) // The filter meets silence at the ends.
        {
            var expected = 0.5 * Math.Sin(2 * Math.PI * 1_000 * i / 16_000);
            Assert.InRange(samples[i], expected - 1e-3, expected + 1e-3);
        }
    }

    [Theory]
    [InlineData(48_000, 9_000)]
    [InlineData(44_100, 12_000)]
    [InlineData(192_000, 40_000)]
    public void A_tone_above_the_half_rate_is_gone(int rate, double hertz)
    {
        var samples = ReadAll(WavBytes.Make(WavBytes.Tone(hertz, rate, 0.5), rate, bits: 32, floating: true));

        Assert.All(samples[400..^400], sample => Assert.InRange(sample, -5e-5, 5e-5)); // 80 dB below 0.5
    }

    [Fact]
    public void A_window_equals_the_same_part_of_the_whole()
    {
        var clip = WavClip.Open(WavBytes.Make(WavBytes.Tone(700, 44_100, 1), 44_100), out _)!;
        var whole = new float[clip.Samples];
        clip.Read(0, whole);

        foreach (var start in (int[])[0, 1, 159, 5_000, 15_000])
        {
            var window = new float[3_000];
            clip.Read(start, window);

            Assert.Equal(whole.Skip(start).Take(3_000).Concat(new float[3_000]).Take(3_000), window);
        }
    }

    private static float[] ReadAll(byte[] file)
    {
        var clip = WavClip.Open(file, out var fault);
        Assert.Equal("", fault);
        var samples = new float[clip!.Samples];
        clip.Read(0, samples);
        return samples;
    }
}
