using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>Reads how token vectors become one from the files that Sentence Transformers keeps beside a model.</summary>
internal static class SentencePooling
{
    /// <summary>The graph's output is the vector.</summary>
    public const string NoPooling = "none";

    /// <summary>The vector is that of the first token, scaled to length 1.</summary>
    public const string FirstPooling = "cls";

    /// <summary>The vector is that of the last token, scaled to length 1.</summary>
    public const string LastPooling = "last";

    /// <summary>The vector is the mean of the tokens' vectors over the mask, scaled to length 1.</summary>
    public const string MeanPooling = "mean";

    private const string ConfigName = "config.json";
    private const string PoolingFolder = "1_Pooling";
    private const string ModulesName = "modules.json";
    private const string ModePrefix = "pooling_mode_";

    /// <summary>The pooling, or null where the files are absent. They lie beside the model or, where it is in <c>onnx/</c>, above
    /// it.</summary>
    /// <exception cref="ModelImportException">The files ask for what is not supported.</exception>
    public static string? Read(string folder)
    {
        var above = Path.GetFileName(folder) == "onnx" ? Path.GetDirectoryName(folder) : null;
        foreach (var place in (string?[])[folder, above])
        {
            if (place is not null && File.Exists(Path.Combine(place, PoolingFolder, ConfigName)))
            {
                CheckModules(Path.Combine(place, ModulesName));
                return ReadMode(Path.Combine(place, PoolingFolder, ConfigName));
            }
        }

        return null;
    }

    /// <summary>Refuses a chain that does more to a vector than pooling and scaling it.</summary>
    private static void CheckModules(string path)
    {
        if (!File.Exists(path))
        {
            return;
        }

        using var document = SettingsFile.Read(path);
        foreach (var module in document.RootElement.ValueKind == JsonValueKind.Array ? document.RootElement.EnumerateArray() : default)
        {
            var type = module.ValueKind == JsonValueKind.Object && module.TryGetProperty("type", out var name) ? name.ToString() : "";
            if (type[(type.LastIndexOf('.') + 1)..] is not ("Transformer" or "Pooling" or "Normalize"))
            {
                throw new ModelImportException($"The model's {ModulesName} lists the module '{type}', which is not supported.");
            }
        }
    }

    private static string ReadMode(string path)
    {
        using var document = SettingsFile.Read(path);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new ModelImportException($"'{PoolingFolder}/{ConfigName}' is not an object.");
        }

        if (document.RootElement.TryGetProperty("include_prompt", out var prompt) && prompt.ValueKind == JsonValueKind.False)
        {
            throw new ModelImportException($"'{PoolingFolder}/{ConfigName}' leaves prompts out of the pooling, which is not supported.");
        }

        var modes = document.RootElement.EnumerateObject()
            .Where(p => p.Name.StartsWith(ModePrefix, StringComparison.Ordinal) && p.Value.ValueKind == JsonValueKind.True)
            .Select(p => p.Name[ModePrefix.Length..])
            .Concat(document.RootElement.TryGetProperty("pooling_mode", out var mode) ? [mode.ToString()] : [])
            .ToArray();
        return modes switch
        {
            ["cls_token" or "cls"] => FirstPooling,
            ["lasttoken" or "last"] => LastPooling,
            ["mean_tokens" or "mean"] => MeanPooling,
            _ => throw new ModelImportException(
                $"'{PoolingFolder}/{ConfigName}' asks for the pooling '{string.Join(" + ", modes)}'; "
                + "'cls', 'last' and 'mean' are supported."),
        };
    }
}
