using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tokenizers;

/// <summary>Special tokens of a CLIP tokenizer, as they stand in its vocabulary.</summary>
internal sealed record ClipSpecials(string Start, string End, string Padding, string Unknown)
{
    private const string DefaultStart = "<|startoftext|>";
    private const string DefaultEnd = "<|endoftext|>";
    private const int DefaultLength = 77;
    private const int MostLength = 4096;

    /// <summary>Reads <c>tokenizer_config.json</c>; an empty object where there is none.</summary>
    /// <exception cref="ModelImportException">It describes another tokenizer.</exception>
    public static JsonElement ReadConfig(string folder)
    {
        var config = ReadObject(Path.Combine(folder, "tokenizer_config.json"));
        var kind = TextOf(config, "tokenizer_class") ?? "CLIPTokenizer";
        if (kind is not ("CLIPTokenizer" or "CLIPTokenizerFast"))
        {
            throw new ModelImportException($"The tokenizer '{kind}' is not supported; CLIPTokenizer is.");
        }

        Expect(config, "do_lower_case", true);
        Expect(config, "add_prefix_space", false);
        return config;
    }

    /// <summary>Reads the tokens of <c>special_tokens_map.json</c>, else of the configuration, else CLIP's own.</summary>
    public static ClipSpecials Read(string folder, JsonElement config)
    {
        var map = ReadObject(Path.Combine(folder, "special_tokens_map.json"));
        return new ClipSpecials(
            Of("bos_token", DefaultStart), Of("eos_token", DefaultEnd), Of("pad_token", DefaultEnd), Of("unk_token", DefaultEnd));

        string Of(string member, string missing) => TextOf(map, member) ?? TextOf(config, member) ?? missing;
    }

    /// <summary>Tokens of a framed text. Transformers writes 1e30 where no length is known.</summary>
    public static int ReadLength(JsonElement config) =>
        config.TryGetProperty("model_max_length", out var length) && length.ValueKind == JsonValueKind.Number
            && length.GetDouble() is >= 3 and <= MostLength and var known ? (int)known : DefaultLength;

    private static JsonElement ReadObject(string path)
    {
        using var document = JsonDocument.Parse(File.Exists(path) ? File.ReadAllBytes(path) : "{}"u8.ToArray());
        return document.RootElement.ValueKind == JsonValueKind.Object
            ? document.RootElement.Clone() : throw new FormatException($"{Path.GetFileName(path)} is not an object.");
    }

    /// <summary>A token is written as a text, or as an object with its text as <c>content</c>.</summary>
    private static string? TextOf(JsonElement owner, string member) =>
        !owner.TryGetProperty(member, out var value) ? null
            : value.ValueKind == JsonValueKind.String ? value.GetString()
            : value.ValueKind == JsonValueKind.Object ? TextOf(value, "content") : null;

    private static void Expect(JsonElement config, string member, bool only)
    {
        if (config.TryGetProperty(member, out var value) && value.ValueKind == (only ? JsonValueKind.False : JsonValueKind.True))
        {
            throw new ModelImportException($"The tokenizer's member '{member}' is {value}, which is not supported.");
        }
    }
}
