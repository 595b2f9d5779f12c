using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Rerank;

/// <summary>What the exporter's <c>config.json</c> states of a cross-encoder.</summary>
/// <param name="Positions">Longest pair, tokens; null where the file does not say.</param>
/// <param name="Vocabulary">Ids that the graph knows; null where the file does not say.</param>
internal sealed record CrossEncoderConfig(int? Positions, int? Vocabulary)
{
    public const string FileName = "config.json";
    private const string Architecture = "ForSequenceClassification";

    /// <summary>The folder with a graph's <c>config.json</c>: its own or, where it is in <c>onnx/</c>, the one above; null where there is
    /// none that describes a classifier of sequences with one label.</summary>
    public static string? FindFolder(string graph)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(graph))!;
        var above = Path.GetFileName(folder) == "onnx" ? Path.GetDirectoryName(folder) : null;
        return Array.Find<string?>([folder, above], place => place is not null && Describes(Path.Combine(place, FileName)));
    }

    /// <exception cref="ModelImportException">The file has another shape.</exception>
    public static CrossEncoderConfig Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        using var document = SettingsFile.Read(path);
        var root = document.RootElement;
        try
        {
            return new CrossEncoderConfig(Member(root, "max_position_embeddings")?.GetInt32(), Member(root, "vocab_size")?.GetInt32());
        }
        catch (Exception exception) when (exception is InvalidOperationException or FormatException)
        {
            throw new ModelImportException($"'{path}' does not describe a cross-encoder: {exception.Message}", exception);
        }
    }

    private static bool Describes(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        try
        {
            using var document = SettingsFile.Read(path);
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object
                && Member(root, "architectures") is { ValueKind: JsonValueKind.Array } names
                && names.EnumerateArray().Any(name => name.ToString().EndsWith(Architecture, StringComparison.Ordinal))
                && (Member(root, "id2label") is { } labels
                    ? labels.ValueKind == JsonValueKind.Object && labels.EnumerateObject().Count() == 1
                    : Member(root, "num_labels") is { ValueKind: JsonValueKind.Number } count && count.ToString() == "1");
        }
        catch (ModelImportException)
        {
            return false; // Another importer may need no such file.
        }
    }

    private static JsonElement? Member(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
