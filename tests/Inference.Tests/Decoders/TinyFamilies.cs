using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tests.Decoders;

/// <summary>A small model of each family, and of each way in which files of one family differ.</summary>
internal static class TinyFamilies
{
    private static readonly TinyFamily Gemma2 = new("gemma2", "gemma2")
    {
        Layers = 4,
        PostNorms = true,
        Keys =
        [
            ("attention.key_length", 16), ("attention.value_length", 16), ("attention.sliding_window", 8), ("attn_logit_softcapping", 3f),
            ("final_logit_softcapping", 5f),
        ],
    };

    private static readonly TinyFamily Gemma3 = new("gemma3", "gemma3")
    {
        Layers = 7,
        HeadWidth = 24, // a width that the attention kernel does not run
        HeadNorms = true,
        PostNorms = true,
        Keys =
        [
            ("attention.sliding_window", 8), ("rope.freq_base", 1_000_000f), ("rope.scaling.type", "linear"), ("rope.scaling.factor", 8f),
        ],
    };

    private static readonly TinyFamily Phi3 = new("phi3", "phi3")
    {
        PacksInputs = true,
        PacksGate = true,
        OutputMatrix = true,
        Keys = [("rope.dimension_count", 16), ("rope.freq_base", 10_000f), ("attention.sliding_window", 0)],
    };

    private static readonly TinyFamily Phi4 = Phi3 with
    {
        Name = "phi4-mini: long factors over a part of each head",
        OutputMatrix = false,
        Context = 512,
        Divisors = new Dictionary<string, float[]>
        {
            ["rope_factors_long.weight"] = [1, 1.5f, 2, 3, 5, 8], ["rope_factors_short.weight"] = [1, 1, 1.1f, 1.2f, 1.3f, 1.5f],
        },
        Keys =
        [
            ("rope.dimension_count", 12), ("rope.freq_base", 10_000f), ("rope.scaling.original_context_length", 256),
            ("rope.scaling.attn_factor", 1.19f), ("attention.sliding_window", 4096),
        ],
    };

    private static readonly TinyFamily Yarn = new("qwen2: YaRN", "qwen2")
    {
        InputBiases = true,
        Keys =
        [
            ("rope.freq_base", 1_000f), ("rope.scaling.type", "yarn"), ("rope.scaling.factor", 4f),
            ("rope.scaling.original_context_length", 64),
        ],
    };

    public static IReadOnlyList<TinyFamily> All { get; } =
    [
        new("llama: grouped heads", "llama") { Keys = [("rope.dimension_count", 16), ("vocab_size", TinyFamily.Vocabulary)] },
        new("llama: equal heads", "llama") { KeyValueHeads = 4, OutputMatrix = true },
        new("llama: one key head", "llama") { KeyValueHeads = 1, HeadWidth = 8, OutputMatrix = true },
        new("llama: packed inputs and biases", "llama") { PacksInputs = true, InputBiases = true, OtherBiases = true },
        new("llama: linear scaling", "llama") { Keys = [("rope.scaling.type", "linear"), ("rope.scaling.factor", 4f)] },
        new("llama 3: frequencies divided", "llama")
        {
            Divisors = new Dictionary<string, float[]> { ["rope_freqs.weight"] = [1, 1, 1.5f, 2.5f, 4, 6, 8, 8] },
            Keys = [("rope.freq_base", 500_000f)],
        },
        new("mistral: a window", "llama") { HasOracle = false, Keys = [("attention.sliding_window", 9)] },
        new("mistral3: YaRN with its own ramp", "mistral3")
        {
            HeadWidth = 32,
            Keys =
            [
                ("rope.dimension_count", 32), ("rope.freq_base", 10_000f), ("rope.scaling.type", "yarn"), ("rope.scaling.factor", 16f),
                ("rope.scaling.original_context_length", 128), ("rope.scaling.yarn_beta_fast", 8f), ("rope.scaling.yarn_beta_slow", 0.5f),
                ("rope.scaling.yarn_log_multiplier", 0.5f),
            ],
        },
        new("mistral3: queries that grow", "mistral3")
        {
            Keys =
            [
                ("rope.scaling.type", "yarn"), ("rope.scaling.factor", 16f), ("rope.scaling.original_context_length", 16),
                ("rope.scaling.yarn_log_multiplier", 1f), ("attention.temperature_scale", 0.4f),
            ],
        },
        new("smollm3", "smollm3") { Layers = 5, Keys = [("rope.dimension_count", 16), ("rope.freq_base", 100_000f)] },
        new("qwen2", "qwen2") { InputBiases = true, OutputMatrix = true },
        Yarn,
        Yarn with { Name = "qwen2: YaRN with a factor of attention", Keys = [.. Yarn.Keys, ("rope.scaling.attn_factor", 0.7f)] },
        new("qwen3", "qwen3") { HeadWidth = 32, HeadNorms = true, Keys = [("rope.freq_base", 1_000_000f)] },
        new("gemma", "gemma") { HeadWidth = 32, KeyValueHeads = 1 },
        new("gemma: wide heads", "gemma") { HeadWidth = 256, Heads = 2, KeyValueHeads = 1 },
        Gemma2,
        Gemma2 with { Name = "gemma2: as many layers as 27B", Layers = 46, Width = 32, HeadWidth = 16, Heads = 4 },
        Gemma3,
        Gemma3 with { Name = "gemma3: no window", Keys = [("rope.freq_base", 1_000_000f)] },
        Gemma3 with
        {
            Name = "gemma3: its own pattern and local base",
            Layers = 4,
            Keys = [("attention.sliding_window", 8), ("attention.sliding_window_pattern", 2), ("rope.freq_base_swa", 500f)],
        },
        Phi3,
        Phi3 with { Name = "phi3: a window", HasOracle = false, Keys = [("attention.sliding_window", 9)] },
        Phi4,
        Phi4 with { Name = "phi4-mini: short factors", Context = 256 },
        new("gpt2", "gpt2")
        {
            KeyValueHeads = 4,
            PacksInputs = true,
            InputBiases = true,
            OtherBiases = true,
            CentredNorms = true,
            Gated = false,
            LearnedPositions = true,
        },
    ];

    /// <summary>Files whose matrices are blocks; the last has some that cannot stay blocks.</summary>
    public static IReadOnlyList<TinyFamily> Quantized { get; } =
    [
        new("llama: blocks of 4 bits", "llama") { HasOracle = false, Encodings = [TensorEncoding.Q4_0] },
        new("llama: every block of 32", "llama")
        {
            HasOracle = false,
            OutputMatrix = true,
            FeedForward = 96,
            Encodings =
                [TensorEncoding.Q4_1, TensorEncoding.Q8_0, TensorEncoding.Q4_0, TensorEncoding.Q5_1, TensorEncoding.Q5_0],
        },
        new("qwen3: every block of 256", "qwen3")
        {
            HasOracle = false,
            Width = 256,
            HeadWidth = 64,
            FeedForward = 512,
            HeadNorms = true,
            Encodings = [TensorEncoding.Q6_K, TensorEncoding.Q4_K, TensorEncoding.Q5_K],
        },
        new("gpt2: packed inputs in blocks", "gpt2")
        {
            HasOracle = false,
            KeyValueHeads = 4,
            PacksInputs = true,
            InputBiases = true,
            OtherBiases = true,
            CentredNorms = true,
            Gated = false,
            LearnedPositions = true,
            Encodings = [TensorEncoding.Q4_1],
        },
        new("llama: narrow heads in blocks", "llama")
        {
            HasOracle = false, KeyValueHeads = 1, HeadWidth = 8, Encodings = [TensorEncoding.Q8_0],
        },
    ];

    /// <summary>Imported in fewer bits than their files have, or with inputs of fewer.</summary>
    public static IReadOnlyList<TinyFamily> Rounded { get; } =
    [
        new("llama: rounded to 8 bits", "llama") { HasOracle = false, Precision = ModelPrecisions.Int8 },
        new("gemma: rounded to 8 bits", "gemma")
        {
            HasOracle = false, HeadWidth = 32, KeyValueHeads = 1, Precision = ModelPrecisions.Int8,
        },
        Quantized[0] with { Name = "llama: 4 bits", Precision = ModelPrecisions.Int4 },
    ];

    public static IReadOnlyList<TinyFamily> Everything { get; } = [.. All, .. Quantized, .. Rounded];
}
