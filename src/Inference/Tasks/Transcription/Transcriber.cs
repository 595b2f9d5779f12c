using Tollgate.Inference.Audio;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>What a caller wants of a transcription.</summary>
/// <param name="Language">Token of the spoken language; null to detect it, and for a model of English alone.</param>
/// <param name="Translate">Whether the text becomes English.</param>
/// <param name="Prompt">Tokens of text that is taken to come before the recording.</param>
/// <param name="Temperature">As <see cref="WindowDecoder.Write"/> takes it.</param>
/// <param name="Timestamps">Whether segments need times.</param>
internal sealed record TranscriptionOptions(
    int? Language = null, bool Translate = false, int[]? Prompt = null, double? Temperature = null, bool Timestamps = true);

/// <summary>
/// Transcribes one recording window by window. A window is 30 s; the next one begins where the model's last complete segment ends. Whole
/// seconds of digital silence before a window are passed over, and never reach the model. One thread at a time.
/// </summary>
internal sealed class Transcriber
{
    private const double LongestPromptTemperature = 0.5;

    /// <summary>Louder than the noise that a conversion to 16 bits adds: two steps.</summary>
    private const float DigitalSilence = 2 / 32_768f;

    /// <summary>A rest that is too short to hold a word, samples.</summary>
    private const int ShortestRest = AudioClip.Rate / 10;

    private readonly WhisperSessions _sessions;
    private readonly ModelSpeech _speech;
    private readonly ITokenizer _tokenizer;
    private readonly LogMel _mel;
    private readonly AudioClip _clip;
    private readonly TranscriptionOptions _options;
    private readonly List<int> _earlier;
    private readonly float[] _samples = new float[LogMel.WindowSamples];
    private readonly float[] _features;
    private readonly long _end;
    private readonly bool _timestamps;
    private long _position;
    private int _windows;
    private double _latest;

    public Transcriber(
        WhisperSessions sessions, ModelSpeech speech, ITokenizer tokenizer, LogMel mel, AudioClip clip, TranscriptionOptions options)
    {
        (_sessions, _speech, _tokenizer, _mel, _clip, _options) = (sessions, speech, tokenizer, mel, clip, options);
        _features = new float[speech.Bins * LogMel.Columns];
        _earlier = [.. options.Prompt ?? []];
        Language = options.Language;
        _end = FindEnd();
        _position = SkipSilence(0);

        // A recording of one window needs no times to find the next one, and reads best without them.
        _timestamps = options.Timestamps || _end - _position > LogMel.WindowSamples;
    }

    /// <summary>Token of the language; null until one was detected, and for a model of English alone.</summary>
    public int? Language { get; private set; }

    /// <summary>Whether everything was transcribed.</summary>
    public bool IsDone => _position >= _end;

    /// <summary>Transcribes the next window.</summary>
    /// <returns>Its segments; none for a window in which nobody speaks.</returns>
    public IReadOnlyList<SpeechSegment> TranscribeNext(CancellationToken cancellationToken)
    {
        var seek = _position;
        var length = (int)Math.Min(LogMel.WindowSamples, _end - seek);
        var sound = _samples.AsSpan(0, length);
        _clip.Read(seek, sound);
        _mel.Compute(sound, _features);
        using var hidden = _sessions.Encode(_features);
        var decoder = new WindowDecoder(_sessions, _speech, _tokenizer, hidden);
        if (_speech.IsMultilingual)
        {
            Language ??= decoder.DetectLanguage();
        }

        var window = decoder.Write(MakePrompt(), _timestamps, _options.Temperature, _windows++, cancellationToken);
        var seconds = (double)length / AudioClip.Rate;
        var next = seconds;
        IReadOnlyList<SpeechSegment> segments = [];
        if (!window.IsSilent)
        {
            (segments, next) = MakeSegments(seek, window, seconds);
        }

        Remember(window, segments);
        var reached = seek + (long)Math.Round(next * AudioClip.Rate);
        _position = _end - reached < ShortestRest ? _end : SkipSilence(reached);
        return segments;
    }

    private (IReadOnlyList<SpeechSegment> Segments, double Next) MakeSegments(long seek, WindowText window, double seconds)
    {
        var (parts, next) = SpeechSegments.Cut(window, _speech.Tokens.FirstTimestamp, seconds);
        var compression = WindowText.MeasureCompression(WindowText.Decode(_tokenizer, window.Tokens));
        var offset = (double)seek / AudioClip.Rate;
        var segments = new List<SpeechSegment>();
        foreach (var (range, start, end) in parts)
        {
            var (from, count) = range.GetOffsetAndLength(window.Tokens.Count);
            var tokens = window.Tokens.Skip(from).Take(count).ToArray();
            var text = WindowText.Decode(_tokenizer, tokens);
            if (string.IsNullOrWhiteSpace(text) || (end <= start && _timestamps))
            {
                continue;
            }

            var begin = Math.Max(_latest, offset + start);
            _latest = Math.Max(begin, offset + end);
            segments.Add(new SpeechSegment(
                seek / LogMel.Hop, begin, _latest, text, tokens, [.. window.Logprobs.Skip(from).Take(count)], window, compression));
        }

        return (segments, next);
    }

    /// <summary>Earlier text, then the start, the language and the task.</summary>
    private int[] MakePrompt()
    {
        var tokens = _speech.Tokens;
        var most = (_speech.Positions / 2) - 1;
        List<int> prompt = [];
        if (_earlier.Count > 0)
        {
            prompt.Add(tokens.Previous);
            prompt.AddRange(_earlier[^Math.Min(_earlier.Count, most)..]);
        }

        prompt.Add(tokens.Start);
        if (_speech.IsMultilingual)
        {
            prompt.Add(Language!.Value);
            prompt.Add((_options.Translate ? tokens.Translate : tokens.Transcribe)!.Value);
        }

        if (!_timestamps)
        {
            prompt.Add(tokens.NoTimestamps);
        }

        return [.. prompt];
    }

    /// <summary>Text steers the next window, unless it was drawn at a high temperature: it may repeat itself or wander.</summary>
    private void Remember(WindowText window, IReadOnlyList<SpeechSegment> segments)
    {
        if (window.Temperature > LongestPromptTemperature)
        {
            _earlier.Clear();
            return;
        }

        _earlier.AddRange(segments.SelectMany(segment => segment.Tokens));
    }

    /// <summary>The first second from here on that is not silent; the end where there is none.</summary>
    private long SkipSilence(long position)
    {
        while (position < _end && IsSilent(position, Math.Min(AudioClip.Rate, _end - position)))
        {
            position += AudioClip.Rate;
        }

        return Math.Min(position, _end);
    }

    /// <summary>Where the last sound ends, in whole seconds before the end.</summary>
    private long FindEnd()
    {
        var end = _clip.Samples;
        while (end > 0 && IsSilent(Math.Max(0, end - AudioClip.Rate), Math.Min(AudioClip.Rate, end)))
        {
            end -= AudioClip.Rate;
        }

        return Math.Max(0, end);
    }

    private bool IsSilent(long start, long length)
    {
        var second = _samples.AsSpan(0, (int)length);
        _clip.Read(start, second);
        return !second.ContainsAnyExceptInRange(-DigitalSilence, DigitalSilence);
    }
}
