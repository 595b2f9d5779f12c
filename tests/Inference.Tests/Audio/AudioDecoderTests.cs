using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Audio;
using Tollgate.Inference.Audio;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Audio;

/// <summary>Containers beside WAV, by programs in the place of ffmpeg and by ffmpeg itself where it is installed.</summary>
public sealed class AudioDecoderTests
{
    private static readonly AudioContainer Mp3 = AudioContainer.Find("ID3\u0003\0\0\0\0\0\0\0\0"u8)!;

    [Fact]
    public async Task What_the_program_writes_is_the_recording_and_its_file_is_gone()
    {
        var (clip, fault) = await DecodeAsync("printf '%s  ' \"$2\"");

        Assert.Equal("", fault);
        var samples = new float[clip!.Samples];
        clip.Read(0, samples);
        var path = Encoding.ASCII.GetString([.. samples.SelectMany(sample => BitConverter.GetBytes((short)(sample * 32_768)))]).Trim();
        Assert.StartsWith(Path.Combine(Path.GetTempPath(), "tollgate-"), path, StringComparison.Ordinal);
        Assert.False(File.Exists(path));
    }

    [Theory]
    [InlineData("exit 1", "the sound of an MP3 file cannot be decoded")]
    [InlineData("exit 0", "the sound of an MP3 file cannot be decoded")]
    [InlineData("head -c 4000000 /dev/zero", "longer than 10 s")]
    [InlineData("yes", "longer than 10 s")]
    public async Task What_the_program_cannot_decode_is_refused_by_name(string script, string expected)
    {
        var (clip, fault) = await DecodeAsync(script);

        Assert.Null(clip);
        Assert.Contains(expected, fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no-such-program-as-this")]
    [InlineData("/no/such/program")]
    public async Task Without_the_program_the_format_is_named_and_wav_is_read(string program)
    {
        var decoder = Make(program);

        var (clip, fault) = await decoder.DecodeAsync(new byte[100], Mp3, 10_000, CancellationToken.None);
        var (wav, none) = await decoder.DecodeAsync(WavBytes.Make(new double[160]), null, 10_000, CancellationToken.None);

        Assert.Null(clip);
        Assert.Contains("it is an MP3 file, and this installation reads WAV files alone", fault, StringComparison.Ordinal);
        Assert.Equal((10L, ""), (wav!.Milliseconds, none));
    }

    [Fact]
    public async Task A_cancelled_recording_ends_its_program()
    {
        using var folder = new TemporaryFolder();
        using var cancel = new CancellationTokenSource();
        var started = folder.File("started");
        var decoding = DecodeAsync($"touch '{started}'; exec sleep 1000", cancel.Token);
        await Until.TrueAsync(() => File.Exists(started), "the program runs", TimeSpan.FromSeconds(60));

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => decoding);
    }

    [Theory]
    [InlineData("mp3")]
    [InlineData("flac")]
    [InlineData("ogg")]
    [InlineData("m4a")]
    [InlineData("webm")]
    [InlineData("aac")]
    public async Task Ffmpeg_decodes_what_it_has_encoded(string extension)
    {
        using var folder = new TemporaryFolder();
        var (source, target) = (folder.File("a.wav"), folder.File($"a.{extension}"));
        await File.WriteAllBytesAsync(source, WavBytes.Make(WavBytes.Tone(440, 44_100, 2), 44_100));
        using (var encoding = Process.Start("ffmpeg", ["-v", "error", "-i", source, target]))
        {
            await encoding.WaitForExitAsync();
        }

        var file = await File.ReadAllBytesAsync(target);
        var (clip, fault) = await Make("ffmpeg").DecodeAsync(file, AudioContainer.Find(file), 60_000, CancellationToken.None);

        Assert.Equal("", fault);
        Assert.InRange(clip!.Milliseconds, 1_990, 2_200);
        var samples = new float[16_000];
        clip.Read(8_000, samples);
        Assert.InRange(samples.Max(), 0.4f, 0.6f);
    }

    [Theory]
    [InlineData(1)]
    public async Task Ffmpeg_refuses_files_changed_at_random(int seed)
    {
        var random = new Random(seed);
        foreach (var start in (string[])["ID3\u0003", "OggS", "fLaC", "\0\0\0 ftypM4A "])
        {
            var file = new byte[4_000];
            random.NextBytes(file);
            Encoding.Latin1.GetBytes(start).CopyTo(file, 0);

            var (clip, fault) = await Make("ffmpeg").DecodeAsync(file, AudioContainer.Find(file), 60_000, CancellationToken.None);

            Assert.True(clip is null ? fault.Length > 0 : clip.Milliseconds <= 61_000);
        }
    }

    private static AudioDecoder Make(string program) =>
        new(Options.Create(new AudioOptions { Ffmpeg = program, DecodeTimeout = TimeSpan.FromMinutes(10) }), TimeProvider.System);

    private static Task<(AudioClip? Clip, string Fault)> DecodeAsync(string script, CancellationToken cancellationToken = default)
    {
        var program = Path.Combine(SharedFiles.Repository, "tests", "Inference.Tests", "Audio", "decode.sh");
        return Make(program).DecodeAsync(Encoding.UTF8.GetBytes(script), Mp3, mostMs: 10_000, cancellationToken);
    }
}
