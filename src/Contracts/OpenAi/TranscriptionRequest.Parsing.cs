using System.Diagnostics.CodeAnalysis;
using Tollgate.Contracts.Audio;

namespace Tollgate.Contracts.OpenAi;

public sealed partial record TranscriptionRequest
{
    /// <summary>Longest recording that is taken, milliseconds: two hours.</summary>
    public const long LongestMs = 2 * 60 * 60 * 1000;

    private const string TimestampGranularities = "timestamp_granularities[]";
    private const string Include = "include[]";

    /// <summary>All parts of a transcription that the parser knows, refused ones too.</summary>
    internal static MemberNames TranscriptionMembers { get; } = new(
        "file", "model", "language", "prompt", "response_format", "temperature", TimestampGranularities, "stream", Include,
        VoiceChunking.Name, VoiceChunking.Type, VoiceChunking.ThresholdName, VoiceChunking.PrefixPadding, VoiceChunking.SilenceDuration,
        "known_speaker_names[]", "known_speaker_references[]", "keywords[]", "languages[]");

    /// <summary>All parts of a translation that the parser knows.</summary>
    internal static MemberNames TranslationMembers { get; } = new("file", "model", "prompt", "response_format", "temperature");

    /// <summary>Parses and checks a form. Sets exactly one of <paramref name="request"/> and <paramref name="error"/>.</summary>
    /// <param name="translate">Whether the form is one of <c>/v1/audio/translations</c>.</param>
    public static bool TryParse(
        RequestForm form, bool translate, [NotNullWhen(true)] out TranscriptionRequest? request,
        [NotNullWhen(false)] out OpenAiError? error)
    {
        var reader = new FormReader(form, translate ? TranslationMembers : TranscriptionMembers);
        var parts = new Parts();
        while (reader.NextPart(out var name) && parts.Read(reader, name))
        {
            // Each part is read by the condition.
        }

        request = reader.Error is null ? parts.Finish(reader, translate) : null;
        error = reader.Error;
        return request is not null;
    }

    private sealed class Parts
    {
        private string? _model;
        private FormPart? _file;
        private AudioContainer? _container;
        private long _mostMs;
        private string? _language;
        private string _prompt = "";
        private TranscriptionFormat _format;
        private double? _temperature;
        private bool _segments;
        private bool _words;
        private bool _stream;
        private bool _logprobs;
        private VoiceChunking? _voice;
        private bool _named;

        public bool Read(FormReader reader, string name)
        {
            switch (name)
            {
                case "file":
                    return ReadFile(reader);
                case "model":
                    var named = reader.ReadModel(out var model);
                    _model = model;
                    return named;
                case "language":
                    return ReadLanguage(reader);
                case "prompt":
                    return reader.ReadText(out _prompt);
                case "response_format":
                    return ReadFormat(reader);
                case "temperature":
                    var read = reader.ReadNumber(0, 1, out var temperature);
                    _temperature = temperature;
                    return read;
                case "stream":
                    return reader.ReadBoolean(out _stream);
                case TimestampGranularities:
                    _segments |= reader.Is("segment");
                    _words |= reader.Is("word");
                    return reader.Is("segment") || reader.Is("word")
                        || (reader.ReadText(out _) && reader.FailValue("'segment' or 'word'"));
                case Include:
                    _logprobs = true;
                    return reader.Is("logprobs") || (reader.ReadText(out _) && reader.FailValue("'logprobs'"));
                case VoiceChunking.Name or VoiceChunking.Type or VoiceChunking.ThresholdName or VoiceChunking.PrefixPadding
                    or VoiceChunking.SilenceDuration:
                    _voice = (_voice ?? new VoiceChunking()).Read(reader, name);
                    _named |= name == VoiceChunking.Name || name == VoiceChunking.Type;
                    return _voice is not null;
                default:
                    return reader.FailUnsupported("is not supported: speakers, keywords and lists of languages are not available here");
            }
        }

        public TranscriptionRequest? Finish(FormReader reader, bool translate)
        {
            if (_model is null || _file is null)
            {
                reader.FailMissing(_model is null ? "model" : "file");
                return null;
            }

            if (_stream && _format is not (TranscriptionFormat.Json or TranscriptionFormat.Text))
            {
                reader.Fail(OpenAiError.InvalidValue("stream", "no stream beside this response_format: events carry 'json' or 'text'"));
                return null;
            }

            if ((_segments || _words) && _format != TranscriptionFormat.VerboseJson)
            {
                reader.Fail(OpenAiError.InvalidValue(TimestampGranularities, "no value without response_format 'verbose_json'"));
                return null;
            }

            if (_logprobs && _format != TranscriptionFormat.Json)
            {
                reader.Fail(OpenAiError.InvalidValue(Include, "no value without response_format 'json'"));
                return null;
            }

            if (_voice is not null && !_named)
            {
                reader.FailMissing(VoiceChunking.Type);
                return null;
            }

            return new TranscriptionRequest
            {
                Model = _model,
                File = _file,
                Translate = translate,
                Language = _language,
                Prompt = _prompt,
                Format = _format,
                Temperature = _temperature,
                Segments = _format == TranscriptionFormat.VerboseJson && (_segments || !_words),
                Words = _words,
                Logprobs = _logprobs,
                Voice = _voice,
                Stream = _stream,
                Container = _container,
                MostMs = _mostMs,
                Size = new PromptSize(0, 0, 0, Prompts: 0),
                Edits = reader.Edits,
            };
        }

        private bool ReadFile(FormReader reader)
        {
            if (!reader.ReadFile(out var part))
            {
                return false;
            }

            _file = part;
            var bytes = part.Bytes.Span;
            if (AudioContainer.Find(bytes) is { } container)
            {
                _container = container;
                _mostMs = Math.Min(LongestMs, AudioContainer.MostMilliseconds(bytes.Length));
                return true;
            }

            if (WavHeader.Read(bytes, out var fault) is not { } header)
            {
                return reader.Fail(OpenAiError.InvalidAudio(fault));
            }

            _mostMs = header.Milliseconds;
            return _mostMs <= LongestMs || reader.Fail(OpenAiError.InvalidAudio(
                $"it is {_mostMs / 1000} s long; {LongestMs / 1000} s are accepted"));
        }

        private bool ReadLanguage(FormReader reader)
        {
            if (!reader.ReadText(out var text))
            {
                return false;
            }

            _language = text.ToLowerInvariant();
            return (_language.Length is 2 or 3 && _language.All(char.IsAsciiLetterLower))
                || reader.FailValue("a language by its ISO 639 code, such as 'en'");
        }

        private bool ReadFormat(FormReader reader)
        {
            TranscriptionFormat? found = reader.Is("json") ? TranscriptionFormat.Json
                : reader.Is("text") ? TranscriptionFormat.Text
                : reader.Is("srt") ? TranscriptionFormat.Srt
                : reader.Is("vtt") ? TranscriptionFormat.Vtt
                : reader.Is("verbose_json") ? TranscriptionFormat.VerboseJson
                : null;
            _format = found ?? default;
            return found is not null
                || (reader.ReadText(out _) && reader.FailValue("'json', 'text', 'srt', 'verbose_json' or 'vtt'"));
        }
    }
}
