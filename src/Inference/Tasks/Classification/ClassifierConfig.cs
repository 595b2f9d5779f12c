using System.Globalization;
using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary>What the exporter's <c>config.json</c> says of a classifier.</summary>
/// <param name="Labels">Names of the labels by their number; null where the file names none.</param>
/// <param name="MultiLabel">Whether a text can have several labels.</param>
/// <param name="Positions">Longest input, tokens; null where the file does not say.</param>
/// <param name="Vocabulary">Ids that the graph knows; null where the file does not say.</param>
internal sealed record ClassifierConfig(IReadOnlyList<string>? Labels, bool MultiLabel, int? Positions, int? Vocabulary)
{
    public const string FileName = "config.json";
    private const string Architecture = "ForSequenceClassification";
    private const int LongestLabel = 200;

    /// <summary>The folder with a graph's <c>config.json</c>: its own or, where it is in <c>onnx/</c>, the one above; null where there is
    /// none that describes a classifier of texts.</summary>
    public static string? FindFolder(string graph)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(graph))!;
        var above = Path.GetFileName(folder) == "onnx" ? Path.GetDirectoryName(folder) : null;
        return Array.Find<string?>([folder, above], place => place is not null && Describes(Path.Combine(place, FileName)));
    }

    /// <exception cref="ModelImportException">The file has another shape, or asks for what is not supported.</exception>
    public static ClassifierConfig Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        using var document = SettingsFile.Read(path);
        var root = document.RootElement;
        try
        {
            var problem = Member(root, "problem_type") is { } kind ? kind.GetString() : null;
            return new ClassifierConfig(
                Member(root, "id2label") is { } labels ? ReadLabels(labels) : null,
                problem switch
                {
                    null or "single_label_classification" => false,
                    "multi_label_classification" => true,
                    _ => throw new ModelImportException(
                        $"'{path}' has the problem_type '{problem}'; single_label_classification and multi_label_classification are "
                        + "supported."),
                },
                Member(root, "max_position_embeddings")?.GetInt32(),
                Member(root, "vocab_size")?.GetInt32());
        }
        catch (Exception exception) when (exception is InvalidOperationException or FormatException)
        {
            throw new ModelImportException($"'{path}' does not describe a classifier: {exception.Message}", exception);
        }
    }

    /// <summary>Whether a file describes a classifier of texts with several labels. One label alone ranks instead.</summary>
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
                && !(Member(root, "id2label") is { ValueKind: JsonValueKind.Object } labels && labels.EnumerateObject().Count() == 1);
        }
        catch (ModelImportException)
        {
            return false; // Another importer may need no such file.
        }
    }

    private static JsonElement? Member(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string[] ReadLabels(JsonElement labels)
    {
        var names = new SortedDictionary<int, string>();
        foreach (var label in labels.EnumerateObject())
        {
            if (!int.TryParse(label.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                || label.Value.GetString() is not { Length: > 0 and <= LongestLabel } name || !names.TryAdd(number, name))
            {
                throw new FormatException($"The entry '{label.Name}' of id2label is no number with the name of a label.");
            }
        }

        if (names.Count is 0 or > ModelClassification.MostLabels || names.Keys.Last() != names.Count - 1
            || names.Values.Distinct(StringComparer.Ordinal).Count() != names.Count)
        {
            throw new FormatException(
                $"id2label must name the numbers from 0 on, each once and none alike, at most {ModelClassification.MostLabels}.");
        }

        return [.. names.Values];
    }
}
