using System.Security.Cryptography;
using System.Text;

namespace Tollgate.Inference.Models;

/// <summary>A folder that a model is imported from, in the layout of the usual exporters: graphs, configuration, tokenizer.</summary>
internal static class ModelFolder
{
    /// <summary>How a model that ships with the product is imported; beside its files.</summary>
    public const string CatalogueFile = "import.json";

    /// <summary>Extensions of files that decide what a model computes. Pages, licences and recipes beside them do not.</summary>
    private static readonly string[] Extensions = [".onnx", ".onnx_data", ".data", ".safetensors", ".gguf", ".json", ".jinja", ".txt"];

    /// <summary>Links are not followed: they may leave the folder or lead in a circle.</summary>
    private static readonly EnumerationOptions Below =
        new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = false };

    /// <summary>Last part of a path of a file or folder, also of one that ends with a separator.</summary>
    public static string NameOf(string path) => Path.GetFileName(Path.TrimEndingDirectorySeparator(path));

    /// <summary>Hash of what the model is made of: equal for equal names and contents of its graphs, configuration and vocabulary.
    /// <c>import.json</c>, which only describes the import, is left out.</summary>
    /// <returns>64 hex digits.</returns>
    public static Task<string> HashAsync(string folder, CancellationToken cancellationToken) => HashAsync(
        folder,
        Directory.EnumerateFiles(folder, "*", Below)
            .Where(file => Extensions.Contains(Path.GetExtension(file)) && Path.GetFileName(file) != CatalogueFile),
        cancellationToken);

    /// <summary>Hash of some files of a folder, by the same rule.</summary>
    /// <returns>64 hex digits.</returns>
    public static async Task<string> HashAsync(string folder, IEnumerable<string> paths, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var files = paths.Select(file => (Path: file, Name: Path.GetRelativePath(folder, file)))
            .OrderBy(file => file.Name, StringComparer.Ordinal);
        foreach (var (path, name) in files)
        {
            var file = await ModelStore.DescribeAsync(path, cancellationToken);
            hash.AppendData(Encoding.UTF8.GetBytes($"{name}\0{file.Sha256}\n"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
