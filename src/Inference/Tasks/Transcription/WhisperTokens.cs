using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>Sizes of a Whisper model's graphs.</summary>
/// <param name="Layers">Of the decoder.</param>
/// <param name="Vocabulary">Numbers in a row of logits.</param>
/// <param name="Positions">Of the decoder.</param>
internal sealed record WhisperShape(int Layers, int Heads, int HeadWidth, int Vocabulary, int Positions, int Bins)
{
    /// <summary>Names of caches without their prefix, such as <c>0.decoder.key</c>.</summary>
    public IEnumerable<string> Caches(string[] kinds) => Enumerable.Range(0, Layers)
        .SelectMany(layer => kinds.SelectMany(kind => (string[])[$"{layer}.{kind}.key", $"{layer}.{kind}.value"]));
}

/// <summary>Finds a Whisper model's control tokens and rules.</summary>
internal static class WhisperTokens
{
    private const int LongestLanguage = 4;

    /// <summary>Completes a model's section by its <c>generation_config.json</c> and the added tokens of its tokenizer.</summary>
    /// <exception cref="ModelImportException">A token is missing, or an id is outside the vocabulary.</exception>
    public static ModelSpeech Complete(WhisperShape shape, JsonElement generation, IReadOnlyDictionary<string, int> added)
    {
        int Require(string text) => added.TryGetValue(text, out var id)
            ? id : throw new ModelImportException($"The tokenizer has no token '{text}'.");

        int? Find(string text) => added.TryGetValue(text, out var id) ? id : null;

        var multilingual = generation.TryGetProperty("is_multilingual", out var many)
            ? many.ValueKind == JsonValueKind.True : generation.TryGetProperty("lang_to_id", out _);
        var timestamps = Require("<|notimestamps|>");
        var speech = new ModelSpeech
        {
            Encoder = "encoder.onnx",
            Decoder = "decoder.onnx",
            Layers = shape.Layers,
            Heads = shape.Heads,
            HeadWidth = shape.HeadWidth,
            Bins = shape.Bins,
            Vocabulary = shape.Vocabulary,
            Positions = shape.Positions,
            Languages = multilingual ? FindLanguages(generation, added) : new Dictionary<string, int>(),
            Tokens = new SpeechTokens(
                Require("<|startoftranscript|>"),
                Require("<|endoftext|>"),
                Require("<|startofprev|>"),
                Find("<|nospeech|>") ?? Require("<|nocaptions|>"),
                timestamps,
                timestamps + 1,
                multilingual ? Require("<|transcribe|>") : null,
                multilingual ? Require("<|translate|>") : null),
            Suppressed = ReadIds(generation, "suppress_tokens"),
            SuppressedFirst = ReadIds(generation, "begin_suppress_tokens"),
            MostInitialTimestamp = generation.TryGetProperty("max_initial_timestamp_index", out var most) && most.TryGetInt32(out var step)
                ? step : 50,
        };
        if (speech.Suppressed.Concat(speech.SuppressedFirst).Concat(speech.Languages.Values)
            .Any(id => id < 0 || id >= shape.Vocabulary) || timestamps + 1500 >= shape.Vocabulary)
        {
            throw new ModelImportException(
                $"The model's rules name tokens outside its vocabulary of {shape.Vocabulary}, or it has no 1,501 timestamps.");
        }

        return speech;
    }

    private static Dictionary<string, int> FindLanguages(JsonElement generation, IReadOnlyDictionary<string, int> added)
    {
        var tokens = generation.TryGetProperty("lang_to_id", out var listed) && listed.ValueKind == JsonValueKind.Object
            ? listed.EnumerateObject().Select(entry => (Text: entry.Name, Id: entry.Value.TryGetInt32(out var id) ? id : -1))
            : added.Select(token => (Text: token.Key, Id: token.Value));
        var languages = tokens
            .Where(token => token.Text.StartsWith("<|", StringComparison.Ordinal) && token.Text.EndsWith("|>", StringComparison.Ordinal))
            .Select(token => (Code: token.Text[2..^2], token.Id))
            .Where(token => token.Code.Length is >= 2 and <= LongestLanguage && token.Code.All(char.IsAsciiLetterLower))
            .ToDictionary(token => token.Code, token => token.Id, StringComparer.Ordinal);
        return languages.Count > 0 ? languages : throw new ModelImportException("The model is multilingual, but names no language.");
    }

    private static int[] ReadIds(JsonElement generation, string name)
    {
        if (!generation.TryGetProperty(name, out var list) || list.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        return list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(id => id.TryGetInt32(out var value) ? value : -1)]
            : throw new ModelImportException($"generation_config.json has no list as {name}.");
    }
}
