using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Diffusion;

/// <summary>
/// Reads a Diffusers <c>scheduler_config.json</c>: a closed world. A member that is missing has the default of its class. A member of
/// another class is without effect, as in Diffusers. An unknown member, or a value whose method is not here, is refused by its name.
/// </summary>
internal sealed class SchedulerConfig
{
    private static readonly Dictionary<string, SchedulerKind> Kinds = new(StringComparer.Ordinal)
    {
        ["DDIMScheduler"] = SchedulerKind.Ddim,
        ["PNDMScheduler"] = SchedulerKind.Pndm,
        ["EulerDiscreteScheduler"] = SchedulerKind.Euler,
        ["EulerAncestralDiscreteScheduler"] = SchedulerKind.EulerAncestral,
        ["DPMSolverMultistepScheduler"] = SchedulerKind.DpmSolver,
        ["LCMScheduler"] = SchedulerKind.Lcm,
    };

    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "trained_betas", "prediction_type", "timestep_spacing",
        "steps_offset", "rescale_betas_zero_snr", "clip_sample", "clip_sample_range", "set_alpha_to_one", "thresholding",
        "dynamic_thresholding_ratio", "sample_max_value", "skip_prk_steps", "use_karras_sigmas", "use_exponential_sigmas",
        "use_beta_sigmas", "use_lu_lambdas", "use_flow_sigmas", "flow_shift", "final_sigmas_type", "interpolation_type", "timestep_type",
        "sigma_min", "sigma_max", "solver_order", "algorithm_type", "solver_type", "lower_order_final", "euler_at_final",
        "lambda_min_clipped", "variance_type", "use_dynamic_shifting", "time_shift_type", "original_inference_steps", "timestep_scaling",
    };

    private readonly JsonElement _root;
    private readonly SchedulerKind _kind;

    private SchedulerConfig(JsonElement root)
    {
        _root = root;
        var name = Text("_class_name", "");
        _kind = Kinds.TryGetValue(name, out var kind) ? kind : throw new ModelImportException(
            $"The scheduler '{name}' is not supported; these are: {string.Join(", ", Kinds.Keys)}.");
    }

    /// <exception cref="ModelImportException">The configuration asks for what is not supported; the message names it.</exception>
    public static SchedulerSettings Read(JsonElement root) => new SchedulerConfig(root).Read();

    private SchedulerSettings Read()
    {
        foreach (var member in _root.EnumerateObject().Where(member => !member.Name.StartsWith('_') && !Known.Contains(member.Name)))
        {
            throw new ModelImportException($"The scheduler's member '{member.Name}' is not known.");
        }

        RefuseOtherMethods();
        var zeroTerminal = Flag("rescale_betas_zero_snr", false) && _kind != SchedulerKind.Pndm; // PNDM does not have the member.
        var prediction = Choose("prediction_type", "epsilon", ("epsilon", PredictionType.Epsilon), ("v_prediction", PredictionType.V),
            ("sample", PredictionType.Sample));
        var onSigma = _kind is SchedulerKind.Euler or SchedulerKind.EulerAncestral or SchedulerKind.DpmSolver;
        if (zeroTerminal && prediction == PredictionType.Epsilon && !onSigma)
        {
            throw new ModelImportException(
                "The scheduler's 'prediction_type' epsilon has no answer where 'rescale_betas_zero_snr' leaves no signal.");
        }

        if (prediction == PredictionType.Sample && (_kind is SchedulerKind.Pndm or SchedulerKind.EulerAncestral))
        {
            throw Unsupported("prediction_type", "sample");
        }

        var alphas = NoiseSchedule.Accumulate(Betas());
        return new SchedulerSettings(
            _kind,
            zeroTerminal ? NoiseSchedule.ToZeroTerminal(alphas, onSigma) : alphas,
            prediction,
            Spacing())
        {
            StepsOffset = Whole("steps_offset", 0, 0, alphas.Length - 1),
            Clip = Clip(),
            EndsAtOne = Flag("set_alpha_to_one", _kind != SchedulerKind.Pndm),
            KarrasSigmas = onSigma && _kind != SchedulerKind.EulerAncestral && Flag("use_karras_sigmas", false),
            EndsAtSigmaZero = _kind == SchedulerKind.EulerAncestral
                || Choose("final_sigmas_type", "zero", ("zero", true), ("sigma_min", false)),
            SolverOrder = _kind == SchedulerKind.DpmSolver ? Whole("solver_order", 2, 1, 2) : 1,
            LowerOrderFinal = Flag("lower_order_final", true),
            EulerAtFinal = Flag("euler_at_final", false),
            OriginalSteps = Whole("original_inference_steps", Math.Min(50, alphas.Length), 1, alphas.Length),
            TimestepScaling = Number("timestep_scaling", 10),
        };
    }

    private void RefuseOtherMethods()
    {
        if (_kind is SchedulerKind.Ddim or SchedulerKind.DpmSolver or SchedulerKind.Lcm)
        {
            Expect("thresholding", false);
        }

        switch (_kind)
        {
            case SchedulerKind.Pndm:
                if (!Flag("skip_prk_steps", false))
                {
                    throw Unsupported("skip_prk_steps", "false");
                }

                break;
            case SchedulerKind.Euler:
                Expect("use_exponential_sigmas", false);
                Expect("use_beta_sigmas", false);
                Expect("interpolation_type", "linear");
                ExpectNothing("sigma_min", "sigma_max");
                if (Text("prediction_type", "epsilon") == "v_prediction")
                {
                    Expect("timestep_type", "discrete"); // Of other predictions it changes nothing.
                }

                break;
            case SchedulerKind.DpmSolver:
                Expect("algorithm_type", "dpmsolver++");
                Expect("solver_type", "midpoint");
                foreach (var member in (ReadOnlySpan<string>)
                    ["use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas", "use_flow_sigmas", "use_dynamic_shifting"])
                {
                    Expect(member, false);
                }

                ExpectNothing("variance_type", "sigma_min", "sigma_max");
                Expect("lambda_min_clipped", "-Infinity");
                break;
        }
    }

    private float[] Betas()
    {
        if (Find("trained_betas") is { } trained)
        {
            return trained.ValueKind == JsonValueKind.Array && trained.GetArrayLength() is >= 2 and <= 100_000
                ? [.. trained.EnumerateArray().Select(beta => (float)Number("trained_betas", beta, 0, 1))]
                : throw Unsupported("trained_betas", "a value other than a list of numbers");
        }

        var count = Whole("num_train_timesteps", 1_000, 2, 100_000);
        var (start, end) = _kind == SchedulerKind.Lcm
            ? (Number("beta_start", 0.00085, 0, 1), Number("beta_end", 0.012, 0, 1))
            : (Number("beta_start", 0.0001, 0, 1), Number("beta_end", 0.02, 0, 1));
        return Text("beta_schedule", _kind == SchedulerKind.Lcm ? "scaled_linear" : "linear") switch
        {
            "linear" => NoiseSchedule.Linear((float)start, (float)end, count),
            "scaled_linear" => NoiseSchedule.ScaledLinear(start, end, count),
            "squaredcos_cap_v2" => NoiseSchedule.SquaredCosine(count),
            var other => throw Unsupported("beta_schedule", other),
        };
    }

    private TimestepSpacing Spacing() => Choose(
        "timestep_spacing",
        _kind is SchedulerKind.Euler or SchedulerKind.EulerAncestral or SchedulerKind.DpmSolver ? "linspace" : "leading",
        ("leading", TimestepSpacing.Leading), ("linspace", TimestepSpacing.Linspace), ("trailing", TimestepSpacing.Trailing));

    private float? Clip()
    {
        var clips = _kind is SchedulerKind.Ddim or SchedulerKind.Lcm && Flag("clip_sample", _kind == SchedulerKind.Ddim);
        return clips ? (float)Number("clip_sample_range", 1, 0, 1e6) : null;
    }

    private T Choose<T>(string member, string missing, params ReadOnlySpan<(string Text, T Value)> choices)
    {
        var text = Text(member, missing);
        foreach (var choice in choices)
        {
            if (choice.Text == text)
            {
                return choice.Value;
            }
        }

        throw Unsupported(member, text);
    }

    private void Expect(string member, bool only)
    {
        if (Flag(member, only) != only)
        {
            throw Unsupported(member, only ? "false" : "true");
        }
    }

    private void Expect(string member, string only)
    {
        if (Text(member, only) is var text && text != only)
        {
            throw Unsupported(member, text);
        }
    }

    private void ExpectNothing(params ReadOnlySpan<string> members)
    {
        foreach (var member in members)
        {
            if (Find(member) is { } value)
            {
                throw Unsupported(member, value.ToString());
            }
        }
    }

    private JsonElement? Find(string member) =>
        _root.TryGetProperty(member, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private bool Flag(string member, bool missing) => Find(member) switch
    {
        null => missing,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } other => throw Unsupported(member, other.ToString()),
    };

    private string Text(string member, string missing) => Find(member) switch
    {
        null => missing,
        { ValueKind: JsonValueKind.String } text => text.GetString()!,
        { } other => throw Unsupported(member, other.ToString()),
    };

    private int Whole(string member, int missing, int least, int most) =>
        (int)Number(member, missing, least, most) is var whole && whole == Number(member, missing, least, most)
            ? whole
            : throw Unsupported(member, "a fraction");

    private double Number(string member, double missing, double least = 0, double most = 1e9) =>
        Find(member) is { } value ? Number(member, value, least, most) : missing;

    private static double Number(string member, JsonElement value, double least, double most) =>
        value.ValueKind == JsonValueKind.Number && value.GetDouble() is var number && number >= least && number <= most
            ? number
            : throw Unsupported(member, value.ToString());

    private static ModelImportException Unsupported(string member, string value) =>
        new($"The scheduler's member '{member}' is {(value.Length <= 60 ? value : $"{value[..60]}…")}, which is not supported.");
}
