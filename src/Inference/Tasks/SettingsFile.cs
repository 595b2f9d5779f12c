using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks;

/// <summary>Reads small JSON files that lie beside a model.</summary>
internal static class SettingsFile
{
    private const long MostBytes = 1 << 20;

    /// <exception cref="ModelImportException">The file is too long, is not JSON, or holds texts that are no Unicode.</exception>
    public static JsonDocument Read(string path) => new FileInfo(path).Length <= MostBytes
        ? Parse(File.ReadAllBytes(path), path) : throw new ModelImportException($"'{path}' is longer than {MostBytes} bytes.");

    /// <param name="name">Of the file, for the refusal.</param>
    /// <exception cref="ModelImportException">It is not JSON, or holds texts that are no Unicode.</exception>
    public static JsonDocument Parse(byte[] json, string name)
    {
        try
        {
            var document = JsonDocument.Parse(json);
            ReadTexts(document.RootElement);
            return document;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new ModelImportException($"'{name}' is not JSON: {exception.Message}", exception);
        }
    }

    /// <summary>Reads every text once: one with half a surrogate pair throws wherever it is read first.</summary>
    private static void ReadTexts(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    ReadTexts(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    _ = member.Name;
                    ReadTexts(member.Value);
                }

                break;
            default:
                break;
        }
    }
}
