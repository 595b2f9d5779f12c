using System.Text.RegularExpressions;

namespace Tollgate.Inference.Models;

/// <summary>Names of models, versions and groups are names of folders: nothing in them can leave the repository.</summary>
public static partial class ModelName
{
    public static bool IsValid(string name) => Pattern().IsMatch(name) && !name.Contains("..", StringComparison.Ordinal);

    /// <summary>Whether a file of a version may have this name: a plain one, or a folder's and a plain one, parted by a slash.</summary>
    public static bool IsValidFile(string name) => name.Split('/') is { Length: 1 or 2 } parts && Array.TrueForAll(parts, IsValid);

    /// <exception cref="ModelImportException">The name is not allowed.</exception>
    public static string Check(string name) => IsValid(name)
        ? name
        : throw new ModelImportException(
            $"'{name}' cannot name a model or a group: use 1 to 63 lower-case letters, digits, '.', '_' and '-', "
            + "beginning with a letter or digit.");

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]{0,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
