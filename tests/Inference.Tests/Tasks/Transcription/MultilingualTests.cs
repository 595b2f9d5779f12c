using System.Net;
using System.Text.Json.Nodes;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tests.Audio;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Transcription;

/// <summary>Languages and tasks, on a small model that the tests write.</summary>
public sealed class MultilingualTests(ToySpeech toy) : IClassFixture<ToySpeech>
{
    private static readonly byte[] Sound = WavBytes.Make(WavBytes.Tone(300, 16_000, 2));

    private SpeechWorker Worker => toy.Worker;

    [Theory]
    [InlineData(null, "japanese")]
    [InlineData("fr", "french")]
    [InlineData("EN", "english")]
    public async Task A_language_is_detected_or_given(string? given, string expected)
    {
        var answer = await Worker.AskAsync(Sound, [("response_format", "verbose_json"), .. given is null ? [] : Field("language", given)]);

        Assert.Equal((expected, "transcribe", "né"), ((string)answer["language"]!, (string)answer["task"]!, (string)answer["text"]!));
        var segment = Assert.Single(answer["segments"]!.AsArray())!;
        Assert.Equal((0.0, 1.0, "né"), ((double)segment["start"]!, (double)segment["end"]!, (string)segment["text"]!));
        Assert.Equal([266, 'n', 0xC3, 0xA9, 316], segment["tokens"]!.AsArray().Select(token => (int)token!));
    }

    [Fact]
    public async Task A_translation_is_another_task()
    {
        using var response = await Worker.PostAsync(Sound, "/v1/audio/translations", fields: Field("response_format", "verbose_json"));

        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal(("hi", "translate"), ((string)answer["text"]!, (string)answer["task"]!));
    }

    [Fact]
    public async Task Subtitles_are_exact_to_the_byte()
    {
        using var srt = await Worker.PostAsync(Sound, fields: Field("response_format", "srt"));
        using var vtt = await Worker.PostAsync(Sound, fields: Field("response_format", "vtt"));
        using var text = await Worker.PostAsync(Sound, fields: Field("response_format", "text"));

        Assert.Equal("1\n00:00:00,000 --> 00:00:01,000\nné\n\n", await srt.Content.ReadAsStringAsync());
        Assert.Equal("WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nné\n\n", await vtt.Content.ReadAsStringAsync());
        Assert.Equal("né\n", await text.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task OpenAIs_client_reads_every_format_and_the_stream()
    {
        var result = await NodeOracle.RunAsync("Tasks/Transcription/transcribe.mjs", new JsonObject
        {
            ["url"] = new Uri(Worker.Gateway.BaseAddress!, "v1").AbsoluteUri,
            ["bearer"] = TestBearers.Header("gateway", "inference").Parameter,
            ["file"] = Convert.ToBase64String(Sound),
        });

        Assert.Equal(("né", "né\n"), ((string)result["json"]!["text"]!, (string)result["text"]!));
        Assert.Equal("1\n00:00:00,000 --> 00:00:01,000\nné\n\n", (string)result["srt"]!);
        Assert.StartsWith("WEBVTT\n", (string)result["vtt"]!, StringComparison.Ordinal);
        Assert.Equal((2.0, "né"), ((double)result["verbose"]!["duration"]!, (string)result["verbose"]!["segments"]![0]!["text"]!));
        Assert.Equal("né", string.Concat(result["deltas"]!.AsArray().Select(delta => (string)delta!)));
        Assert.Equal(("né", 2), ((string)result["done"]!["text"]!, (int)result["done"]!["usage"]!["seconds"]!));
        Assert.Equal(
            (400, "timestamp_granularities[]"), ((int)result["refused"]!["status"]!, (string)result["refused"]!["param"]!));
    }

    [Fact]
    public async Task A_language_that_the_model_does_not_know_is_refused_by_name()
    {
        using var response = await Worker.PostAsync(Sound, fields: Field("language", "de"));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("language", (string)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["param"]!);
    }

    [Theory]
    [InlineData("config.json", "{\"model_type\":\"bert\"}", "'bert'")]
    [InlineData("config.json", "[]", "config.json is not an object")]
    [InlineData("config.json", "{\"model_type\":\"whisper\"}", "max_target_positions")]
    [InlineData("preprocessor_config.json", "{\"feature_size\":80,\"hop_length\":200}", "hop_length 200")]
    [InlineData("preprocessor_config.json", "{\"feature_size\":128}", "input_features")]
    [InlineData("preprocessor_config.json", "{}", "no feature_size")]
    [InlineData("generation_config.json", "{\"suppress_tokens\":[99999]}", "outside its vocabulary")]
    [InlineData("generation_config.json", "{\"is_multilingual\":true,\"lang_to_id\":{}}", "names no language")]
    [InlineData("tokenizer.json", "{\"model\":{\"type\":\"WordPiece\"}}", "not byte-level BPE")]
    [InlineData("tokenizer.json", "{}", "cannot be used")]
    [InlineData("decoder_model_merged.onnx", null, "no decoder_model_merged.onnx")]
    [InlineData("decoder_model_merged.onnx", "encoder_model.onnx", "no tensor 'input_ids'")]
    [InlineData("generation_config.json", null, "no generation_config.json")]
    public async Task A_folder_that_does_not_fit_is_refused_by_name(string file, string? content, string expected)
    {
        using var folder = new TemporaryFolder();
        ToyWhisper.Write(folder.Path);
        var path = folder.File(file);
        File.Delete(path);
        if (content is not null && content.EndsWith(".onnx", StringComparison.Ordinal))
        {
            File.Copy(folder.File(content), path);
        }
        else if (content is not null)
        {
            File.WriteAllText(path, content);
        }

        var refusal = await Assert.ThrowsAsync<ModelImportException>(
            () => ToySpeech.ImportAsync(folder.Path, TestFolder.Create("refused")));

        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
    }

    private static (string, string)[] Field(string name, string value) => [(name, value)];
}
