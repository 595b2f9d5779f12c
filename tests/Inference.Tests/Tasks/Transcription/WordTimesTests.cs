using System.Text;
using System.Text.Json.Nodes;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks.Transcription;
using Tollgate.Inference.Tests.Audio;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Transcription;

/// <summary>Times of words, on a model of random weights whose decoder gives its attention, and on texts of several languages.</summary>
public sealed class WordTimesTests(ToySpeech toy) : IClassFixture<ToySpeech>
{
    private static readonly byte[] Sound = WavBytes.Make(WavBytes.Tone(700, 16_000, 6));

    [Fact]
    public async Task Words_begin_and_end_where_another_program_finds_them()
    {
        using var folder = new TemporaryFolder();
        RandomWhisper.Write(folder.Path, seed: 11, attention: true);
        var repository = TestFolder.Create("words");
        var speech = ModelSpeech.Of((await ToySpeech.ImportAsync(folder.Path, repository)).Manifest)!;
        await using var worker = await SpeechWorker.StartAsync(repository, "tiny-whisper");

        var answer = await worker.AskAsync(
            Sound, ("response_format", "verbose_json"), ("language", "ja"), ("timestamp_granularities[]", "word"),
            ("timestamp_granularities[]", "segment"));

        Assert.Equal([new AlignmentHead(1, 0), new AlignmentHead(1, 1)], speech.Alignment);
        var words = answer["words"]!.AsArray();
        Assert.InRange(words.Count, 3, 24);
        Assert.Equal(
            ((string)answer["text"]!).Replace(" ", "", StringComparison.Ordinal),
            string.Concat(words.Select(word => (string)word!["word"]!)));
        var expected = await NodeOracle.RunAsync("Tasks/Transcription/align.mjs", new JsonObject
        {
            ["folder"] = folder.Path,
            ["features"] = WhisperOracle.Hear(Sound, speech.Bins),
            ["heads"] = speech.Heads,
            ["width"] = speech.HeadWidth,
            ["alignment"] = new JsonArray(new JsonArray(1, 0), new JsonArray(1, 1)),
            ["prompt"] = new JsonArray(ToyWhisper.Start, ToyWhisper.Japanese, ToyWhisper.Transcribe, ToyWhisper.NoTimestamps),
            ["tokens"] = new JsonArray([.. answer["segments"]!.AsArray().SelectMany(segment => segment!["tokens"]!.AsArray())
                .Select(token => (int)token!).Where(token => token < ToyWhisper.End).Select(token => (JsonNode)token)]),
            ["end"] = ToyWhisper.End,
            ["frames"] = 300,
        });
        Assert.Equal(
            expected.AsArray().Select(word =>
                ((string)word![0]!, Math.Round((int)word[1]! * 0.02, 3), Math.Round((int)word[2]! * 0.02, 3))),
            words.Select(word => ((string)word!["word"]!, (double)word["start"]!, (double)word["end"]!)));
    }

    [Theory]
    [InlineData("en", " Ask not, what (you) can do.", "Ask|not,|what|(you)|can|do.")]
    [InlineData("da", " æble øl æ", "æble|øl|æ")]
    [InlineData("ja", "東京は晴れ。", "東|京|は|晴|れ。")]
    [InlineData("zh", "你好,世界!", "你|好,|世|界!")]
    [InlineData("fr", " été", "été")]
    [InlineData("en", "  ", "")]
    public void Words_are_whole_characters_and_join_to_the_text(string language, string text, string expected)
    {
        var tokens = Encoding.UTF8.GetBytes(text).Select(value => (int)value).ToList(); // Each byte is a token.

        var words = SpeechWords.Split(toy.Tokenizer, tokens, language);

        Assert.Equal(expected, string.Join('|', words.Select(word => word.Text)));
        Assert.Equal(
            text.Replace(" ", "", StringComparison.Ordinal),
            string.Concat(words.Select(word => word.Text)).Replace(" ", "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("[[1,2]]")]
    [InlineData("[[2,0]]")]
    [InlineData("[[0]]")]
    [InlineData("[1]")]
    public async Task Heads_that_the_decoder_does_not_have_are_refused_by_name(string heads)
    {
        using var folder = new TemporaryFolder();
        RandomWhisper.Write(folder.Path, seed: 11, attention: true);
        var settings = JsonNode.Parse(await File.ReadAllTextAsync(folder.File("generation_config.json")))!;
        settings["alignment_heads"] = JsonNode.Parse(heads);
        await File.WriteAllTextAsync(folder.File("generation_config.json"), settings.ToJsonString());

        var refusal = await Assert.ThrowsAsync<ModelImportException>(
            () => ToySpeech.ImportAsync(folder.Path, TestFolder.Create("refused")));

        Assert.Contains("alignment_heads", refusal.Message, StringComparison.Ordinal);
    }
}
