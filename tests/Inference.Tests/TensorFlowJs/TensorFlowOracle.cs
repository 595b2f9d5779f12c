using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.TensorFlowJs;

/// <summary>TF.js as an oracle, and the real models in its format that npm packages hold.</summary>
internal static class TensorFlowOracle
{
    /// <summary>Labels and preparation of the moderation model, as its package documents them.</summary>
    private const string ModerationConfig =
        """{"id2label":{"0":"Drawing","1":"Hentai","2":"Neutral","3":"Porn","4":"Sexy"}}""";

    private const string ModerationProcessor =
        """{"do_resize":true,"size":{"height":224,"width":224},"resample":2,"do_rescale":true,"do_normalize":false}""";

    /// <summary>Runs a model in TF.js.</summary>
    /// <param name="backend"><c>cpu</c>, or the faster <c>wasm</c> that has fewer operators.</param>
    /// <param name="shape">Of the input.</param>
    /// <param name="resize">Height and width that TF.js stretches the input to; null for none.</param>
    public static async Task<IReadOnlyDictionary<string, float[]>> RunAsync(
        string path, string backend, int[] shape, float[] input, int[]? resize, params string[] outputs)
    {
        var answer = await NodeOracle.RunAsync("TensorFlowJs/tfjs.mjs", new JsonObject
        {
            ["path"] = path,
            ["backend"] = backend,
            ["shape"] = new JsonArray([.. shape]),
            ["floats"] = Convert.ToBase64String(MemoryMarshal.AsBytes(input.AsSpan())),
            ["resize"] = resize is null ? null : new JsonArray([.. resize]),
            ["outputs"] = new JsonArray([.. outputs]),
        });
        return outputs.ToDictionary(
            name => name,
            name => MemoryMarshal.Cast<byte, float>(Convert.FromBase64String((string)answer[name]!["floats"]!)).ToArray());
    }

    /// <summary>Writes the moderation model of npm nsfwjs (MobileNet v2, 8 bits) as a folder to import.</summary>
    public static async Task<string> WriteModerationAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        await NodeOracle.RunAsync("TensorFlowJs/nsfwjs.mjs", new JsonObject { ["folder"] = folder });
        File.WriteAllText(Path.Combine(folder, "config.json"), ModerationConfig);
        File.WriteAllText(Path.Combine(folder, "preprocessor_config.json"), ModerationProcessor);
        return folder;
    }
}
