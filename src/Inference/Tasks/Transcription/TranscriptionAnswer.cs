using System.Globalization;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>The answer to a request as its windows come in: its text, and each form of it. The text is that of all segments, without
/// white space at its ends; the deltas of a stream are its parts. One thread at a time.</summary>
/// <param name="milliseconds">Length of the recording.</param>
internal sealed class TranscriptionAnswer(TranscriptionRequest request, SpeechModel model, long milliseconds)
{
    private readonly List<SpeechSegment> _segments = [];
    private readonly StringBuilder _text = new();
    private int _sentTo;
    private int _sentSegments;
    private int? _language;

    /// <summary>Whether a delta was written.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Whether there is text for another delta. White space at the end waits: it may be the end of all.</summary>
    public bool HasNew => Visible.Length > _sentTo;

    /// <summary>The text without white space at its ends.</summary>
    private string Visible => _text.ToString().Trim();

    public void Add(IReadOnlyList<SpeechSegment> segments, int? language)
    {
        _language = language;
        _segments.AddRange(segments);
        foreach (var segment in segments)
        {
            _text.Append(segment.Text);
        }
    }

    /// <summary>Writes the event with what is new.</summary>
    public void WriteDelta(Utf8JsonWriter json)
    {
        var text = Visible;
        json.WriteStartObject();
        json.WriteString("type", "transcript.text.delta");
        json.WriteString("delta", text.AsSpan(_sentTo));
        WriteLogprobs(json, _sentSegments);
        json.WriteEndObject();
        (HasBegun, _sentTo, _sentSegments) = (true, text.Length, _segments.Count);
    }

    /// <summary>Writes the last event.</summary>
    public void WriteDone(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "transcript.text.done");
        json.WriteString("text", Visible);
        WriteLogprobs(json, 0);
        WriteUsage(json);
        json.WriteEndObject();
    }

    /// <summary>Writes the answer as JSON.</summary>
    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        if (request.Format == TranscriptionFormat.VerboseJson)
        {
            json.WriteString("task", request.Translate ? "translate" : "transcribe");
            json.WriteString("language", SpeechLanguages.Name(FindCode()));
            json.WriteNumber("duration", Seconds(Duration));
        }

        json.WriteString("text", Visible);
        if (request.Segments)
        {
            json.WriteStartArray("segments");
            for (var id = 0; id < _segments.Count; id++)
            {
                WriteSegment(json, id, _segments[id]);
            }

            json.WriteEndArray();
        }

        if (request.Words)
        {
            json.WriteStartArray("words");
            foreach (var word in _segments.SelectMany(segment => segment.Words))
            {
                json.WriteStartObject();
                json.WriteString("word", word.Text);
                json.WriteNumber("start", Seconds(word.Start));
                json.WriteNumber("end", Seconds(word.End));
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        WriteLogprobs(json, 0);
        WriteUsage(json);
        json.WriteEndObject();
    }

    /// <summary>The answer as plain text, SubRip or WebVTT.</summary>
    public string ToText() => request.Format switch
    {
        TranscriptionFormat.Srt => string.Concat(_segments.Select((segment, index) => string.Create(
            CultureInfo.InvariantCulture,
            $"{index + 1}\n{Clock(segment.Start, ',')} --> {Clock(segment.End, ',')}\n{Cue(segment)}\n\n"))),
        TranscriptionFormat.Vtt => "WEBVTT\n\n" + string.Concat(_segments.Select(segment =>
            $"{Clock(segment.Start, '.')} --> {Clock(segment.End, '.')}\n{Cue(segment)}\n\n")),
        _ => Visible + "\n",
    };

    private double Duration => milliseconds / 1000.0;

    /// <summary>A cue's text. An arrow would read as a time, and an empty line would end it.</summary>
    private static string Cue(SpeechSegment segment) =>
        segment.Text.Trim().ReplaceLineEndings(" ").Replace("-->", "->", StringComparison.Ordinal);

    private static string Clock(double seconds, char fraction)
    {
        var ms = (long)Math.Round(seconds * 1000);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{ms / 3_600_000:00}:{ms / 60_000 % 60:00}:{ms / 1000 % 60:00}{fraction}{ms % 1000:000}");
    }

    private static double Seconds(double seconds) => Math.Round(seconds, 3);

    private string FindCode() => _language is { } token
        ? model.Speech.Languages.First(language => language.Value == token).Key : request.Language ?? "en";

    private static void WriteSegment(Utf8JsonWriter json, int id, SpeechSegment segment)
    {
        json.WriteStartObject();
        json.WriteNumber("id", id);
        json.WriteNumber("seek", segment.Seek);
        json.WriteNumber("start", Seconds(segment.Start));
        json.WriteNumber("end", Seconds(segment.End));
        json.WriteString("text", segment.Text);
        json.WriteStartArray("tokens");
        foreach (var token in segment.Tokens)
        {
            json.WriteNumberValue(token);
        }

        json.WriteEndArray();
        json.WriteNumber("temperature", segment.Window.Temperature);
        json.WriteNumber("avg_logprob", segment.Window.AverageLogprob);
        json.WriteNumber("compression_ratio", segment.CompressionRatio);
        json.WriteNumber("no_speech_prob", segment.Window.NoSpeech);
        json.WriteEndObject();
    }

    /// <summary>Writes the tokens of the text, without times, where the request wants them.</summary>
    private void WriteLogprobs(Utf8JsonWriter json, int firstSegment)
    {
        if (!request.Logprobs)
        {
            return;
        }

        json.WriteStartArray("logprobs");
        foreach (var segment in _segments.Skip(firstSegment))
        {
            foreach (var (token, logprob) in segment.Tokens.Zip(segment.Logprobs).Where(pair => !model.Tokenizer.IsSpecial(pair.First)))
            {
                var bytes = model.Tokenizer.TokenBytes(token);
                json.WriteStartObject();
                json.WriteString("token", Encoding.UTF8.GetString(bytes));
                json.WriteNumber("logprob", logprob);
                json.WriteStartArray("bytes");
                foreach (var value in bytes)
                {
                    json.WriteNumberValue(value);
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
    }

    private void WriteUsage(Utf8JsonWriter json)
    {
        json.WriteStartObject("usage");
        json.WriteString("type", "duration");
        json.WriteNumber("seconds", TranscriptionRequest.ToBilled(milliseconds) / 1000);
        json.WriteEndObject();
    }
}
