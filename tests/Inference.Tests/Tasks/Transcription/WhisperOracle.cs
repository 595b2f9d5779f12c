using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Tollgate.Inference.Audio;
using Tollgate.Inference.Tasks.Transcription;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Tasks.Transcription;

/// <summary>What onnxruntime-node writes about recordings of one window, without times and without caches.</summary>
internal static class WhisperOracle
{
    /// <summary>What is asked of it.</summary>
    /// <param name="Language">Token; null to detect it.</param>
    internal sealed record Request(byte[] File, int? Language = null, bool Translate = false, int[]? Prompt = null);

    /// <param name="folder">The exported files.</param>
    /// <param name="speech">What the import found in them.</param>
    /// <returns>For each request <c>{language, tokens, logprobs}</c>.</returns>
    public static async Task<JsonArray> DecodeAsync(string folder, ModelSpeech speech, params IEnumerable<Request> requests)
    {
        var tokens = speech.Tokens;
        return (await NodeOracle.RunAsync("Tasks/Transcription/decode.mjs", new JsonObject
        {
            ["folder"] = folder,
            ["encoder"] = Path.GetFileName(WhisperFolder.FindEncoder(folder)!),
            ["decoder"] = Path.GetFileName(WhisperFolder.FindDecoder(folder)),
            ["heads"] = speech.Heads,
            ["width"] = speech.HeadWidth,
            ["languages"] = ToArray(speech.Languages.Values),
            ["suppressed"] = ToArray(speech.Suppressed),
            ["suppressedFirst"] = ToArray(speech.SuppressedFirst),
            ["most"] = speech.Positions / 2,
            ["tokens"] = new JsonObject
            {
                ["start"] = tokens.Start, ["end"] = tokens.End, ["previous"] = tokens.Previous, ["transcribe"] = tokens.Transcribe,
                ["translate"] = tokens.Translate, ["noTimestamps"] = tokens.NoTimestamps,
            },
            ["requests"] = new JsonArray([.. requests.Select(request => new JsonObject
            {
                ["features"] = Hear(request.File, speech.Bins),
                ["language"] = request.Language,
                ["translate"] = request.Translate,
                ["prompt"] = ToArray(request.Prompt ?? []),
            })]),
        })).AsArray();
    }

    public static int[] Tokens(JsonNode answer) => [.. answer["tokens"]!.AsArray().Select(token => (int)token!)];

    /// <summary>The features of a recording of one window, in base64.</summary>
    public static string Hear(byte[] file, int bins)
    {
        var clip = WhisperFixture.Open(file);
        var (samples, features) = (new float[clip.Samples], new float[bins * LogMel.Columns]);
        clip.Read(0, samples);
        new LogMel(bins).Compute(samples, features);
        return Convert.ToBase64String(MemoryMarshal.AsBytes<float>(features));
    }

    private static JsonArray ToArray(IEnumerable<int> ids) => [.. ids.Select(id => (JsonNode)id)];
}
