using Tollgate.Inference.Models;

namespace Tollgate.Inference.Checkpoints;

/// <summary>Base and scaling of the rotary positions.</summary>
internal static class RopeKeys
{
    /// <summary>Reads <c>rope_theta</c> and <c>rope_scaling</c>, or the <c>rope_parameters</c> that newer programs write in their
    /// place.</summary>
    /// <param name="rotated">Numbers of a head that rotate.</param>
    /// <param name="theta">The base where none is named.</param>
    public static void Write(CheckpointConfig config, GgufKeys keys, int rotated, double theta = 10_000)
    {
        if (config.Part("rope_parameters") is { } parameters)
        {
            WriteParameters(config, parameters, keys, rotated, theta);
            return;
        }

        var frequencyBase = config.Positive("rope_theta", theta);
        keys.Set("rope.freq_base", frequencyBase);
        if (config.Part("rope_scaling") is { } scaling)
        {
            WriteScaling(config, scaling, keys, rotated, frequencyBase);
            scaling.RefuseOthers();
        }
    }

    /// <summary>Base and scaling from one object.</summary>
    public static void WriteParameters(CheckpointConfig config, CheckpointConfig parameters, GgufKeys keys, int rotated, double theta)
    {
        var frequencyBase = parameters.Positive("rope_theta", config.Positive("rope_theta", theta));
        keys.Set("rope.freq_base", frequencyBase);
        WriteScaling(config, parameters, keys, rotated, frequencyBase);
        parameters.RefuseOthers();
    }

    private static void WriteScaling(CheckpointConfig config, CheckpointConfig scaling, GgufKeys keys, int rotated, double frequencyBase)
    {
        var kind = (scaling.Text("type"), scaling.Text("rope_type")) is var (old, current) ? current ?? old ?? "default" : "default";
        switch (kind)
        {
            case "default":
                break;
            case "dynamic": // changes nothing up to max_position_embeddings, and no context here is longer
                scaling.Ignore("factor", "alpha");
                break;
            case "linear":
                keys.Set("rope.scaling.type", "linear");
                keys.Set("rope.scaling.factor", scaling.Positive("factor"));
                break;
            case "llama3":
                keys.Compute("rope_freqs.weight", ReadLlamaFactors(config, scaling, rotated, frequencyBase));
                break;
            case "yarn":
                WriteYarn(config, scaling, keys);
                break;
            case "longrope" or "su":
                WriteLong(config, scaling, keys, rotated);
                break;
            default:
                throw new ModelImportException(
                    $"The rotary scaling '{kind}' is not supported; these are: default, linear, dynamic, llama3, yarn, longrope.");
        }
    }

    /// <summary>Divisor of each frequency, as Llama 3.1 was trained: none for short waves, the factor for long ones, between them
    /// by the wave's length.</summary>
    private static IEnumerable<double> ReadLlamaFactors(
        CheckpointConfig config, CheckpointConfig scaling, int rotated, double frequencyBase)
    {
        var factor = scaling.Positive("factor");
        var (low, high) = (scaling.Real("low_freq_factor"), scaling.Real("high_freq_factor"));
        var context = ReadOriginalContext(config, scaling);
        if (low <= 0 || high <= low)
        {
            throw new ModelImportException(
                "'low_freq_factor' and 'high_freq_factor' of the rotary scaling must be above 0, the first smaller.");
        }

        for (var i = 0; i < rotated / 2; i++)
        {
            var wave = 2 * Math.PI * Math.Pow(frequencyBase, 2.0 * i / rotated);
            var smooth = Math.Clamp(((context / wave) - low) / (high - low), 0, 1);
            yield return 1 / (((1 - smooth) / factor) + smooth);
        }
    }

    private static void WriteYarn(CheckpointConfig config, CheckpointConfig scaling, GgufKeys keys)
    {
        keys.Set("rope.scaling.type", "yarn");
        keys.Set("rope.scaling.factor", scaling.Positive("factor"));
        keys.Set("rope.scaling.original_context_length", ReadOriginalContext(config, scaling));
        foreach (var (member, key) in (ReadOnlySpan<(string, string)>)
            [("extrapolation_factor", "yarn_ext_factor"), ("attention_factor", "yarn_attn_factor"), ("beta_fast", "yarn_beta_fast"),
                ("beta_slow", "yarn_beta_slow")])
        {
            if (scaling.Find(member) is not null)
            {
                keys.Set($"rope.scaling.{key}", scaling.Real(member));
            }
        }

        scaling.Require("truncate", true);
    }

    private static void WriteLong(CheckpointConfig config, CheckpointConfig scaling, GgufKeys keys, int rotated)
    {
        var context = ReadOriginalContext(config, scaling);
        var scale = scaling.Find("factor") is not null ? scaling.Positive("factor")
            : (double)config.Number("max_position_embeddings", 1, int.MaxValue) / context;
        keys.Set("rope.scaling.original_context_length", context);
        keys.Set("rope.scaling.attn_factor", scaling.Real(
            "attention_factor", scale <= 1 ? 1 : Math.Sqrt(1 + (Math.Log(scale) / Math.Log(context)))));
        foreach (var (member, tensor) in (ReadOnlySpan<(string, string)>)
            [("long_factor", "rope_factors_long.weight"), ("short_factor", "rope_factors_short.weight")])
        {
            var factors = scaling.Reals(member);
            keys.Compute(tensor, factors?.Length == rotated / 2 && factors.All(factor => factor > 0) ? factors
                : throw new ModelImportException(
                    $"'{member}' of the rotary scaling must be {rotated / 2} numbers above 0, one for each rotating pair."));
        }
    }

    /// <summary>The context that the model was first trained with.</summary>
    private static int ReadOriginalContext(CheckpointConfig config, CheckpointConfig scaling) => scaling.Number(
        "original_max_position_embeddings", 2, int.MaxValue,
        config.Number("original_max_position_embeddings", 2, int.MaxValue,
            config.Number("max_position_embeddings", 2, int.MaxValue, 8192)));
}
