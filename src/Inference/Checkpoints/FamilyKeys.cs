using Tollgate.Inference.Models;

namespace Tollgate.Inference.Checkpoints;

/// <summary>What each family's configuration says, as keys of GGUF. Defaults are those of the family's configuration class.</summary>
internal static class FamilyKeys
{
    private const int Most = 1 << 24;

    /// <summary>The last of every so many layers of a SmolLM3 does not rotate.</summary>
    private const int SmolLmInterval = 4;

    public static void Llama(CheckpointConfig config, GgufKeys keys)
    {
        var headWidth = WriteShape(config, keys);
        config.Require("hidden_act", "silu", "swish");
        config.Require("partial_rotary_factor", 1);
        config.Require("rope_interleaved", false);
        config.Require("use_bidirectional_attention", false);
        keys.Set("vocab_size", config.Number("vocab_size", 1, Most));
        keys.Set("rope.dimension_count", headWidth);
        RopeKeys.Write(config, keys, headWidth);
        if (config.Text("model_type") == "mistral" && config.Find("sliding_window") is not null)
        {
            keys.Set("attention.sliding_window", config.Number("sliding_window", 1, int.MaxValue));
        }
    }

    public static void Qwen(CheckpointConfig config, GgufKeys keys)
    {
        var headWidth = WriteShape(config, keys);
        config.Require("hidden_act", "silu", "swish");
        RopeKeys.Write(config, keys, headWidth);
        RequireFullAttention(config);
    }

    public static void Gemma(CheckpointConfig config, GgufKeys keys)
    {
        var headWidth = WriteGemma(config, keys, heads: 16, keyValueHeads: 16);
        keys.Set("attention.scale", 1 / Math.Sqrt(headWidth));
        RopeKeys.Write(config, keys, headWidth);
    }

    public static void Gemma2(CheckpointConfig config, GgufKeys keys)
    {
        var headWidth = WriteGemma(config, keys, heads: 8, keyValueHeads: 4);
        keys.Set("attention.scale", 1 / Math.Sqrt(config.Positive("query_pre_attn_scalar", 256)));
        RopeKeys.Write(config, keys, headWidth);
        keys.Set("attn_logit_softcapping", config.Positive("attn_logit_softcapping", 50));
        keys.Set("final_logit_softcapping", config.Positive("final_logit_softcapping", 30));
        keys.Set("attention.sliding_window", config.Number("sliding_window", 1, int.MaxValue, 4096));
        config.Require("use_bidirectional_attention", false);
        RequireLayers(config, layer => layer % 2 == 0 ? "sliding_attention" : "full_attention");
    }

    public static void Gemma3(CheckpointConfig config, GgufKeys keys)
    {
        var headWidth = WriteGemma(config, keys, heads: 8, keyValueHeads: 4);
        keys.Set("attention.scale", 1 / Math.Sqrt(config.Positive("query_pre_attn_scalar", 256)));
        WriteGemmaRope(config, keys, headWidth);
        if (config.Find("final_logit_softcapping") is not null)
        {
            keys.Set("final_logit_softcapping", config.Positive("final_logit_softcapping", 30));
        }

        config.Require("use_bidirectional_attention", false);
        keys.Set("attention.sliding_window", config.Number("sliding_window", 1, int.MaxValue, 4096));
        // Two names, of older and of newer programs, for: the last of every so many layers has no window.
        var every = config.Number("sliding_window_pattern", 2, 512, config.Number("_sliding_window_pattern", 2, 512, 6));
        config.Ignore("_sliding_window_pattern");
        keys.Set("attention.sliding_window_pattern", every);
        RequireLayers(config, layer => (layer + 1) % every == 0 ? "full_attention" : "sliding_attention");
    }

    public static void Phi3(CheckpointConfig config, GgufKeys keys)
    {
        var headWidth = WriteShape(config, keys);
        config.Require("hidden_act", "silu", "swish");
        config.Require("attention_bias", false);
        var rotated = (int)(headWidth * config.Real("partial_rotary_factor", 1));
        keys.Set("rope.dimension_count", rotated);
        keys.Set("rope.scaling.original_context_length", config.Number("original_max_position_embeddings", 2, int.MaxValue, 4096));
        RopeKeys.Write(config, keys, rotated);
        // Always a key: without it the format's readers guess a window.
        keys.Set("attention.sliding_window", config.Number("sliding_window", 0, int.MaxValue, 0));
    }

    public static void SmolLm3(CheckpointConfig config, GgufKeys keys)
    {
        var headWidth = WriteShape(config, keys);
        config.Require("hidden_act", "silu", "swish");
        keys.Set("vocab_size", config.Number("vocab_size", 1, Most));
        keys.Set("rope.dimension_count", headWidth);
        RopeKeys.Write(config, keys, headWidth, theta: 2_000_000);
        RequireFullAttention(config);
        config.Require("no_rope_layer_interval", SmolLmInterval);
        if (config.Reals("no_rope_layers") is { } rotates
            && !rotates.Select((one, layer) => one == ((layer + 1) % SmolLmInterval == 0 ? 0 : 1)).All(same => same))
        {
            throw new ModelImportException(
                $"'no_rope_layers' of 'config.json' must be 0 for every {SmolLmInterval}th layer and 1 for the others.");
        }
    }

    public static void Gpt2(CheckpointConfig config, GgufKeys keys)
    {
        var width = config.Number("n_embd", 1, Most, 768);
        var context = config.Number("n_positions", 2, Most, 1024);
        config.Require("n_ctx", context);
        keys.Set("block_count", config.Number("n_layer", 1, Most, 12));
        keys.Set("context_length", context);
        keys.Set("embedding_length", width);
        keys.Set("feed_forward_length", config.Number("n_inner", 1, Most, 4 * width));
        keys.Set("attention.head_count", config.Number("n_head", 1, Most, 12));
        keys.Set("attention.layer_norm_epsilon", config.Real("layer_norm_epsilon", 1e-5));
        config.Require("activation_function", "gelu_new", "gelu_pytorch_tanh");
        config.Require("scale_attn_weights", true);
        config.Require("scale_attn_by_inverse_layer_idx", false);
        config.Require("add_cross_attention", false);
        config.Ignore("vocab_size"); // the tables say it
    }

    /// <summary>Sizes that all but GPT-2 state alike; returns the width of a head.</summary>
    private static int WriteShape(CheckpointConfig config, GgufKeys keys)
    {
        var width = config.Number("hidden_size", 1, Most);
        var heads = config.Number("num_attention_heads", 1, Most);
        var headWidth = config.Number("head_dim", 2, Most, width / heads);
        keys.Set("block_count", config.Number("num_hidden_layers", 1, Most));
        keys.Set("context_length", config.Number("max_position_embeddings", 2, int.MaxValue));
        keys.Set("embedding_length", width);
        keys.Set("feed_forward_length", config.Number("intermediate_size", 1, Most));
        keys.Set("attention.head_count", heads);
        keys.Set("attention.head_count_kv", config.Number("num_key_value_heads", 1, Most, heads));
        keys.Set("attention.layer_norm_rms_epsilon", config.Real("rms_norm_eps", 1e-6));
        if (config.Find("head_dim") is not null)
        {
            keys.Set("attention.key_length", headWidth);
            keys.Set("attention.value_length", headWidth);
        }

        config.Ignore("vocab_size"); // the tables say it
        return headWidth;
    }

    private static int WriteGemma(CheckpointConfig config, GgufKeys keys, int heads, int keyValueHeads)
    {
        var headWidth = config.Number("head_dim", 2, Most, 256);
        keys.Set("block_count", config.Number("num_hidden_layers", 1, Most));
        keys.Set("context_length", config.Number("max_position_embeddings", 2, int.MaxValue, 8192));
        keys.Set("embedding_length", config.Number("hidden_size", 1, Most));
        keys.Set("feed_forward_length", config.Number("intermediate_size", 1, Most));
        keys.Set("attention.head_count", config.Number("num_attention_heads", 1, Most, heads));
        keys.Set("attention.head_count_kv", config.Number("num_key_value_heads", 1, Most, keyValueHeads));
        keys.Set("attention.layer_norm_rms_epsilon", config.Real("rms_norm_eps", 1e-6));
        keys.Set("attention.key_length", headWidth);
        keys.Set("attention.value_length", headWidth);
        config.Require("hidden_activation", "gelu_pytorch_tanh");
        config.Ignore("hidden_act", "vocab_size"); // the older name, which the library does not read either; the tables
        return headWidth;
    }

    /// <summary>Gemma 3 rotates by one base in layers that see all, by another in those with a window.</summary>
    private static void WriteGemmaRope(CheckpointConfig config, GgufKeys keys, int headWidth)
    {
        const double GlobalBase = 1_000_000;
        const double LocalBase = 10_000;
        if (config.Part("rope_parameters") is { } parameters && parameters.Part("sliding_attention") is { } local)
        {
            local.Require("rope_type", "default");
            keys.Set("rope.freq_base_swa", local.Positive("rope_theta", LocalBase));
            local.RefuseOthers();
            var full = parameters.Part("full_attention") ?? throw new ModelImportException("'rope_parameters' lacks 'full_attention'.");
            RopeKeys.WriteParameters(config, full, keys, headWidth, GlobalBase);
            parameters.RefuseOthers();
            return;
        }

        keys.Set("rope.freq_base_swa", config.Positive("rope_local_base_freq", LocalBase));
        RopeKeys.Write(config, keys, headWidth, GlobalBase);
    }

    private static void RequireFullAttention(CheckpointConfig config)
    {
        config.Require("use_sliding_window", false);
        config.Ignore("sliding_window", "max_window_layers"); // of no effect without use_sliding_window
        RequireLayers(config, _ => "full_attention");
    }

    private static void RequireLayers(CheckpointConfig config, Func<int, string> expected)
    {
        var types = config.Texts("layer_types") ?? [];
        for (var layer = 0; layer < types.Length; layer++)
        {
            if (types[layer] != expected(layer))
            {
                throw new ModelImportException($"'layer_types' of 'config.json' has '{types[layer]}' for layer {layer}; "
                    + $"supported there: {expected(layer)}.");
            }
        }
    }
}
