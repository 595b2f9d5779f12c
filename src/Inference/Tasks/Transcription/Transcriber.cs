using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Audio;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>What a caller wants of a transcription.</summary>
/// <param name="Language">Token of the spoken language; null to detect it, and for a model of English alone.</param>
/// <param name="Translate">Whether the text becomes English.</param>
/// <param name="Prompt">Tokens of text that is taken to come before the recording.</param>
/// <param name="Temperature">As <see cref="WindowPlan"/> has it.</param>
/// <param name="Timestamps">Whether segments need times.</param>
/// <param name="Words">Whether words need times.</param>
/// <param name="Voice">How the recording is cut by voice activity; null for not at all.</param>
internal sealed record TranscriptionOptions(
    int? Language = null, bool Translate = false, int[]? Prompt = null, double? Temperature = null, bool Timestamps = true,
    bool Words = false, VoiceChunking? Voice = null);

/// <summary>
/// Transcribes one recording window by window. A window is 30 s; the next one begins where the model's last complete segment ends. Whole
/// seconds of digital silence before a window are passed over, and never reach the model; with voice activity, neither does what nobody
/// speaks in before and after a window. One thread at a time.
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
    private readonly VoiceActivity? _voice;
    private readonly TranscriptionOptions _options;
    private readonly List<int> _earlier;
    private readonly float[] _samples = new float[LogMel.WindowSamples];
    private readonly float[] _features;
    private readonly long _end;
    private readonly bool _timestamps;
    private long _position;
    private int _length;
    private OrtValue? _heard;
    private int _windows;
    private double _latest;

    /// <param name="voice">Where somebody speaks in the recording; null where that is not asked for.</param>
    public Transcriber(
        SpeechModel model, LogMel mel, AudioClip clip, VoiceActivity? voice, TranscriptionOptions options)
    {
        (_sessions, _speech, _tokenizer, _mel, _clip, _options) = (model.Sessions, model.Speech, model.Tokenizer, mel, clip, options);
        _voice = voice;
        _features = new float[_speech.Bins * LogMel.Columns];
        _earlier = [.. options.Prompt ?? []];
        Language = options.Language;
        _end = FindEnd();
        _position = Skip(0);

        // A recording of one window needs no times to find the next one, and reads best without them.
        _timestamps = options.Timestamps || _end - _position > LogMel.WindowSamples;
    }

    /// <summary>Token of the language; null until one was detected, and for a model of English alone.</summary>
    public int? Language { get; private set; }

    /// <summary>Whether everything was transcribed.</summary>
    public bool IsDone => _position >= _end;

    /// <summary>Hears the next window. The caller writes its text, disposes the writer and calls <see cref="Close"/>.</summary>
    public WindowWriter Open()
    {
        var end = _voice?.EndOf(_position, LogMel.WindowSamples) ?? _position + LogMel.WindowSamples;
        _length = (int)(Math.Min(end, _end) - _position);
        var sound = _samples.AsSpan(0, _length);
        _clip.Read(_position, sound);
        _mel.Compute(sound, _features);
        var hidden = _sessions.Encode(_features);
        try
        {
            if (_speech.IsMultilingual)
            {
                Language ??= DetectLanguage(hidden);
            }

            _heard = hidden;
            var plan = new WindowPlan(MakePrompt(), _timestamps, _options.Temperature, _windows++);
            return new WindowWriter(_sessions, _speech, _tokenizer, hidden, plan);
        }
        catch
        {
            hidden.Dispose();
            throw;
        }
    }

    /// <summary>Takes the text of the window that was opened, before its writer is disposed, and goes on to the next one.</summary>
    /// <returns>Its segments; none for a window in which nobody speaks.</returns>
    public IReadOnlyList<SpeechSegment> Close(WindowText window)
    {
        var seconds = (double)_length / AudioClip.Rate;
        var next = seconds;
        IReadOnlyList<SpeechSegment> segments = [];
        if (!window.IsSilent)
        {
            (segments, next) = MakeSegments(_position, window, seconds);
            segments = _options.Words ? AddWords(segments, seconds) : segments;
        }

        Remember(window, segments);
        var reached = _position + (long)Math.Round(next * AudioClip.Rate);
        _position = _end - reached < ShortestRest ? _end : Skip(reached);
        return segments;
    }

    /// <summary>The language that is most likely spoken.</summary>
    /// <returns>Its token.</returns>
    private int DetectLanguage(OrtValue hidden)
    {
        using var row = _sessions.Begin(hidden, [_speech.Tokens.Start], out var read);
        using (read)
        {
            var logits = read.GetTensorDataAsSpan<float>();
            var best = -1;
            foreach (var token in _speech.Languages.Values)
            {
                best = best < 0 || logits[token] > logits[best] ? token : best;
            }

            return best;
        }
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

    /// <summary>Finds the times of the words of a window.</summary>
    private IReadOnlyList<SpeechSegment> AddWords(IReadOnlyList<SpeechSegment> segments, double seconds)
    {
        var texts = segments.Select(segment => segment.Tokens.Where(token => token < _speech.Tokens.End).ToArray()).ToList();
        int[] prompt = [.. MakeTask(), _speech.Tokens.NoTimestamps];
        int[] read = [.. prompt, .. texts.SelectMany(text => text), _speech.Tokens.End];
        if (segments.Count == 0 || read.Length > _speech.Positions)
        {
            return segments;
        }

        var attention = _sessions.Attend(_heard!, read);
        var stride = attention[0].Length / read.Length;
        var frames = Math.Clamp((int)(seconds * WordAlignment.FramesPerSecond), 1, stride);
        var starts = WordAlignment.FindStarts(attention, read.Length, stride, frames, prompt.Length - 1);
        var (offset, first, timed) = ((double)_position / AudioClip.Rate, 0, new List<SpeechSegment>());
        foreach (var (segment, text) in segments.Zip(texts))
        {
            var begin = first;
            timed.Add(segment with
            {
                Words = [.. SpeechWords.Split(_tokenizer, text, FindLanguageCode()).Select(word => new SpeechWord(
                    word.Text, TimeOf(begin + word.Tokens.Start.Value), TimeOf(begin + word.Tokens.End.Value)))],
            });
            first += text.Length;
        }

        return timed;

        double TimeOf(int token) => offset + ((double)starts[token] / WordAlignment.FramesPerSecond);
    }

    private string FindLanguageCode() => Language is { } token ? _speech.Languages.First(language => language.Value == token).Key : "en";

    /// <summary>The start, the language and the task.</summary>
    private IReadOnlyList<int> MakeTask() => _speech.IsMultilingual
        ? [_speech.Tokens.Start, Language!.Value, (_options.Translate ? _speech.Tokens.Translate : _speech.Tokens.Transcribe)!.Value]
        : [_speech.Tokens.Start];

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

        prompt.AddRange(MakeTask());
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

    /// <summary>Where the next window begins.</summary>
    private long Skip(long position)
    {
        position = SkipSilence(position);
        return _voice is null || position >= _end ? position : Math.Min(_voice.Skip(position), _end);
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
