using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Tollgate.Testing;

/// <summary>Models of npm packages, which <c>npm ci</c> fetches.</summary>
public static partial class NpmModels
{
    /// <summary>PaddleOCR's models and their dictionary, as a folder to import.</summary>
    public static string Ocr => Path.Combine(SharedFiles.Repository, "node_modules", "@gutenye", "ocr-models");

    /// <summary>Writes CenterNet with 80 labels (npm @vladmandic/human, float16) as a folder to import.</summary>
    /// <returns>The folder.</returns>
    public static string WriteCenterNet(string folder)
    {
        var package = Path.Combine(SharedFiles.Repository, "node_modules", "@vladmandic", "human");
        Directory.CreateDirectory(folder);
        File.Copy(Path.Combine(package, "models", "centernet.json"), Path.Combine(folder, "model.json"));
        File.Copy(Path.Combine(package, "models", "centernet.bin"), Path.Combine(folder, "centernet.bin"));
        var labels = new JsonObject();
        foreach (Match label in Label().Matches(File.ReadAllText(Path.Combine(package, "src", "object", "labels.ts"))))
        {
            labels[$"{labels.Count}"] = label.Groups[1].Value;
        }

        File.WriteAllText(Path.Combine(folder, "config.json"), new JsonObject { ["id2label"] = labels }.ToJsonString());
        return folder;
    }

    [GeneratedRegex(@"label: '([^']+)'")]
    private static partial Regex Label();
}
