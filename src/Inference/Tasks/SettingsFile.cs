using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks;

/// <summary>Reads small JSON files that lie beside a model.</summary>
internal static class SettingsFile
{
    private const long MostBytes = 1 << 20;

    /// <exception cref="ModelImportException">The file is too long or is not JSON.</exception>
    public static JsonDocument Read(string path)
    {
        try
        {
            return new FileInfo(path).Length <= MostBytes
                ? JsonDocument.Parse(File.ReadAllBytes(path))
                : throw new ModelImportException($"'{path}' is longer than {MostBytes} bytes.");
        }
        catch (JsonException exception)
        {
            throw new ModelImportException($"'{path}' is not JSON: {exception.Message}", exception);
        }
    }
}
