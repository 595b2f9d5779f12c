using System.Globalization;
using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.ImageClassification;

/// <summary>What <c>config.json</c> of a classifier states.</summary>
/// <param name="Labels">By index.</param>
/// <param name="Independent">Whether a picture may have several labels (<c>problem_type: multi_label_classification</c>).</param>
internal sealed record ClassifierConfig(IReadOnlyList<string> Labels, bool Independent)
{
    public const string FileName = "config.json";

    private const int MostLabels = 100_000;
    private const int LongestLabel = 1000;

    /// <exception cref="ModelImportException">The labels are absent, incomplete or not plain texts.</exception>
    public static ClassifierConfig Read(JsonElement config)
    {
        if (config.ValueKind != JsonValueKind.Object || !config.TryGetProperty("id2label", out var ids)
            || ids.ValueKind != JsonValueKind.Object)
        {
            throw new ModelImportException($"'{FileName}' has no id2label, the names of the labels by index.");
        }

        var independent = !config.TryGetProperty("problem_type", out var problem) || problem.ValueKind == JsonValueKind.Null ? false
            : problem.ToString() switch
            {
                "single_label_classification" => false,
                "multi_label_classification" => true,
                var other => throw new ModelImportException($"The problem_type '{other}' of '{FileName}' is not supported."),
            };
        var labels = new string?[ids.EnumerateObject().Take(MostLabels + 1).Count()];
        if (labels.Length is 0 or > MostLabels)
        {
            throw new ModelImportException($"id2label of '{FileName}' has {labels.Length} labels; 1 to {MostLabels} are supported.");
        }

        foreach (var label in ids.EnumerateObject())
        {
            if (!int.TryParse(label.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) || index >= labels.Length
                || labels[index] is not null)
            {
                throw new ModelImportException($"id2label of '{FileName}' does not number its labels from 0 on.");
            }

            labels[index] = label.Value.ValueKind == JsonValueKind.String
                && label.Value.GetString() is { Length: > 0 and <= LongestLabel } text
                ? text : throw new ModelImportException(
                    $"Label {index} in '{FileName}' is not a text of 1 to {LongestLabel} characters.");
        }

        return new ClassifierConfig(labels!, independent);
    }
}
