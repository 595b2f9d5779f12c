using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Checkpoints;

/// <summary>How a folder's model reads and ends texts: tokenizer, chat template, tokens that begin and end, what it suggests for
/// sampling.</summary>
internal static partial class CheckpointText
{
    private const int MostBytes = 4 << 20;
    private const string TokenizerConfig = "tokenizer_config.json";
    private const string GenerationConfig = "generation_config.json";
    private const string TemplateFile = "chat_template.jinja";
    private const string Template = "chat_template";

    /// <summary>Keys of GGUF for tokens that end an answer, in the order in which they are used.</summary>
    private static readonly string[] EndKeys = ["eos_token_id", "eot_token_id", "eom_token_id"];

    /// <summary>Members of a generation configuration that a request states at this server too, as it names them.</summary>
    private static readonly string[] Sampling = ["temperature", "top_p", "top_k", "min_p", "typical_p", "repetition_penalty"];

    /// <param name="config">Contents of <c>config.json</c>.</param>
    /// <param name="notes">Receives what the operator should know.</param>
    /// <exception cref="ModelImportException">A file is unsound, or asks for what is not supported.</exception>
    public static CheckpointTokenizer Write(CheckpointFolder folder, JsonElement config, GgufKeys keys, List<string> notes)
    {
        using var tokenizerConfig = folder.ReadJson(TokenizerConfig, MostBytes);
        using var generation = folder.ReadJson(GenerationConfig, MostBytes);
        var settings = tokenizerConfig is null ? null : new CheckpointConfig(tokenizerConfig.RootElement, TokenizerConfig);
        var starts = FindIds(config, "bos_token_id");
        var tokenizer = CheckpointTokenizer.Read(folder, settings, starts.Count > 0 ? starts[0] : null);
        if (tokenizer.Start is { } start)
        {
            keys.SetWhole("tokenizer.ggml.bos_token_id", (long)start.Id);
        }

        WriteEnds(config, generation?.RootElement, tokenizer, keys);
        if (FindTemplate(folder, settings, notes) is { } template)
        {
            keys.SetWhole("tokenizer.chat_template", template);
        }

        if (generation is not null)
        {
            NoteSampling(generation.RootElement, notes);
        }

        WriteLicence(folder, keys);
        return tokenizer;
    }

    private static void WriteEnds(JsonElement config, JsonElement? generation, CheckpointTokenizer tokenizer, GgufKeys keys)
    {
        var ends = new List<int>();
        if (tokenizer.End is { } end)
        {
            ends.Add(end.Id);
        }

        var more = generation is { } root ? FindIds(root, "eos_token_id") : [];
        ends.AddRange(more.Count > 0 ? more : FindIds(config, "eos_token_id"));
        var distinct = ends.Distinct().ToArray();
        if (distinct.Length > EndKeys.Length)
        {
            throw new ModelImportException(
                $"'{GenerationConfig}' names {distinct.Length} tokens that end an answer; at most {EndKeys.Length} are supported.");
        }

        for (var i = 0; i < distinct.Length; i++)
        {
            keys.SetWhole($"tokenizer.ggml.{EndKeys[i]}", (long)distinct[i]);
        }
    }

    /// <summary>A number or a list of them; empty where there is none.</summary>
    private static List<int> FindIds(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        var items = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().ToArray() : [value];
        return items.Length <= 64 && items.All(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out _))
            ? [.. items.Select(item => item.GetInt32())]
            : throw new ModelImportException($"'{name}' must be the id of a token, or a list of such.");
    }

    /// <summary>The template of chats: a file of its own goes before the member of the tokenizer's configuration.</summary>
    private static string? FindTemplate(CheckpointFolder folder, CheckpointConfig? settings, List<string> notes)
    {
        if (folder.Read(TemplateFile, MostBytes) is { } file)
        {
            return Encoding.UTF8.GetString(file);
        }

        if (settings?.Find(Template) is not { ValueKind: JsonValueKind.Array } list)
        {
            return settings?.Text(Template);
        }

        var templates = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty("name", out var name)
                || name.ValueKind != JsonValueKind.String || !item.TryGetProperty("template", out var text)
                || text.ValueKind != JsonValueKind.String || !templates.TryAdd(name.GetString()!, text.GetString()!))
            {
                throw new ModelImportException($"'{Template}' of '{TokenizerConfig}' must be a text, or a list of objects with 'name' and "
                    + "'template', each name once.");
            }
        }

        if (!templates.TryGetValue("default", out var chosen))
        {
            throw new ModelImportException(
                $"'{Template}' of '{TokenizerConfig}' has no template named 'default', only: {string.Join(", ", templates.Keys)}.");
        }

        if (templates.Count > 1)
        {
            notes.Add("Of its chat templates 'default' is used; left out: "
                + $"{string.Join(", ", templates.Keys.Where(name => name != "default"))}.");
        }

        return chosen;
    }

    private static void NoteSampling(JsonElement generation, List<string> notes)
    {
        var suggested = Sampling.Where(name => generation.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number)
            .Select(name => $"{name} {generation.GetProperty(name).GetRawText()}").ToArray();
        if (suggested.Length > 0)
        {
            notes.Add($"Its '{GenerationConfig}' suggests {string.Join(", ", suggested)}. Requests state their own sampling; one that "
                + "states none is sampled as the API reference says.");
        }
    }

    /// <summary>The licence that the model's page states in its head, where it states one.</summary>
    private static void WriteLicence(CheckpointFolder folder, GgufKeys keys)
    {
        if (folder.Read("README.md", MostBytes) is { } page
            && Licence().Match(Encoding.UTF8.GetString(page)) is { Success: true } licence)
        {
            keys.SetWhole("general.license", licence.Groups["licence"].Value);
        }
    }

    [GeneratedRegex(
        @"\A---\r?\n(?:(?!---)[^\n]*\n){0,200}?license: *(?<licence>[A-Za-z0-9.+-]{1,64}) *\r?\n",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Licence();
}
