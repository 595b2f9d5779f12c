using System.Text;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Tests.OpenAi;

public sealed class TranscriptionRequestTests
{
    [Fact]
    public async Task A_form_is_read_whole()
    {
        var (request, error) = await ReadAsync(Good().Field("language", "EN").Field("prompt", "Names.").Field("temperature", "0.2")
            .Field("response_format", "verbose_json").Field("timestamp_granularities[]", "segment")
            .Field("timestamp_granularities[]", "word").Field("stream", "false").Field("chunking_strategy", "auto"));

        Assert.Null(error);
        Assert.Equal(("whisper", "en", "Names.", 0.2), (request!.Model, request.Language, request.Prompt, request.Temperature));
        Assert.True(request is { Segments: true, Words: true, Stream: false, Logprobs: false, Translate: false, AnswersPlainText: false });
        Assert.Equal((1_001L, 2_000L), (request.MostMs, request.Media.AudioMs)); // 16,001 samples
    }

    [Fact]
    public async Task Words_alone_leave_segments_out_and_nothing_asked_gives_segments()
    {
        var (words, _) = await ReadAsync(Good().Field("response_format", "verbose_json").Field("timestamp_granularities[]", "word"));
        var (nothing, _) = await ReadAsync(Good().Field("response_format", "verbose_json"));

        Assert.True(words is { Words: true, Segments: false });
        Assert.True(nothing is { Words: false, Segments: true });
    }

    [Theory]
    [InlineData("file", "text", "invalid_type")]
    [InlineData("model", "", "invalid_value")]
    [InlineData("language", "english", "invalid_value")]
    [InlineData("language", "e1", "invalid_value")]
    [InlineData("language", "", "invalid_value")]
    [InlineData("response_format", "xml", "invalid_value")]
    [InlineData("response_format", "JSON", "invalid_value")]
    [InlineData("response_format", "diarized_json", "invalid_value")]
    [InlineData("temperature", "1.1", "invalid_value")]
    [InlineData("temperature", "-0.1", "invalid_value")]
    [InlineData("temperature", "NaN", "invalid_value")]
    [InlineData("temperature", "warm", "invalid_value")]
    [InlineData("timestamp_granularities[]", "words", "invalid_value")]
    [InlineData("timestamp_granularities[]", "segment", "invalid_value")] // without verbose_json
    [InlineData("timestamp_granularities", "segment", "unknown_parameter")]
    [InlineData("stream", "maybe", "invalid_value")]
    [InlineData("include[]", "words", "invalid_value")]
    [InlineData("chunking_strategy", "server_vad", "invalid_value")]
    [InlineData("chunking_strategy", "{}", "invalid_value")]
    [InlineData("chunking_strategy", """{"type":"semantic_vad"}""", "invalid_value")]
    [InlineData("chunking_strategy", "\"\\ud800\"", "invalid_value")]
    [InlineData("chunking_strategy", "{\"type\":\"server_vad\",\"\\ud800\":1}", "invalid_value")]
    [InlineData("chunking_strategy", "{\"type\":\"server_vad\",\"threshold\":0,\"threshold\":1}", "invalid_value")]
    [InlineData("chunking_strategy[type]", "semantic_vad", "invalid_value")]
    [InlineData("chunking_strategy[threshold]", "1.5", "invalid_value")]
    [InlineData("chunking_strategy[prefix_padding_ms]", "-1", "invalid_value")]
    [InlineData("chunking_strategy[prefix_padding_ms]", "1.5", "invalid_value")]
    [InlineData("chunking_strategy[silence_duration_ms]", "10001", "invalid_value")]
    [InlineData("chunking_strategy[eagerness]", "low", "unknown_parameter")]
    [InlineData("known_speaker_names[]", "Ann", "unsupported_parameter")]
    [InlineData("known_speaker_references[]", "data:", "unsupported_parameter")]
    [InlineData("keywords[]", "toll", "unsupported_parameter")]
    [InlineData("languages[]", "en", "unsupported_parameter")]
    [InlineData("n", "1", "unknown_parameter")]
    public async Task A_wrong_member_is_named(string name, string value, string code)
    {
        var form = name switch
        {
            "file" => new FormBytes().Field("model", "whisper").Field(name, value),
            "model" => new FormBytes().File("file", "a.wav", Wav(16_000, 10)).Field(name, value),
            _ => Good().Field(name, value),
        };

        var (_, error) = await ReadAsync(form);

        Assert.Equal((400, name, code), (error?.Status, error?.Param, error?.Code));
    }

    [Fact]
    public async Task Voice_activity_is_read_from_a_word_from_parts_and_from_json()
    {
        var (nothing, _) = await ReadAsync(Good());
        var (word, _) = await ReadAsync(Good().Field("chunking_strategy", "auto"));
        var (parts, _) = await ReadAsync(Good().Field("chunking_strategy[type]", "server_vad").Field("chunking_strategy[threshold]", "0.7")
            .Field("chunking_strategy[prefix_padding_ms]", "100").Field("chunking_strategy[silence_duration_ms]", "500"));
        var (json, _) = await ReadAsync(Good().Field(
            "chunking_strategy", """{"type":"server_vad","threshold":0.7,"prefix_padding_ms":100,"silence_duration_ms":500}"""));

        Assert.Null(nothing!.Voice);
        Assert.Equal(new VoiceChunking(false, 0.5, 300, 200), word!.Voice);
        Assert.Equal(new VoiceChunking(true, 0.7, 100, 500), parts!.Voice);
        Assert.Equal(parts.Voice, json!.Voice);
    }

    [Theory]
    [InlineData("""{"type":"server_vad","threshold":"0.5"}""", "chunking_strategy.threshold")]
    [InlineData("""{"type":"server_vad","silence_duration_ms":0.5}""", "chunking_strategy.silence_duration_ms")]
    [InlineData("""{"type":"server_vad","eagerness":"low"}""", "chunking_strategy.eagerness")]
    public async Task A_wrong_member_of_an_object_is_named(string value, string param)
    {
        var (_, error) = await ReadAsync(Good().Field("chunking_strategy", value));

        Assert.Equal((400, param), (error?.Status, error?.Param));
    }

    [Fact]
    public async Task Settings_of_voice_activity_need_a_type()
    {
        var (_, error) = await ReadAsync(Good().Field("chunking_strategy[threshold]", "0.5"));

        Assert.Equal((400, "chunking_strategy[type]"), (error?.Status, error?.Param));
    }

    [Theory]
    [InlineData("language")]
    [InlineData("prompt")]
    [InlineData("response_format")]
    [InlineData("temperature")]
    [InlineData("timestamp_granularities[]")]
    [InlineData("stream")]
    [InlineData("include[]")]
    [InlineData("chunking_strategy")]
    public async Task A_file_in_the_place_of_a_text_is_named(string name)
    {
        var (_, error) = await ReadAsync(Good().File(name, "a.txt", [1]));

        Assert.Equal((name, "invalid_type"), (error?.Param, error?.Code));
    }

    [Theory]
    [InlineData("language")]
    [InlineData("stream")]
    [InlineData("timestamp_granularities[]")]
    [InlineData("include[]")]
    public async Task A_translation_has_fewer_members(string name)
    {
        var (_, error) = await ReadAsync(Good().Field(name, "en"), translate: true);
        var (request, _) = await ReadAsync(Good().Field("prompt", "x").Field("response_format", "vtt"), translate: true);

        Assert.Equal((name, "unknown_parameter"), (error?.Param, error?.Code));
        Assert.True(request is { Translate: true, AnswersPlainText: true });
    }

    [Theory]
    [InlineData("stream", "response_format", "srt")]
    [InlineData("stream", "response_format", "verbose_json")]
    [InlineData("include[]", "response_format", "text")]
    public async Task Members_that_exclude_each_other_are_refused_by_name(string name, string other, string value)
    {
        var (_, error) = await ReadAsync(Good().Field(name, name == "stream" ? "true" : "logprobs").Field(other, value));

        Assert.Equal((400, name), (error?.Status, error?.Param));
    }

    [Theory]
    [InlineData("plain text, no sound", "begins neither with a RIFF WAVE header")]
    [InlineData("RIFX", "begins neither with a RIFF WAVE header")]
    [InlineData("RIFF....WAVE", "no 'data' chunk")]
    public async Task A_file_of_no_known_form_is_refused_by_name(string bytes, string expected)
    {
        var form = new FormBytes().Field("model", "whisper").File("file", "a.wav", Encoding.Latin1.GetBytes(bytes.PadRight(40, '\0')));

        var (_, error) = await ReadAsync(form);

        Assert.Equal((400, "file"), (error?.Status, error?.Param));
        Assert.Contains(expected, error!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ID3\u0003", "an MP3 file")]
    [InlineData("\u00FF\u00FB", "an MP3 file")]
    [InlineData("\u00FF\u00F1", "an AAC stream")]
    [InlineData("fLaC", "a FLAC file")]
    [InlineData("OggS", "an Ogg file")]
    [InlineData("\0\0\0 ftypM4A ", "an MP4 file")]
    [InlineData("\u001AE\u00DF\u00A3", "a WebM file")]
    public async Task Another_container_is_held_by_its_size(string bytes, string name)
    {
        var (small, _) = await ReadAsync(
            new FormBytes().Field("model", "whisper").File("file", "a", Encoding.Latin1.GetBytes(bytes.PadRight(1_001, '\0'))));
        var (large, _) = await ReadAsync(
            new FormBytes().Field("model", "whisper").File("file", "a", Encoding.Latin1.GetBytes(bytes.PadRight(4_000_000, '\0'))));

        Assert.Equal((name, 3_000L), (small!.Container?.Name, small.Media.AudioMs)); // 500 bytes a second
        Assert.Equal(7_200_000, large!.Media.AudioMs);
    }

    [Fact]
    public async Task A_recording_above_two_hours_is_refused_by_its_header()
    {
        var form = new FormBytes().Field("model", "whisper").File("file", "a.wav", Wav(1_000, 7_200_001));

        var (_, error) = await ReadAsync(form);

        Assert.Equal((400, "file"), (error?.Status, error?.Param));
        Assert.Contains("7200 s are accepted", error!.Message, StringComparison.Ordinal);
    }

    private static FormBytes Good() => new FormBytes().Field("model", "whisper").File("file", "a.wav", Wav(16_000, 16_001));

    /// <summary>A WAV of 8 bits.</summary>
    private static byte[] Wav(int rate, int frames)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write("RIFF"u8);
        writer.Write(36 + frames);
        writer.Write("WAVEfmt "u8);
        writer.Write(16);
        writer.Write((short)1);
        writer.Write((short)1);
        writer.Write(rate);
        writer.Write(rate);
        writer.Write((short)1);
        writer.Write((short)8);
        writer.Write("data"u8);
        writer.Write(frames);
        writer.Write(new byte[frames]);
        return bytes.ToArray();
    }

    private static async Task<(TranscriptionRequest? Request, OpenAiError? Error)> ReadAsync(FormBytes form, bool translate = false)
    {
        var read = TranscriptionRequest.TryParse(await FormBytes.GoodAsync(form.End()), translate, out var request, out var error);
        Assert.Equal(read, error is null);
        return (request, error);
    }
}
