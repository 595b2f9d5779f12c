using System.Text;
using System.Text.Json.Nodes;
using Tollgate.Inference.Tasks.Transcription;
using Tollgate.Inference.Tests.Audio;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Transcription;

/// <summary>Languages, tasks and prompts of a multilingual model of random weights, beside onnxruntime-node without caches.</summary>
public sealed class RandomWeightsTests
{
    private static readonly byte[] Sound = WavBytes.Make(WavBytes.Tone(700, 16_000, 1.5));
    private static readonly (string, string)[] Logprobs = [("include[]", "logprobs")];

    [Fact]
    public async Task Texts_and_probabilities_are_those_of_onnxruntime_node()
    {
        using var folder = new TemporaryFolder();
        RandomWhisper.Write(folder.Path, seed: 5);
        var repository = TestFolder.Create("random");
        var installed = await ToySpeech.ImportAsync(folder.Path, repository);
        Assert.True(installed.Manifest.Batching);
        var expected = await WhisperOracle.DecodeAsync(
            folder.Path, ModelSpeech.Of(installed.Manifest)!,
            new WhisperOracle.Request(Sound), new WhisperOracle.Request(Sound, Language: 259),
            new WhisperOracle.Request(Sound, Translate: true), new WhisperOracle.Request(Sound, Prompt: [' ', 'a', 'b', ' ', 'c']));
        await using var worker = await SpeechWorker.StartAsync(repository, "tiny-whisper");

        // At once: windows share steps, and their prompts have different lengths.
        var translation = worker.PostAsync(Sound, "/v1/audio/translations");
        var answers = await Task.WhenAll(
            worker.AskAsync(Sound, Logprobs),
            worker.AskAsync(Sound, [("language", "fr"), .. Logprobs]),
            worker.AskAsync(Sound, [("prompt", "ab c"), .. Logprobs]));
        using var translated = await translation;

        foreach (var (answer, reference) in answers.Zip([expected[0]!, expected[1]!, expected[3]!]))
        {
            Assert.Equal(WhisperOracle.Tokens(reference), answer["logprobs"]!.AsArray().Select(token => (int)token!["bytes"]![0]!));
            Assert.All(
                answer["logprobs"]!.AsArray().Zip(reference["logprobs"]!.AsArray()),
                pair => Assert.Equal((double)pair.Second!, (double)pair.First!["logprob"]!, 1e-4));
        }

        var text = Encoding.UTF8.GetString([.. WhisperOracle.Tokens(expected[2]!).Select(token => (byte)token)]).Trim();
        Assert.Equal(text, (string)JsonNode.Parse(await translated.Content.ReadAsStringAsync())!["text"]!);
        Assert.NotEqual(WhisperOracle.Tokens(expected[0]!), WhisperOracle.Tokens(expected[1]!));
        Assert.NotEqual(WhisperOracle.Tokens(expected[0]!), WhisperOracle.Tokens(expected[2]!));
        Assert.NotEqual(WhisperOracle.Tokens(expected[0]!), WhisperOracle.Tokens(expected[3]!));
    }
}
