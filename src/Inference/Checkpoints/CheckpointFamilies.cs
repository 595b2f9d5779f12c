using Tollgate.Inference.Models;

namespace Tollgate.Inference.Checkpoints;

/// <summary>The families whose folders are taken. One line adds one, with its keys in <see cref="FamilyKeys"/>.</summary>
/// <remarks>What GGUF's convention does to weights is taken from the behaviour of llama.cpp's converter.</remarks>
internal static class CheckpointFamilies
{
    private static readonly TensorRule[] Ends =
        [new("model.embed_tokens.weight", "token_embd.weight"), new("model.norm.weight", "output_norm.weight")];

    private static readonly TensorRule[] GatedFeedForward =
    [
        Layer("mlp.gate_proj", "ffn_gate"), Layer("mlp.up_proj", "ffn_up"), Layer("mlp.down_proj", "ffn_down"),
    ];

    private static readonly TensorRule[] GatedBiases =
    [
        Bias("mlp.gate_proj", "ffn_gate", "mlp_bias"), Bias("mlp.up_proj", "ffn_up", "mlp_bias"),
        Bias("mlp.down_proj", "ffn_down", "mlp_bias"),
    ];

    private static readonly TensorRule[] TwoNorms =
        [Layer("input_layernorm", "attn_norm"), Layer("post_attention_layernorm", "ffn_norm")];

    private static readonly TensorRule[] PairedAttention =
    [
        Layer("self_attn.q_proj", "attn_q", TensorChange.PairQueries), Layer("self_attn.k_proj", "attn_k", TensorChange.PairKeys),
        Layer("self_attn.v_proj", "attn_v"), Layer("self_attn.o_proj", "attn_output"),
        Bias("self_attn.q_proj", "attn_q", "attention_bias", TensorChange.PairQueries),
        Bias("self_attn.k_proj", "attn_k", "attention_bias", TensorChange.PairKeys),
        Bias("self_attn.v_proj", "attn_v", "attention_bias"), Bias("self_attn.o_proj", "attn_output", "attention_bias"),
    ];

    private static readonly TensorRule[] Attention =
    [
        Layer("self_attn.q_proj", "attn_q"), Layer("self_attn.k_proj", "attn_k"), Layer("self_attn.v_proj", "attn_v"),
        Layer("self_attn.o_proj", "attn_output"),
    ];

    private static readonly TensorRule[] AttentionBiases =
    [
        Bias("self_attn.q_proj", "attn_q", "attention_bias"), Bias("self_attn.k_proj", "attn_k", "attention_bias"),
        Bias("self_attn.v_proj", "attn_v", "attention_bias"), Bias("self_attn.o_proj", "attn_output", "attention_bias"),
    ];

    private static readonly TensorRule[] HeadNorms =
        [Layer("self_attn.q_norm", "attn_q_norm"), Layer("self_attn.k_norm", "attn_k_norm")];

    private static readonly TensorRule[] FourNorms =
    [
        Layer("input_layernorm", "attn_norm"), Layer("post_attention_layernorm", "post_attention_norm"),
        Layer("pre_feedforward_layernorm", "ffn_norm"), Layer("post_feedforward_layernorm", "post_ffw_norm"),
    ];

    private static readonly TensorRule[] GptBlocks =
    [
        new("wte.weight", "token_embd.weight"), new("wpe.weight", "position_embd.weight"),
        new("ln_f.weight", "output_norm.weight"), new("ln_f.bias", "output_norm.bias"),
        .. Gpt("ln_1", "attn_norm", TensorChange.None), .. Gpt("attn.c_attn", "attn_qkv", TensorChange.Transpose),
        .. Gpt("attn.c_proj", "attn_output", TensorChange.Transpose), .. Gpt("ln_2", "ffn_norm", TensorChange.None),
        .. Gpt("mlp.c_fc", "ffn_up", TensorChange.Transpose), .. Gpt("mlp.c_proj", "ffn_down", TensorChange.Transpose),
    ];

    public static IReadOnlyList<CheckpointFamily> All { get; } =
    [
        new("llama", ["LlamaForCausalLM", "MistralForCausalLM"], "llama",
            [.. Ends, .. TwoNorms, .. PairedAttention, .. GatedFeedForward, .. GatedBiases], FamilyKeys.Llama),
        new("qwen2", ["Qwen2ForCausalLM"], "qwen2",
            [.. Ends, .. TwoNorms, .. Attention, .. AttentionBiases.Take(3).Select(rule => rule with { Switch = null }),
                .. GatedFeedForward],
            FamilyKeys.Qwen),
        new("qwen3", ["Qwen3ForCausalLM"], "qwen3",
            [.. Ends, .. TwoNorms, .. Attention, .. AttentionBiases, .. HeadNorms, .. GatedFeedForward], FamilyKeys.Qwen),
        new("gemma", ["GemmaForCausalLM"], "gemma",
            [.. AddOne([.. Ends, .. TwoNorms]), .. Attention, .. AttentionBiases, .. GatedFeedForward], FamilyKeys.Gemma)
        {
            Ties = true,
        },
        new("gemma2", ["Gemma2ForCausalLM"], "gemma2",
            [.. AddOne([.. Ends, .. FourNorms]), .. Attention, .. AttentionBiases, .. GatedFeedForward], FamilyKeys.Gemma2)
        {
            Ties = true,
        },
        new("gemma3", ["Gemma3ForCausalLM"], "gemma3_text",
            [.. AddOne([.. Ends, .. FourNorms, .. HeadNorms]), .. Attention, .. AttentionBiases, .. GatedFeedForward], FamilyKeys.Gemma3)
        {
            Ties = true,
        },
        new("phi3", ["Phi3ForCausalLM"], "phi3",
            [.. Ends, .. TwoNorms, Layer("self_attn.qkv_proj", "attn_qkv"), Layer("self_attn.o_proj", "attn_output"),
                Layer("mlp.gate_up_proj", "ffn_up"), Layer("mlp.down_proj", "ffn_down")],
            FamilyKeys.Phi3),
        new("smollm3", ["SmolLM3ForCausalLM"], "smollm3",
            [.. Ends, .. TwoNorms, .. PairedAttention, .. GatedFeedForward, .. GatedBiases], FamilyKeys.SmolLm3)
        {
            Ties = true,
        },
        new("gpt2", ["GPT2LMHeadModel"], "gpt2", GptBlocks, FamilyKeys.Gpt2)
        {
            Ties = true,
            Prefix = "transformer.",
            Ignored = ["h.#.attn.bias", "h.#.attn.masked_bias"], // what hides later positions
        },
    ];

    /// <summary>Names of the classes that are taken.</summary>
    public static string Names => string.Join(", ", All.SelectMany(family => family.Classes));

    /// <summary>Finds the family of a configuration.</summary>
    /// <exception cref="ModelImportException">It is of none that is taken, or its weights are quantized.</exception>
    public static CheckpointFamily Find(CheckpointConfig config)
    {
        var classes = config.Texts("architectures") ?? [];
        var type = config.Text("model_type");
        var family = classes.Length > 0
            ? All.FirstOrDefault(one => classes.Length == 1 && one.Classes.Contains(classes[0]))
            : All.FirstOrDefault(one => one.Type == type);
        if (family is null)
        {
            var found = classes.Length > 0 ? string.Join(", ", classes) : type ?? "none";
            throw new ModelImportException(
                $"The folder holds a model of the architecture '{found}'. Folders with safetensors are taken of: {Names}."
                + (found.Contains("ForCausalLM", StringComparison.Ordinal) ? "" : " Encoders are imported as ONNX."));
        }

        foreach (var name in (ReadOnlySpan<string>)["quantization_config", "compression_config"])
        {
            if (config.Part(name) is { } quantized)
            {
                var method = quantized.Text("quant_method") ?? "an unnamed method";
                throw new ModelImportException($"The weights are quantized by '{method}' ({name}), which is not supported. "
                    + "Take the model that was quantized, in F32, F16 or BF16, or a GGUF file of it.");
            }
        }

        return family;
    }

    private static TensorRule Layer(string source, string target, TensorChange change = TensorChange.None) =>
        new($"model.layers.#.{source}.weight", $"blk.#.{target}.weight", change);

    private static TensorRule Bias(string source, string target, string member, TensorChange change = TensorChange.None) =>
        new($"model.layers.#.{source}.bias", $"blk.#.{target}.bias", change, member);

    private static TensorRule[] Gpt(string source, string target, TensorChange change) =>
    [
        new($"h.#.{source}.weight", $"blk.#.{target}.weight", change), new($"h.#.{source}.bias", $"blk.#.{target}.bias"),
    ];

    /// <summary>Norms whose weights are stated as differences to 1.</summary>
    private static IEnumerable<TensorRule> AddOne(IEnumerable<TensorRule> rules) => rules.Select(rule =>
        rule.Target.Contains("norm", StringComparison.Ordinal) ? rule with { Change = TensorChange.AddOne } : rule);
}
