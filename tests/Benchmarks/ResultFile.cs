using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tollgate.Testing;

namespace Tollgate.Benchmarks;

/// <summary>Keeps what a run measured, as JSON, in <c>artifacts/benchmarks</c> of the repository.</summary>
internal static class ResultFile
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <returns>The file.</returns>
    public static async Task<string> WriteAsync<T>(string name, DateTimeOffset at, T report)
    {
        var folder = Directory.CreateDirectory(Path.Combine(SharedFiles.Repository, "artifacts", "benchmarks")).FullName;
        var file = Path.Combine(folder, $"{name}-{at.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}.json");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(report, Json));
        return file;
    }
}
