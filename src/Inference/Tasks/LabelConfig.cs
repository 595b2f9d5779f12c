using System.Globalization;
using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks;

/// <summary>What an exporter's <c>config.json</c> states of the labels of a classifier, of texts or of pictures.</summary>
/// <param name="Names">By number; null where the file has no <c>id2label</c>.</param>
/// <param name="Independent">Whether one input may have several labels (<c>problem_type: multi_label_classification</c>).</param>
internal sealed record LabelConfig(IReadOnlyList<string>? Names, bool Independent)
{
    public const string FileName = "config.json";

    /// <summary>Most labels of a model.</summary>
    public const int MostLabels = 100_000;

    private const int LongestLabel = 1000;

    /// <summary>The names, where there must be some.</summary>
    /// <exception cref="ModelImportException">There are none.</exception>
    public IReadOnlyList<string> RequiredNames =>
        Names ?? throw new ModelImportException($"'{FileName}' has no id2label, the names of the labels by number.");

    /// <exception cref="ModelImportException">The labels are not numbered from 0 on, are no texts, or contradict <c>num_labels</c>; or the
    /// <c>problem_type</c> is another one.</exception>
    public static LabelConfig Read(JsonElement config)
    {
        if (config.ValueKind != JsonValueKind.Object)
        {
            throw new ModelImportException($"'{FileName}' is not an object.");
        }

        var problem = config.TryGetProperty("problem_type", out var kind) && kind.ValueKind != JsonValueKind.Null ? kind.ToString() : null;
        var names = config.TryGetProperty("id2label", out var labels) && labels.ValueKind != JsonValueKind.Null ? ReadNames(labels) : null;
        if (names is not null && config.TryGetProperty("num_labels", out var count) && count.ValueKind != JsonValueKind.Null
            && !(count.ValueKind == JsonValueKind.Number && count.TryGetInt32(out var number) && number == names.Length))
        {
            throw new ModelImportException($"'{FileName}' has the num_labels {count}, and names {names.Length} labels.");
        }

        return new LabelConfig(names, problem switch
        {
            null or "single_label_classification" => false,
            "multi_label_classification" => true,
            _ => throw new ModelImportException(
                $"'{FileName}' has the problem_type '{problem}'; single_label_classification and multi_label_classification are "
                + "supported."),
        });
    }

    private static string[] ReadNames(JsonElement labels)
    {
        var count = labels.ValueKind == JsonValueKind.Object ? labels.EnumerateObject().Take(MostLabels + 1).Count() : 0;
        if (count is 0 or > MostLabels)
        {
            throw new ModelImportException(
                $"The id2label of '{FileName}' does not name 1 to {MostLabels} labels, each as \"number\": \"name\".");
        }

        var names = new string?[count];
        foreach (var label in labels.EnumerateObject())
        {
            if (!int.TryParse(label.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) || index >= count
                || names[index] is not null)
            {
                throw new ModelImportException(
                    $"The id2label of '{FileName}' does not number its {count} labels from 0 on: it has the number '{label.Name}'.");
            }

            names[index] = label.Value.ValueKind == JsonValueKind.String
                && label.Value.GetString() is { Length: > 0 and <= LongestLabel } name
                ? name : throw new ModelImportException(
                    $"Label {index} in '{FileName}' is not a text of 1 to {LongestLabel} characters.");
        }

        return names!;
    }
}
