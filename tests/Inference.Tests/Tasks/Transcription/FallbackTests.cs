using Tollgate.Inference.Audio;
using Tollgate.Inference.Tasks.Transcription;
using Tollgate.Inference.Tests.Audio;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;
using Link = Tollgate.Inference.Tests.Tasks.Transcription.ToyWhisper.Link;

namespace Tollgate.Inference.Tests.Tasks.Transcription;

/// <summary>When a window's text is written again, and when it is none, on small models whose probabilities the tests choose.</summary>
public sealed class FallbackTests
{
    private static readonly TranscriptionOptions Plain = new(Timestamps: false);

    /// <summary>Repeats a letter for ever when it is greedy, and ends after every step in thirteen at 0.2.</summary>
    private static readonly Link[] Repeating =
    [
        new(ToyWhisper.NoTimestamps, 'a', 20), new('a', 'a', 20), new('a', ToyWhisper.End, 19.5f),
    ];

    /// <summary>One of eight letters, then the end: ln(1/8) / 2 = −1.04 a token.</summary>
    private static readonly Link[] Unsure =
    [
        .. "abcdefgh".SelectMany(letter => (Link[])[new(ToyWhisper.NoTimestamps, letter, 20), new(letter, ToyWhisper.End, 20)]),
    ];

    [Theory]
    [InlineData(-0.99, 2.4, 0, false)]
    [InlineData(-1.01, 2.4, 0, true)]
    [InlineData(-0.99, 2.41, 0, true)]
    [InlineData(-1.01, 2.41, 0.61, false)] // Nobody speaks: no other temperature changes that.
    [InlineData(-1.01, 1, 0.59, true)]
    [InlineData(-0.5, 2.41, 0.99, true)]
    public void A_text_is_doubtful_below_its_thresholds(double logprob, double compression, double noSpeech, bool doubtful)
    {
        var window = new WindowText([], [], logprob, noSpeech, 0);

        Assert.Equal(doubtful, window.IsDoubtful(compression));
    }

    [Theory]
    [InlineData("", 0, 0.01)]
    [InlineData("Ask not what your country can do for you.", 0.7, 1.1)]
    [InlineData("no no no no no no no no no no no no no no no no no no no no", 2.5, 6)]
    public void Compression_is_the_length_over_that_of_its_zlib_form(string text, double least, double most) =>
        Assert.InRange(WindowText.MeasureCompression(text), least, most);

    [Fact]
    public async Task A_text_that_repeats_itself_is_written_again_at_a_higher_temperature()
    {
        var segment = Assert.Single(await TranscribeAsync(Repeating, Plain));

        Assert.InRange(segment.Window.Temperature, 0.2, 1);
        Assert.InRange(segment.CompressionRatio, 0, 2.4);
        Assert.Equal(new string('a', segment.Text.Length), segment.Text);
        Assert.InRange(segment.Text.Length, 1, 100); // Greedily it has 224.
    }

    [Fact]
    public async Task A_text_that_stays_unlikely_climbs_the_whole_ladder_and_is_kept()
    {
        var segment = Assert.Single(await TranscribeAsync(Unsure, Plain));

        Assert.Equal(1, segment.Window.Temperature);
        Assert.Equal(Math.Log(1.0 / 8) / 2, segment.Window.AverageLogprob, 0.001);
        Assert.Single(segment.Text);
    }

    [Fact]
    public async Task A_given_temperature_is_the_only_one()
    {
        var segment = Assert.Single(await TranscribeAsync(Unsure, Plain with { Temperature = 0.7 }));

        Assert.Equal(0.7, segment.Window.Temperature);
    }

    [Fact]
    public async Task Where_the_model_hears_nobody_an_unlikely_text_is_dropped_and_a_likely_one_kept()
    {
        Link[] nobody = [new(ToyWhisper.Start, ToyWhisper.NoSpeech, 30), new(ToyWhisper.Start, ToyWhisper.Japanese, 20)];

        Assert.Empty(await TranscribeAsync([.. nobody, .. Unsure], Plain));
        var kept = Assert.Single(await TranscribeAsync(nobody, Plain));

        Assert.Equal("né", kept.Text);
        Assert.InRange(kept.Window.NoSpeech, 0.99, 1);
    }

    [Fact]
    public async Task A_cancel_ends_a_window_at_the_next_step_and_leaves_the_others()
    {
        using var model = await LoadAsync(Repeating);
        using var cancel = new CancellationTokenSource();
        var (translated, repeated) = (model.Begin(Sound(), new TranscriptionOptions(Translate: true)), model.Begin(Sound(), Plain));
        var (texts, failures, lengths) = (new List<string>(), new List<Exception>(), new List<int>());
        WindowInWork? second = null;
        DecoderRow? row = null;
        var first = new WindowInWork(
            translated.Open(),
            text =>
            {
                texts.AddRange(translated.Close(text).Select(segment => segment.Text));
                row = second!.Writer.Row;
                lengths.Add(row.Length);
                cancel.Cancel();
            },
            failures.Add,
            CancellationToken.None);
        second = new WindowInWork(repeated.Open(), _ => texts.Add("never"), failures.Add, cancel.Token);

        WindowSteps.Write(model.Sessions, [second, first]);

        Assert.Equal(["hi"], texts);
        Assert.IsAssignableFrom<OperationCanceledException>(Assert.Single(failures));
        Assert.Equal(lengths, [row!.Length]); // Nothing was read after the cancel.
    }

    private static async Task<IReadOnlyList<SpeechSegment>> TranscribeAsync(IReadOnlyList<Link> links, TranscriptionOptions options)
    {
        using var model = await LoadAsync(links);
        return WhisperFixture.TranscribeAll(model, [(Sound(), options)])[0];
    }

    private static async Task<SpeechModel> LoadAsync(IReadOnlyList<Link> links)
    {
        using var folder = new TemporaryFolder();
        ToyWhisper.Write(folder.Path, links);
        return await WhisperFixture.LoadAsync(await ToySpeech.ImportAsync(folder.Path, TestFolder.Create("fallback")));
    }

    private static AudioClip Sound() => WhisperFixture.Open(WavBytes.Make(WavBytes.Tone(300, 16_000, 2)));
}
