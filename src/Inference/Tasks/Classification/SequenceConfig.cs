using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary>What the exporter's <c>config.json</c> states of a model that reads a sequence and gives logits for labels. One label alone
/// ranks: it is the relevance of a document to a query.</summary>
/// <param name="Folder">The folder with the file.</param>
/// <param name="LabelCount">Labels of <c>id2label</c>, or else <c>num_labels</c>; null where neither tells.</param>
internal sealed record SequenceConfig(string Folder, int? LabelCount)
{
    private const string Architecture = "ForSequenceClassification";

    /// <summary>Whether the model is a cross-encoder.</summary>
    public bool Ranks => LabelCount == 1;

    /// <summary>Path of the file.</summary>
    public string Path => System.IO.Path.Combine(Folder, LabelConfig.FileName);

    /// <summary>Finds the file of a graph, in its folder or, where that is <c>onnx/</c>, in the one above; null where there is none that
    /// describes such a model.</summary>
    public static SequenceConfig? Find(string graph)
    {
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(graph))!;
        var above = System.IO.Path.GetFileName(folder) == "onnx" ? System.IO.Path.GetDirectoryName(folder) : null;
        return Describe(folder) ?? (above is null ? null : Describe(above));
    }

    /// <summary>Reads what else an import needs.</summary>
    /// <exception cref="ModelImportException">The file has another shape, or asks for what is not supported.</exception>
    public SequenceDetails Read()
    {
        using var document = SettingsFile.Read(Path);
        var root = document.RootElement;
        var labels = Ranks ? null : LabelConfig.Read(root);
        if (labels?.Names is { } names && names.Distinct(StringComparer.Ordinal).Count() != names.Count)
        {
            throw new ModelImportException($"The id2label of '{Path}' gives two numbers one name; none may be alike.");
        }

        return new SequenceDetails(labels, Number("max_position_embeddings"), Number("vocab_size"));

        int? Number(string name) => Member(root, name) is not { } value ? null
            : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number
            : throw new ModelImportException($"'{Path}' has the {name} {value}, which is not a whole number.");
    }

    private static SequenceConfig? Describe(string folder)
    {
        var path = System.IO.Path.Combine(folder, LabelConfig.FileName);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using var document = SettingsFile.Read(path);
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object
                && Member(root, "architectures") is { ValueKind: JsonValueKind.Array } names
                && names.EnumerateArray().Any(name => name.ToString().EndsWith(Architecture, StringComparison.Ordinal))
                ? new SequenceConfig(folder, CountLabels(root)) : null;
        }
        catch (ModelImportException)
        {
            return null; // Another importer may need no such file.
        }
    }

    private static int? CountLabels(JsonElement root) => Member(root, "id2label") is { } labels
        ? labels.ValueKind == JsonValueKind.Object ? labels.EnumerateObject().Count() : null
        : Member(root, "num_labels") is { ValueKind: JsonValueKind.Number } count && count.TryGetInt32(out var number) ? number : null;

    private static JsonElement? Member(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}

/// <param name="Labels">Null for a model that ranks.</param>
/// <param name="Positions">Longest input, tokens; null where the file does not tell.</param>
/// <param name="Vocabulary">Ids that the graph knows; null where the file does not tell.</param>
internal sealed record SequenceDetails(LabelConfig? Labels, int? Positions, int? Vocabulary);
