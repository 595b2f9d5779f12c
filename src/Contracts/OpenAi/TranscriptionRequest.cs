using Tollgate.Contracts.Audio;
using Tollgate.Contracts.Metering;

namespace Tollgate.Contracts.OpenAi;

/// <summary><c>POST /v1/audio/transcriptions</c> and <c>POST /v1/audio/translations</c>.</summary>
public sealed partial record TranscriptionRequest : InferenceRequest
{
    /// <summary>The recording: a WAV file whose header was read, or a known container.</summary>
    public required FormPart File { get; init; }

    /// <summary>Null for WAV.</summary>
    public AudioContainer? Container { get; init; }

    /// <summary>Whether the text is to be English, whatever is spoken.</summary>
    public bool Translate { get; init; }

    /// <summary>Code of the spoken language, lower case, such as <c>en</c>; null to detect it.</summary>
    public string? Language { get; init; }

    /// <summary>Text that is taken to come before the recording; empty for none.</summary>
    public string Prompt { get; init; } = "";

    public TranscriptionFormat Format { get; init; }

    /// <summary>0 to 1; null and 0 leave it to the model.</summary>
    public double? Temperature { get; init; }

    /// <summary>Whether segments are wanted.</summary>
    public bool Segments { get; init; }

    /// <summary>Whether the times of words are wanted.</summary>
    public bool Words { get; init; }

    /// <summary>Whether the log-probability of each token is wanted.</summary>
    public bool Logprobs { get; init; }

    /// <summary>How the recording is cut by voice activity; null where that was not asked for.</summary>
    public VoiceChunking? Voice { get; init; }

    /// <summary>Length of a WAV, milliseconds, rounded up; of another container the most that its bytes may hold.</summary>
    public required long MostMs { get; init; }

    /// <summary>What a recording is billed as: its length in whole seconds, rounded up, whatever is spoken in it.</summary>
    public static long ToBilled(long milliseconds) => (milliseconds + 999) / 1000 * 1000;

    public override bool Generates => false;

    public override Units Media => new(0, AudioMs: ToBilled(MostMs));

    public override bool AnswersPlainText => Format is TranscriptionFormat.Text or TranscriptionFormat.Srt or TranscriptionFormat.Vtt;
}

/// <summary>Forms of a transcription.</summary>
public enum TranscriptionFormat
{
    /// <summary>JSON with the text.</summary>
    Json,

    /// <summary>The text and a line break.</summary>
    Text,

    /// <summary>SubRip subtitles.</summary>
    Srt,

    /// <summary>WebVTT subtitles.</summary>
    Vtt,

    /// <summary>JSON with text, length, language and segments.</summary>
    VerboseJson,
}
