using System.Globalization;
using System.Text.Json;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>Reads a Whisper tokenizer from <c>tokenizer.json</c>.</summary>
internal static class WhisperVocabulary
{
    /// <summary>Reads the vocabulary. Ids without an entry become timestamps, which older exports leave out.</summary>
    /// <param name="size">Ids that the model knows.</param>
    /// <param name="added">Receives the ids of the added tokens by their text.</param>
    /// <exception cref="ModelImportException">It is another kind of tokenizer, or has ids that the model does not know.</exception>
    public static BpeVocabulary Read(JsonElement file, int size, out IReadOnlyDictionary<string, int> added)
    {
        try
        {
            var model = file.GetProperty("model");
            if (model.GetProperty("type").GetString() != "BPE" || !SplitsLikeGpt2(file))
            {
                throw new ModelImportException("The tokenizer is not byte-level BPE with GPT-2's rules.");
            }

            var found = new Dictionary<string, int>(StringComparer.Ordinal);
            var tokens = new string?[size];
            foreach (var entry in model.GetProperty("vocab").EnumerateObject())
            {
                tokens[entry.Value.GetInt32()] = entry.Name;
            }

            foreach (var entry in file.GetProperty("added_tokens").EnumerateArray())
            {
                var (id, text) = (entry.GetProperty("id").GetInt32(), entry.GetProperty("content").GetString()!);
                tokens[id] = text;
                found.TryAdd(text, id);
            }

            added = found;
            var first = found.GetValueOrDefault("<|notimestamps|>", size) + 1;
            var control = found.Values.Concat(Enumerable.Range(0, size).Where(id => tokens[id] is null)).Distinct().Order().ToArray();
            return new BpeVocabulary
            {
                PreTokenizer = "gpt-2",
                Tokens = [.. tokens.Select((text, id) => text ?? NameTimestamp(id - first))],
                Control = control,
                UserDefined = [],
                Merges = [.. model.GetProperty("merges").EnumerateArray().Select(ReadMerge)],
            };
        }
        catch (Exception exception)
            when (exception is KeyNotFoundException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            // What JsonElement throws where a member is missing or of another kind, and an array for an id beyond it.
            throw new ModelImportException($"The tokenizer cannot be used: {exception.Message}", exception);
        }
    }

    private static bool SplitsLikeGpt2(JsonElement file) =>
        file.GetProperty("pre_tokenizer") is var rules && rules.ValueKind == JsonValueKind.Object
        && rules.GetProperty("type").GetString() == "ByteLevel"
        && rules.GetProperty("add_prefix_space").ValueKind == JsonValueKind.False
        && (!rules.TryGetProperty("use_regex", out var regex) || regex.ValueKind == JsonValueKind.True);

    /// <summary>A merge as one text or as a pair.</summary>
    private static string ReadMerge(JsonElement merge) =>
        merge.ValueKind == JsonValueKind.String ? merge.GetString()! : $"{merge[0].GetString()} {merge[1].GetString()}";

    private static string NameTimestamp(int step) => string.Create(CultureInfo.InvariantCulture, $"<|{step * 0.02:0.00}|>");
}
