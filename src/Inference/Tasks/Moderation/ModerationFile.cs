using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Moderation;

/// <summary>
/// Reads <c>moderation.json</c>, which an operator puts beside a classifier:
/// <c>{"labels": {"toxic": "harassment", "threat": ["violence", "harassment/threatening"]}, "threshold": 0.5,
/// "thresholds": {"violence": 0.7}}</c>. Thresholds may be absent; the default is 0.5.
/// </summary>
internal static class ModerationFile
{
    public const string Name = "moderation.json";
    private const double DefaultThreshold = 0.5;
    private const string Example = """{"labels": {"toxic": ["harassment"]}, "threshold": 0.5}""";

    /// <summary>The mapping, or null where there is no such file.</summary>
    /// <exception cref="ModelImportException">The file has another shape.</exception>
    public static ModerationMap? Read(string folder)
    {
        var path = Path.Combine(folder, Name);
        if (!File.Exists(path))
        {
            return null;
        }

        using var document = SettingsFile.Read(path);
        try
        {
            return Read(document.RootElement);
        }
        catch (Exception exception) when (exception is InvalidOperationException or FormatException or KeyNotFoundException)
        {
            // What JsonElement throws where a member is missing or of another kind.
            throw new ModelImportException(
                $"'{path}' is no mapping of labels to categories such as {Example}: {exception.Message}", exception);
        }
    }

    private static ModerationMap Read(JsonElement root)
    {
        if (root.EnumerateObject().FirstOrDefault(member => member.Name is not ("labels" or "threshold" or "thresholds")) is
            { Value.ValueKind: not JsonValueKind.Undefined } unknown)
        {
            throw new FormatException($"'{unknown.Name}' is unknown.");
        }

        var labels = root.GetProperty("labels").EnumerateObject().ToDictionary(
            label => label.Name, label => (IReadOnlyList<string>)[.. Texts(label.Value)], StringComparer.Ordinal);
        var threshold = root.TryGetProperty("threshold", out var common) ? common.GetDouble() : DefaultThreshold;
        return new ModerationMap(labels, threshold)
        {
            Thresholds = root.TryGetProperty("thresholds", out var own)
                ? own.EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetDouble(), StringComparer.Ordinal)
                : new Dictionary<string, double>(),
        };
    }

    private static IEnumerable<string> Texts(JsonElement value) => value.ValueKind == JsonValueKind.Array
        ? value.EnumerateArray().Select(text => text.GetString() ?? throw new FormatException("null is no category."))
        : [value.GetString() ?? throw new FormatException("null is no category.")];
}
