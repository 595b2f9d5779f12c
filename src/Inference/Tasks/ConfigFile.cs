using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks;

/// <summary>Takes a JSON file that lies beside a model into a version under construction.</summary>
internal static class ConfigFile
{
    private const long MostBytes = 16 << 20;

    /// <summary>Copies a file and parses the same bytes: the source may change in between.</summary>
    /// <param name="source">Folder of the file.</param>
    /// <param name="what">What the file holds, for the error when it is missing.</param>
    /// <param name="target">Receives the file under its name.</param>
    /// <exception cref="ModelImportException">The file is missing, too long, or no JSON.</exception>
    public static async Task<JsonDocument> TakeAsync(
        string source, string name, string what, string target, CancellationToken cancellationToken)
    {
        var path = new FileInfo(Path.Combine(source, name));
        if (!path.Exists)
        {
            throw new ModelImportException($"There is no '{name}' beside the model, with {what}.");
        }

        if (path.Length > MostBytes)
        {
            throw new ModelImportException($"'{name}' is longer than {MostBytes} bytes.");
        }

        var json = await File.ReadAllBytesAsync(path.FullName, cancellationToken);
        await File.WriteAllBytesAsync(Path.Combine(target, name), json, cancellationToken);
        return SettingsFile.Parse(json, name);
    }
}
