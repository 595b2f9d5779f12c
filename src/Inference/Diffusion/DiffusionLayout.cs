using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Diffusion;

/// <summary>What the configuration files of a text-to-image folder state. The layout is that of Diffusers as ONNX, which Optimum exports:
/// <c>model_index.json</c> and a folder for each part.</summary>
/// <param name="Channels">Channels of a latent picture.</param>
/// <param name="Factor">Pixels of a latent picture's element, each way.</param>
/// <param name="Scaling">The latent picture is divided by this before it is decoded.</param>
/// <param name="NativeHeight">Height of the latent pictures that the model was trained on.</param>
/// <param name="Granule">Latent heights and widths are multiples of this, so that each level of the denoiser halves them evenly.</param>
internal sealed record DiffusionLayout(
    int Channels, int Factor, double Scaling, int NativeHeight, int NativeWidth, int Granule, SchedulerSettings Scheduler)
{
    public const string IndexFile = "model_index.json";
    public const string SchedulerFile = "scheduler/scheduler_config.json";
    public const string TokenizerFolder = "tokenizer";
    public const string SecondTokenizerFolder = "tokenizer_2";
    public const string TextEncoder = "text_encoder";
    public const string SecondTextEncoder = "text_encoder_2";
    public const string Denoiser = "unet";
    public const string Decoder = "vae_decoder";

    private const double DefaultScaling = 0.18215; // Of Stable Diffusion 1, whose early exports do not write it.
    private const int MostLatent = 4096;

    private static readonly string[] Pipelines =
    [
        "StableDiffusionPipeline", "OnnxStableDiffusionPipeline", "ORTStableDiffusionPipeline", "LatentConsistencyModelPipeline",
        "ORTLatentConsistencyModelPipeline",
    ];

    private static readonly string[] TwoEncoderPipelines = ["StableDiffusionXLPipeline", "ORTStableDiffusionXLPipeline"];

    /// <summary>What latent sizes are multiples of where nothing better is known.</summary>
    private const int UsualGranule = 8;

    /// <summary>Parts besides those that draw from text: named so that an unknown part is refused, not ignored.</summary>
    private static readonly HashSet<string> UnusedParts =
        new(StringComparer.Ordinal) { "safety_checker", "feature_extractor", "vae_encoder", "vae" };

    private static readonly HashSet<string> UsedParts =
        new(StringComparer.Ordinal) { TextEncoder, TokenizerFolder, Denoiser, Decoder, "scheduler" };

    private static readonly string[] SecondParts = [SecondTextEncoder, SecondTokenizerFolder];

    /// <summary>Whether there is a second text encoder, whose states stand beside the first one's and which also gives one vector of the
    /// whole text: the layout of Stable Diffusion XL. Podell and others, SDXL (2023), section 2.</summary>
    public bool HasSecondEncoder { get; private init; }

    /// <summary>Whether the unguided row of a request without a negative prompt has zeros, not the states of an empty text.</summary>
    public bool ZeroUnguided { get; private init; }

    /// <exception cref="ModelImportException">A file is missing or unsound, or asks for what is not supported by name.</exception>
    public static DiffusionLayout Read(string folder)
    {
        var index = DiffusersJson.ReadFile(Path.Combine(folder, IndexFile));
        var two = CheckIndex(index);
        var unet = ReadConfig(folder, Denoiser);
        var decoder = ReadConfig(folder, Decoder);
        var channels = Whole(unet, "in_channels", 4, 1, 64);
        if (Whole(unet, "out_channels", channels, 1, 64) != channels || Whole(decoder, "latent_channels", channels, 1, 64) != channels)
        {
            throw new ModelImportException(
                "The denoiser's in_channels, its out_channels and the decoder's latent_channels differ; models that read a picture too, "
                + "for inpainting or editing, are not supported.");
        }

        foreach (var member in (ReadOnlySpan<string>)["shift_factor", "latents_mean", "latents_std"])
        {
            if (decoder.TryGetProperty(member, out var value) && value.ValueKind != JsonValueKind.Null)
            {
                throw new ModelImportException($"The decoder's member '{member}' is not supported.");
            }
        }

        foreach (var member in (ReadOnlySpan<string>)["addition_embed_type", "class_embed_type", "encoder_hid_dim_type"])
        {
            if (unet.TryGetProperty(member, out var value) && value.ValueKind != JsonValueKind.Null
                && !(two && member == "addition_embed_type" && value.ValueKind == JsonValueKind.String && value.ValueEquals("text_time")))
            {
                throw new ModelImportException($"The denoiser's member '{member}' is {value}, which is not supported.");
            }
        }

        var (height, width) = Size(unet);
        return new DiffusionLayout(
            channels,
            1 << (Blocks(decoder, 4) - 1),
            Number(decoder, "scaling_factor", DefaultScaling),
            height,
            width,
            unet.TryGetProperty("block_out_channels", out _) ? 1 << (Blocks(unet, 4) - 1) : UsualGranule,
            SchedulerConfig.Read(DiffusersJson.ReadFile(Path.Combine(folder, SchedulerFile))))
        {
            HasSecondEncoder = two,
            ZeroUnguided = two && !(index.TryGetProperty("force_zeros_for_empty_prompt", out var zeros)
                && zeros.ValueKind == JsonValueKind.False),
        };
    }

    /// <summary>Parts of the folder that a drawing does not use, such as a safety checker.</summary>
    public static IReadOnlyList<string> FindUnused(string folder) =>
        [.. UnusedParts.Where(part => Directory.Exists(Path.Combine(folder, part))).Order(StringComparer.Ordinal)];

    /// <summary>Returns whether the pipeline has two text encoders.</summary>
    private static bool CheckIndex(JsonElement index)
    {
        var name = index.TryGetProperty("_class_name", out var kind) && kind.ValueKind == JsonValueKind.String ? kind.GetString()! : "";
        var two = TwoEncoderPipelines.Contains(name);
        if (!two && !Pipelines.Contains(name))
        {
            throw new ModelImportException(
                $"The pipeline '{name}' is not supported; these are: {string.Join(", ", Pipelines.Concat(TwoEncoderPipelines))}.");
        }

        foreach (var part in index.EnumerateObject().Where(part => part.Value.ValueKind == JsonValueKind.Array))
        {
            var isNamed = part.Value.EnumerateArray().Any(entry => entry.ValueKind != JsonValueKind.Null);
            if (isNamed && !UsedParts.Contains(part.Name) && !UnusedParts.Contains(part.Name)
                && !(two && SecondParts.Contains(part.Name)))
            {
                throw new ModelImportException($"The pipeline's part '{part.Name}' is not supported.");
            }
        }

        return two;
    }

    private static JsonElement ReadConfig(string folder, string part)
    {
        var path = Path.Combine(folder, part, "config.json");
        return File.Exists(path) ? DiffusersJson.ReadFile(path) : DiffusersJson.Read("{}"u8, path);
    }

    private static (int Height, int Width) Size(JsonElement unet)
    {
        if (unet.TryGetProperty("sample_size", out var size) && size.ValueKind == JsonValueKind.Array && size.GetArrayLength() == 2)
        {
            return (Latent(size[0]), Latent(size[1]));
        }

        var side = Whole(unet, "sample_size", 64, 1, MostLatent);
        return (side, side);

        static int Latent(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var latent)
            && latent is >= 1 and <= MostLatent ? latent : throw Unsupported("sample_size", value);
    }

    private static int Blocks(JsonElement config, int missing)
    {
        if (!config.TryGetProperty("block_out_channels", out var blocks))
        {
            return missing;
        }

        return blocks.ValueKind == JsonValueKind.Array && blocks.GetArrayLength() is >= 1 and <= 8
            ? blocks.GetArrayLength() : throw Unsupported("block_out_channels", blocks);
    }

    private static int Whole(JsonElement config, string member, int missing, int least, int most) =>
        !config.TryGetProperty(member, out var value) || value.ValueKind == JsonValueKind.Null ? missing
            : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var whole) && whole >= least && whole <= most ? whole
            : throw Unsupported(member, value);

    private static double Number(JsonElement config, string member, double missing) =>
        !config.TryGetProperty(member, out var value) || value.ValueKind == JsonValueKind.Null ? missing
            : value.ValueKind == JsonValueKind.Number && value.GetDouble() is > 1e-6 and < 1e6 and var number ? number
            : throw Unsupported(member, value);

    private static ModelImportException Unsupported(string member, JsonElement value) =>
        new($"The member '{member}' is {(value.ToString() is { Length: <= 60 } text ? text : "long")}, which is not supported.");
}
