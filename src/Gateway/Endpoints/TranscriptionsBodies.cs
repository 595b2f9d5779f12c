using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Form of <c>POST /v1/audio/translations</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public record TranslationForm(
    [property: JsonPropertyName("file"), BinaryFile,
        Description("A recording of at most two hours: WAV, or MP3, AAC, FLAC, Ogg, MP4 or WebM where the operator has ffmpeg.")]
    string File,
    [property: JsonPropertyName("model"), MinLength(1), MaxLength(256), Description("A model's name or an alias, see GET /v1/models.")]
    string Model)
{
    [JsonPropertyName("prompt"), Description("Text that comes before the recording: it steers spelling and style.")]
    public string? Prompt { get; init; }

    [JsonPropertyName("response_format"), OneOfTexts("json", "text", "srt", "verbose_json", "vtt"), Description("Default json.")]
    public string? ResponseFormat { get; init; }

    [JsonPropertyName("temperature"), Range(0.0, 1.0), Description("Default 0: greedy, with higher ones where the text is doubtful.")]
    public double? Temperature { get; init; }
}

/// <summary>Form of <c>POST /v1/audio/transcriptions</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record TranscriptionForm(string File, string Model) : TranslationForm(File, Model)
{
    [JsonPropertyName("language"), MinLength(2), MaxLength(3), Description("ISO 639 code of the spoken language. Default: detected.")]
    public string? Language { get; init; }

    [JsonPropertyName("timestamp_granularities[]"), OneOfTexts("segment", "word"),
        Description("Beside response_format verbose_json. word needs a model that gives the times of words. Default segment.")]
    public IReadOnlyList<string>? TimestampGranularities { get; init; }

    [JsonPropertyName("stream"), Description("Answers with events. Beside response_format json or text. Default false.")]
    public bool? Stream { get; init; }

    [JsonPropertyName("include[]"), OneOfTexts("logprobs"), Description("Adds the log-probability of each token to json.")]
    public IReadOnlyList<string>? Include { get; init; }

    [JsonPropertyName("chunking_strategy"),
        Description("auto, or a JSON object with the members below: only what is spoken reaches the model. auto does nothing for a model "
            + "without a voice activity detector. Times are those of the recording, which is billed whole.")]
    public string? ChunkingStrategy { get; init; }

    [JsonPropertyName("chunking_strategy[type]"), OneOfTexts("server_vad"), Description("Needs a model with a voice activity detector.")]
    public string? ChunkingType { get; init; }

    [JsonPropertyName("chunking_strategy[threshold]"), Range(0.0, 1.0), Description("Probability of speech. Default 0.5.")]
    public double? ChunkingThreshold { get; init; }

    [JsonPropertyName("chunking_strategy[prefix_padding_ms]"), Range(0, 10_000), Description("Kept around speech. Default 300.")]
    public int? ChunkingPrefixPadding { get; init; }

    [JsonPropertyName("chunking_strategy[silence_duration_ms]"), Range(0, 10_000), Description("Silence that ends speech. Default 200.")]
    public int? ChunkingSilenceDuration { get; init; }

    [JsonPropertyName("known_speaker_names[]"), MaxLength(0), Description("Must be absent: speakers are not told apart.")]
    public IReadOnlyList<string>? KnownSpeakerNames { get; init; }

    [JsonPropertyName("known_speaker_references[]"), MaxLength(0), Description("Must be absent: speakers are not told apart.")]
    public IReadOnlyList<string>? KnownSpeakerReferences { get; init; }

    [JsonPropertyName("keywords[]"), MaxLength(0), Description("Must be absent: a prompt steers spelling.")]
    public IReadOnlyList<string>? Keywords { get; init; }

    [JsonPropertyName("languages[]"), MaxLength(0), Description("Must be absent: one language can be named.")]
    public IReadOnlyList<string>? Languages { get; init; }
}

/// <summary>Answer as JSON. Members beside text and usage come with response_format verbose_json, or where they are asked for.</summary>
public sealed record TranscriptionObject(
    [property: JsonPropertyName("text")] string Text,
    [property: JsonPropertyName("usage")] TranscriptionUsage Usage)
{
    [JsonPropertyName("task"), OneOfTexts("transcribe", "translate")]
    public string? Task { get; init; }

    [JsonPropertyName("language"), Description("English name of the spoken language, lower case.")]
    public string? Language { get; init; }

    [JsonPropertyName("duration"), Description("Seconds.")]
    public double? Duration { get; init; }

    [JsonPropertyName("segments")]
    public IReadOnlyList<TranscriptionSegmentObject>? Segments { get; init; }

    [JsonPropertyName("words"), Description("With timestamp_granularities[] word.")]
    public IReadOnlyList<TranscriptionWordObject>? Words { get; init; }

    [JsonPropertyName("logprobs"), Description("With include[] logprobs.")]
    public IReadOnlyList<TranscriptionLogprob>? Logprobs { get; init; }
}

/// <summary>What a recording is billed as.</summary>
public sealed record TranscriptionUsage(
    [property: JsonPropertyName("type"), OneOfTexts("duration")] string Type,
    [property: JsonPropertyName("seconds"), Description("Whole seconds, rounded up.")] long Seconds);

/// <summary>A part of a recording with its text.</summary>
public sealed record TranscriptionSegmentObject(
    [property: JsonPropertyName("id"), Description("From 0, over the whole answer.")] int Id,
    [property: JsonPropertyName("seek"), Description("Beginning of its window, in steps of 10 ms.")] long Seek,
    [property: JsonPropertyName("start"), Description("Seconds.")] double Start,
    [property: JsonPropertyName("end"), Description("Seconds.")] double End,
    [property: JsonPropertyName("text")] string Text,
    [property: JsonPropertyName("tokens")] IReadOnlyList<int> Tokens,
    [property: JsonPropertyName("temperature")] double Temperature,
    [property: JsonPropertyName("avg_logprob")] double AvgLogprob,
    [property: JsonPropertyName("compression_ratio")] double CompressionRatio,
    [property: JsonPropertyName("no_speech_prob")] double NoSpeechProb);

/// <summary>A word with its times.</summary>
public sealed record TranscriptionWordObject(
    [property: JsonPropertyName("word"), Description("With the punctuation beside it.")] string Word,
    [property: JsonPropertyName("start"), Description("Seconds.")] double Start,
    [property: JsonPropertyName("end"), Description("Seconds.")] double End);

/// <summary>Log-probability of one token of the text.</summary>
public sealed record TranscriptionLogprob(
    [property: JsonPropertyName("token")] string Token,
    [property: JsonPropertyName("logprob")] double Logprob,
    [property: JsonPropertyName("bytes"), Description("UTF-8 bytes of the token.")] IReadOnlyList<int> Bytes);

/// <summary>Data of one event of a streamed transcription.</summary>
public sealed record TranscriptionEvent(
    [property: JsonPropertyName("type"), OneOfTexts("transcript.text.delta", "transcript.text.done")] string Type)
{
    [JsonPropertyName("delta"), Description("What the text goes on with.")]
    public string? Delta { get; init; }

    [JsonPropertyName("text"), Description("The whole text, in the last event.")]
    public string? Text { get; init; }

    [JsonPropertyName("logprobs"), Description("With include[] logprobs.")]
    public IReadOnlyList<TranscriptionLogprob>? Logprobs { get; init; }

    [JsonPropertyName("usage"), Description("In the last event.")]
    public TranscriptionUsage? Usage { get; init; }
}

/// <summary>Examples of the endpoints' bodies.</summary>
internal static class TranscriptionExamples
{
    public static readonly BodyExample Recording = new(
        "recording", """{"model":"whisper-tiny","file":"speech.wav","response_format":"json"}""");

    public static readonly BodyExample Answer = new(
        "answer", """{"text":"And so, my fellow Americans, ask not.","usage":{"type":"duration","seconds":11}}""");

    public static readonly BodyExample Events = new(
        "events",
        "id: 0\n"
        + """data: {"type":"transcript.text.delta","delta":"And so, my fellow Americans,"}""" + "\n\nid: 0\n"
        + """data: {"type":"transcript.text.delta","delta":" ask not."}""" + "\n\nid: 0\n"
        + """data: {"type":"transcript.text.done","text":"And so, my fellow Americans, ask not.","""
        + """ "usage":{"type":"duration","seconds":11}}""" + "\n\nid: 0\ndata: [DONE]\n\n");
}
