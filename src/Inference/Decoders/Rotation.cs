using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Decoders;

/// <summary>How positions turn pairs of numbers of a head. One instance serves all layers that rotate alike.</summary>
/// <param name="frequencies">Angle per position of each pair.</param>
/// <param name="magnitude">Factor of what is rotated.</param>
internal sealed class Rotation(double[] frequencies, double magnitude)
{
    /// <summary>The key of the tokens that a model was first trained on.</summary>
    public const string OriginalContext = "rope.scaling.original_context_length";

    /// <summary>Numbers at the beginning of each head that rotate; the others stay.</summary>
    public int Width => 2 * frequencies.Length;

    public IReadOnlyList<double> Frequencies => frequencies;

    public double Magnitude => magnitude;

    /// <summary>A rotation without scaling.</summary>
    public static Rotation Plain(int width, double ropeBase) => new(PlainFrequencies(width, ropeBase), magnitude: 1);

    /// <summary>Reads the rotation of a file: its base, its scaling and its own divisors of frequencies.</summary>
    /// <param name="context">Tokens that the model is served with: with more than it was first trained on, the long divisors count.</param>
    /// <exception cref="ModelImportException">The file scales in a way that is not known, or by factors out of range.</exception>
    public static Rotation Read(ArchitectureKeys keys, ArchitectureTensors tensors, int headWidth, int context)
    {
        var width = keys.Number("rope.dimension_count", 2, headWidth, otherwise: headWidth);
        if (width % 2 != 0)
        {
            throw new ModelImportException($"The GGUF key '{keys.Name("rope.dimension_count")}' is {width}; it must be even.");
        }

        var ropeBase = keys.Positive("rope.freq_base", otherwise: 10_000);
        var original = keys.Number(OriginalContext, 1, 1 << 30, otherwise: context);
        var magnitude = keys.Positive("rope.scaling.attn_factor", otherwise: 1);
        keys.Ignore("rope.scaling.finetuned"); // it describes how the model was trained
        var frequencies = PlainFrequencies(width, ropeBase);
        var scaling = keys.Text("rope.scaling.type");
        Divide(frequencies, ReadDivisors(tensors, width / 2, isLong: context > original, required: scaling == "longrope"));

        var factor = scaling == "longrope" ? 1 : ReadFactor(keys);
        switch (scaling)
        {
            case "none" or "longrope":
                break;
            case null or "linear": // A factor without a type means this to the programs that write such files.
                Scale(frequencies, _ => 1 / factor);
                break;
            case "llama3":
                ScaleByWavelength(frequencies, keys, factor, original);
                break;
            case "yarn":
                magnitude *= ScaleByTurns(frequencies, keys, factor, original, ropeBase);
                break;
            default:
                throw new ModelImportException(
                    $"The rotary scaling '{scaling}' is not supported; 'linear', 'llama3', 'yarn' and 'longrope' are.");
        }

        return new Rotation(frequencies, magnitude);
    }

    private static double[] PlainFrequencies(int width, double ropeBase) =>
        [.. Enumerable.Range(0, width / 2).Select(i => Math.Pow(ropeBase, -2.0 * i / width))];

    /// <summary>The factor of the scaling; 0 stands for none.</summary>
    private static double ReadFactor(ArchitectureKeys keys)
    {
        var factor = keys.Real("rope.scaling.factor", keys.Real("rope.scale_linear", 1));
        return factor switch
        {
            0 => 1,
            > 0 => factor,
            _ => throw new ModelImportException($"The GGUF key '{keys.Name("rope.scaling.factor")}' is {factor}; it must be above 0."),
        };
    }

    /// <summary>The file's own divisors: <c>rope_freqs</c>, or one of a pair for short and for long contexts.</summary>
    private static float[]? ReadDivisors(ArchitectureTensors tensors, int pairs, bool isLong, bool required)
    {
        if (!required && tensors.TakeOptional("rope_factors_long.weight", pairs, 1) is null)
        {
            return tensors.TakeOptional("rope_freqs.weight", pairs, 1) is { } plain ? Check(tensors, plain) : null;
        }

        var longer = Check(tensors, tensors.Take("rope_factors_long.weight", pairs, 1));
        var shorter = Check(tensors, tensors.Take("rope_factors_short.weight", pairs, 1));
        return isLong ? longer : shorter;
    }

    private static float[] Check(ArchitectureTensors tensors, GgufTensor tensor)
    {
        var divisors = tensors.Read(tensor);
        return divisors.All(d => float.IsFinite(d) && d > 0)
            ? divisors
            : throw new ModelImportException($"The tensor '{tensor.Name}' has rotary factors that are not positive numbers.");
    }

    /// <summary>Llama 3's rule: waves that fit into the first context many times keep their length, those that do not fit are stretched
    /// by the factor, and between the two the stretching grows smoothly.</summary>
    private static void ScaleByWavelength(double[] frequencies, ArchitectureKeys keys, double factor, int original)
    {
        var low = keys.Positive("rope.scaling.low_freq_factor", otherwise: 1);
        var high = keys.Positive("rope.scaling.high_freq_factor", otherwise: 4);
        if (low >= high)
        {
            throw new ModelImportException(
                $"The GGUF key '{keys.Name("rope.scaling.low_freq_factor")}' is {low}; it must be below the high factor {high}.");
        }

        Scale(frequencies, i =>
        {
            var waves = original * frequencies[i] / (2 * Math.PI);
            var kept = Math.Clamp((waves - low) / (high - low), 0, 1);
            return kept + ((1 - kept) / factor);
        });
    }

    /// <summary>YaRN: pairs that turn often within the first context keep their frequency, slow ones are slowed by the factor, and a ramp
    /// lies between.</summary>
    /// <returns>The factor of what is rotated.</returns>
    /// <remarks>Peng et al., YaRN (2023), sections 3.2 and 3.4.</remarks>
    private static double ScaleByTurns(double[] frequencies, ArchitectureKeys keys, double factor, int original, double ropeBase)
    {
        keys.Require("rope.scaling.yarn_ext_factor", 1.0, "only a whole ramp (1) is supported");
        var width = 2 * frequencies.Length;
        double PairThatTurns(double times) => width * Math.Log(original / (times * 2 * Math.PI)) / (2 * Math.Log(ropeBase));
        var first = Math.Max(Math.Floor(PairThatTurns(keys.Positive("rope.scaling.yarn_beta_fast", otherwise: 32))), 0);
        var last = Math.Min(Math.Ceiling(PairThatTurns(keys.Positive("rope.scaling.yarn_beta_slow", otherwise: 1))), width - 1);
        Scale(frequencies, i =>
        {
            var slowed = Math.Clamp((i - first) / Math.Max(last - first, 0.001), 0, 1);
            return 1 - slowed + (slowed / factor);
        });

        double Attention(double weight) => factor <= 1 ? 1 : (0.1 * weight * Math.Log(factor)) + 1;
        var computed = Attention(1) / Attention(keys.Real("rope.scaling.yarn_log_multiplier", 0));
        return keys.Positive("rope.scaling.yarn_attn_factor", otherwise: computed);
    }

    private static void Divide(double[] frequencies, float[]? divisors)
    {
        if (divisors is not null)
        {
            Scale(frequencies, i => 1.0 / divisors[i]);
        }
    }

    private static void Scale(double[] frequencies, Func<int, double> scale)
    {
        for (var i = 0; i < frequencies.Length; i++)
        {
            frequencies[i] *= scale(i);
        }
    }
}
