using System.Text;
using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Diffusion;

/// <summary>Reads the JSON files of a Diffusers folder. Python writes infinite numbers as bare words (<c>"lambda_min_clipped":
/// -Infinity</c>), which JSON has no form for; they are read as texts.</summary>
internal static class DiffusersJson
{
    private const int MostBytes = 16 << 20;

    /// <exception cref="ModelImportException">The file is missing, too large or not a JSON object.</exception>
    public static JsonElement ReadFile(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            throw new ModelImportException($"There is no file '{Named(path)}'.");
        }

        return file.Length <= MostBytes
            ? Read(File.ReadAllBytes(path), Named(path))
            : throw new ModelImportException($"'{Named(path)}' has {file.Length} bytes; a configuration has at most {MostBytes}.");
    }

    /// <summary>Reads one object.</summary>
    /// <param name="name">Its name in messages.</param>
    /// <exception cref="ModelImportException">The bytes are not a JSON object.</exception>
    public static JsonElement Read(ReadOnlySpan<byte> json, string name)
    {
        try
        {
            using var document = JsonDocument.Parse(QuoteBareNumbers(Encoding.UTF8.GetString(json)));
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new ModelImportException($"'{name}' is not a JSON object.");
        }
        catch (JsonException exception)
        {
            throw new ModelImportException($"'{name}' is not JSON: {exception.Message}", exception);
        }
    }

    private static string Named(string path) => Path.Combine(Path.GetFileName(Path.GetDirectoryName(path)) ?? "", Path.GetFileName(path));

    private static string QuoteBareNumbers(string json)
    {
        var text = new StringBuilder(json.Length);
        var inString = false;
        for (var i = 0; i < json.Length; i++)
        {
            if (!inString && Array.Find(BareNumbers, word => string.CompareOrdinal(json, i, word, 0, word.Length) == 0) is { } bare)
            {
                text.Append('"').Append(bare).Append('"');
                i += bare.Length - 1;
                continue;
            }

            text.Append(json[i]);
            if (inString && json[i] == '\\' && i + 1 < json.Length)
            {
                text.Append(json[++i]);
            }
            else if (json[i] == '"')
            {
                inString = !inString;
            }
        }

        return text.ToString();
    }

    private static readonly string[] BareNumbers = ["-Infinity", "Infinity", "NaN"];
}
