using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Inference.Checkpoints;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Checkpoints;

/// <summary>Published configurations, and the keys that GGUF files of the same models have.</summary>
public sealed class CheckpointFamilyTests
{
    private const string Usual = """
        "initializer_range": 0.02, "torch_dtype": "bfloat16", "transformers_version": "4.57.0", "use_cache": true, "attention_dropout": 0.0,
        """;

    /// <summary>Configuration, and keys without the name of the architecture.</summary>
    public static TheoryData<string, string, string> Published => new()
    {
        {
            "llama", $$$"""
            {{{{Usual}}} "architectures": ["LlamaForCausalLM"], "attention_bias": false, "bos_token_id": 1, "eos_token_id": 2,
            "hidden_act": "silu", "hidden_size": 576, "intermediate_size": 1536, "is_llama_config": true, "max_position_embeddings": 8192,
            "model_type": "llama", "num_attention_heads": 9, "num_hidden_layers": 30, "num_key_value_heads": 3, "pad_token_id": 2,
            "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_interleaved": false, "rope_scaling": null, "rope_theta": 100000,
            "tie_word_embeddings": true, "transformers.js_config": {"kv_cache_dtype": {"q4f16": "float16"}}, "vocab_size": 49152}
            """,
            "block_count 30, context_length 8192, embedding_length 576, feed_forward_length 1536, attention.head_count 9, "
            + "attention.head_count_kv 3, attention.layer_norm_rms_epsilon 1E-05, vocab_size 49152, rope.dimension_count 64, "
            + "rope.freq_base 100000"
        },
        {
            "llama", $$$"""
            {{{{Usual}}} "architectures": ["LlamaForCausalLM"], "attention_bias": false, "bos_token_id": 128000,
            "eos_token_id": [128001, 128008, 128009], "head_dim": 64, "hidden_act": "silu", "hidden_size": 2048, "intermediate_size": 8192,
            "max_position_embeddings": 131072, "mlp_bias": false, "model_type": "llama", "num_attention_heads": 32,
            "num_hidden_layers": 16, "num_key_value_heads": 8, "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_scaling": {"factor": 32.0,
            "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 8192, "rope_type": "llama3"},
            "rope_theta": 500000.0, "tie_word_embeddings": true, "vocab_size": 128256}
            """,
            "block_count 16, context_length 131072, embedding_length 2048, feed_forward_length 8192, attention.head_count 32, "
            + "attention.head_count_kv 8, attention.layer_norm_rms_epsilon 1E-05, attention.key_length 64, attention.value_length 64, "
            + "vocab_size 128256, rope.dimension_count 64, rope.freq_base 500000, tensor rope_freqs.weight 32"
        },
        {
            "llama", $$$"""
            {{{{Usual}}} "architectures": ["MistralForCausalLM"], "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu",
            "hidden_size": 4096, "intermediate_size": 14336, "max_position_embeddings": 32768, "model_type": "mistral",
            "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8, "rms_norm_eps": 1e-05, "rope_theta": 10000.0,
            "sliding_window": 4096, "tie_word_embeddings": false, "vocab_size": 32000}
            """,
            "block_count 32, context_length 32768, embedding_length 4096, feed_forward_length 14336, attention.head_count 32, "
            + "attention.head_count_kv 8, attention.layer_norm_rms_epsilon 1E-05, vocab_size 32000, rope.dimension_count 128, "
            + "rope.freq_base 10000, attention.sliding_window 4096"
        },
        {
            "qwen2", $$$"""
            {{{{Usual}}} "architectures": ["Qwen2ForCausalLM"], "bos_token_id": 151643, "eos_token_id": 151645, "hidden_act": "silu",
            "hidden_size": 896, "intermediate_size": 4864, "max_position_embeddings": 32768, "max_window_layers": 21,
            "model_type": "qwen2", "num_attention_heads": 14, "num_hidden_layers": 24, "num_key_value_heads": 2, "rms_norm_eps": 1e-06,
            "rope_theta": 1000000.0, "sliding_window": 32768, "tie_word_embeddings": true, "use_sliding_window": false,
            "vocab_size": 151936, "rope_scaling": {"factor": 4.0, "original_max_position_embeddings": 32768, "type": "yarn"}}
            """,
            "block_count 24, context_length 32768, embedding_length 896, feed_forward_length 4864, attention.head_count 14, "
            + "attention.head_count_kv 2, attention.layer_norm_rms_epsilon 1E-06, rope.freq_base 1000000, rope.scaling.type yarn, "
            + "rope.scaling.factor 4, rope.scaling.original_context_length 32768"
        },
        {
            "qwen3", $$$"""
            {{{{Usual}}} "architectures": ["Qwen3ForCausalLM"], "attention_bias": false, "bos_token_id": 151643, "eos_token_id": 151645,
            "head_dim": 128, "hidden_act": "silu", "hidden_size": 1024, "intermediate_size": 3072, "max_position_embeddings": 40960,
            "max_window_layers": 28, "model_type": "qwen3", "num_attention_heads": 16, "num_hidden_layers": 28, "num_key_value_heads": 8,
            "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 1000000, "sliding_window": null, "tie_word_embeddings": true,
            "use_sliding_window": false, "vocab_size": 151936}
            """,
            "block_count 28, context_length 40960, embedding_length 1024, feed_forward_length 3072, attention.head_count 16, "
            + "attention.head_count_kv 8, attention.layer_norm_rms_epsilon 1E-06, attention.key_length 128, attention.value_length 128, "
            + "rope.freq_base 1000000"
        },
        {
            "gemma2", $$$"""
            {{{{Usual}}} "architectures": ["Gemma2ForCausalLM"], "attention_bias": false, "attn_logit_softcapping": 50.0, "bos_token_id": 2,
            "cache_implementation": "hybrid", "eos_token_id": 1, "final_logit_softcapping": 30.0, "head_dim": 128,
            "hidden_act": "gelu_pytorch_tanh", "hidden_activation": "gelu_pytorch_tanh", "hidden_size": 4608, "intermediate_size": 36864,
            "max_position_embeddings": 8192, "model_type": "gemma2", "num_attention_heads": 32, "num_hidden_layers": 46,
            "num_key_value_heads": 16, "pad_token_id": 0, "query_pre_attn_scalar": 144, "rms_norm_eps": 1e-06, "rope_theta": 10000.0,
            "sliding_window": 4096, "vocab_size": 256000}
            """,
            "block_count 46, context_length 8192, embedding_length 4608, feed_forward_length 36864, attention.head_count 32, "
            + "attention.head_count_kv 16, attention.layer_norm_rms_epsilon 1E-06, attention.key_length 128, attention.value_length 128, "
            + "attention.scale 0.083333, rope.freq_base 10000, attn_logit_softcapping 50, final_logit_softcapping 30, "
            + "attention.sliding_window 4096"
        },
        {
            "gemma3", $$$"""
            {{{{Usual}}} "architectures": ["Gemma3ForCausalLM"], "attention_bias": false, "attn_logit_softcapping": null, "bos_token_id": 2,
            "cache_implementation": "hybrid", "eos_token_id": [1, 106], "final_logit_softcapping": null, "head_dim": 256,
            "hidden_activation": "gelu_pytorch_tanh", "hidden_size": 1152, "intermediate_size": 6912, "max_position_embeddings": 32768,
            "model_type": "gemma3_text", "num_attention_heads": 4, "num_hidden_layers": 26, "num_key_value_heads": 1, "pad_token_id": 0,
            "query_pre_attn_scalar": 256, "rms_norm_eps": 1e-06, "rope_local_base_freq": 10000, "rope_scaling": null,
            "rope_theta": 1000000, "sliding_window": 512, "sliding_window_pattern": 6, "vocab_size": 262144}
            """,
            "block_count 26, context_length 32768, embedding_length 1152, feed_forward_length 6912, attention.head_count 4, "
            + "attention.head_count_kv 1, attention.layer_norm_rms_epsilon 1E-06, attention.key_length 256, attention.value_length 256, "
            + "attention.scale 0.0625, rope.freq_base 1000000, rope.freq_base_swa 10000, attention.sliding_window 512, "
            + "attention.sliding_window_pattern 6"
        },
        {
            "gemma3", $$$"""
            {{{{Usual}}} "architectures": ["Gemma3ForCausalLM"], "head_dim": 256, "hidden_size": 640, "intermediate_size": 2048,
            "layer_types": ["sliding_attention", "sliding_attention", "full_attention"], "model_type": "gemma3_text",
            "_sliding_window_pattern": 3, "max_position_embeddings": 32768, "num_attention_heads": 4, "num_hidden_layers": 3,
            "num_key_value_heads": 1, "query_pre_attn_scalar": 256, "rms_norm_eps": 1e-06, "sliding_window": 512,
            "rope_parameters": {"full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1000000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 20000.0}}, "use_bidirectional_attention": false}
            """,
            "block_count 3, context_length 32768, embedding_length 640, feed_forward_length 2048, attention.head_count 4, "
            + "attention.head_count_kv 1, attention.layer_norm_rms_epsilon 1E-06, attention.key_length 256, attention.value_length 256, "
            + "attention.scale 0.0625, rope.freq_base 1000000, rope.scaling.type linear, rope.scaling.factor 8, rope.freq_base_swa 20000, "
            + "attention.sliding_window 512, attention.sliding_window_pattern 3"
        },
        {
            "phi3", $$$"""
            {{{{Usual}}} "_name_or_path": "Phi-3-mini", "architectures": ["Phi3ForCausalLM"], "auto_map": {"AutoConfig": "a.B"},
            "attention_bias": false, "bos_token_id": 1, "embd_pdrop": 0.0, "eos_token_id": 32000, "hidden_act": "silu", "hidden_size": 16,
            "intermediate_size": 8192, "max_position_embeddings": 131072, "model_type": "phi3", "num_attention_heads": 2,
            "num_hidden_layers": 32, "num_key_value_heads": 2, "original_max_position_embeddings": 4096, "pad_token_id": 32000,
            "resid_pdrop": 0.0, "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "sliding_window": 262144, "tie_word_embeddings": false,
            "vocab_size": 32064, "rope_scaling": {"long_factor": [1.5, 2.0, 30.0, 64.0], "short_factor": [1.0, 1.0, 1.1, 1.2],
            "type": "longrope"}}
            """,
            // √(1 + ln 32 / ln 4096) = 1.190238
            "block_count 32, context_length 131072, embedding_length 16, feed_forward_length 8192, attention.head_count 2, "
            + "attention.head_count_kv 2, attention.layer_norm_rms_epsilon 1E-05, rope.dimension_count 8, "
            + "rope.scaling.original_context_length 4096, rope.freq_base 10000, rope.scaling.attn_factor 1.190238, "
            + "attention.sliding_window 262144, tensor rope_factors_long.weight 4, tensor rope_factors_short.weight 4"
        },
        {
            "smollm3", $$$"""
            {{{{Usual}}} "architectures": ["SmolLM3ForCausalLM"], "attention_bias": false, "bos_token_id": null, "eos_token_id": 128012,
            "hidden_act": "silu", "hidden_size": 2048, "intermediate_size": 11008, "layer_types": ["full_attention", "full_attention"],
            "max_position_embeddings": 65536, "max_window_layers": 28, "mlp_bias": false, "model_type": "smollm3",
            "no_rope_layer_interval": 4, "no_rope_layers": [1, 1, 1, 0, 1, 1, 1, 0], "num_attention_heads": 16, "num_hidden_layers": 36,
            "num_key_value_heads": 4, "pad_token_id": 128004, "pretraining_tp": 2, "rms_norm_eps": 1e-06, "rope_scaling": null,
            "rope_theta": 5000000.0, "sliding_window": null, "use_sliding_window": false, "vocab_size": 128256}
            """,
            "block_count 36, context_length 65536, embedding_length 2048, feed_forward_length 11008, attention.head_count 16, "
            + "attention.head_count_kv 4, attention.layer_norm_rms_epsilon 1E-06, vocab_size 128256, rope.dimension_count 128, "
            + "rope.freq_base 5000000"
        },
        {
            "gpt2", """
            {"activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"], "attn_pdrop": 0.1, "bos_token_id": 50256,
            "embd_pdrop": 0.1, "eos_token_id": 50256, "initializer_range": 0.02, "layer_norm_epsilon": 1e-05, "model_type": "gpt2",
            "n_ctx": 1024, "n_embd": 768, "n_head": 12, "n_layer": 12, "n_positions": 1024, "resid_pdrop": 0.1,
            "summary_activation": null, "summary_first_dropout": 0.1, "summary_proj_to_labels": true, "summary_type": "cls_index",
            "summary_use_proj": true, "task_specific_params": {"text-generation": {"do_sample": true, "max_length": 50}},
            "vocab_size": 50257}
            """,
            "block_count 12, context_length 1024, embedding_length 768, feed_forward_length 3072, attention.head_count 12, "
            + "attention.layer_norm_epsilon 1E-05"
        },
    };

    [Theory]
    [MemberData(nameof(Published))]
    public void A_published_configuration_becomes_the_keys_of_its_family(string architecture, string config, string expected)
    {
        using var document = JsonDocument.Parse(config);

        var plan = Checkpoint.Plan(document.RootElement);

        var keys = plan.Keys.ToMetadata().Values.Where(key => key.Key.StartsWith(architecture + ".", StringComparison.Ordinal))
            .Select(key => $"{key.Key[(architecture.Length + 1)..]} {(key.Value is double real ? Math.Round(real, 6) : key.Value)}");
        var tensors = plan.Keys.Computed.Select(tensor => $"tensor {tensor.Key} {tensor.Value.Length}");
        Assert.Equal(expected.Split(", ").Order(), keys.Concat(tensors).Order());
        Assert.Equal(architecture, plan.Keys.ToMetadata().Get<string>("general.architecture"));
    }

    [Theory]
    [InlineData("Qwen2ForCausalLM", "use_sliding_window", "true", "'use_sliding_window'")]
    [InlineData("Qwen2ForCausalLM", "layer_types", """["sliding_attention"]""", "'sliding_attention' for layer 0")]
    [InlineData("Gemma2ForCausalLM", "layer_types", """["full_attention"]""", "'full_attention' for layer 0")]
    [InlineData("Gemma3ForCausalLM", "layer_types", """["full_attention"]""", "'full_attention' for layer 0")]
    [InlineData("Gemma3ForCausalLM", "use_bidirectional_attention", "true", "'use_bidirectional_attention'")]
    [InlineData("Gemma2ForCausalLM", "hidden_activation", "\"gelu\"", "'hidden_activation'")]
    [InlineData("SmolLM3ForCausalLM", "no_rope_layers", "[1,1,0]", "'no_rope_layers'")]
    [InlineData("SmolLM3ForCausalLM", "no_rope_layer_interval", "2", "'no_rope_layer_interval'")]
    [InlineData("Phi3ForCausalLM", "attention_bias", "true", "'attention_bias'")]
    [InlineData("LlamaForCausalLM", "sliding_window", "512", "'sliding_window'")]
    [InlineData("GPT2LMHeadModel", "scale_attn_by_inverse_layer_idx", "true", "'scale_attn_by_inverse_layer_idx'")]
    [InlineData("GPT2LMHeadModel", "activation_function", "\"relu\"", "'activation_function'")]
    public void What_a_family_cannot_compute_is_refused_by_its_member(string name, string member, string value, string reason)
    {
        var config = new JsonObject
        {
            ["architectures"] = new JsonArray(name),
        };
        if (name != "GPT2LMHeadModel")
        {
            (config["hidden_size"], config["num_attention_heads"], config["num_hidden_layers"]) = (32, 4, 2);
            (config["intermediate_size"], config["max_position_embeddings"], config["vocab_size"]) = (48, 64, 272);
        }

        config[member] = JsonNode.Parse(value);
        using var document = JsonDocument.Parse(config.ToJsonString());

        var refusal = Assert.Throws<ModelImportException>(() => Checkpoint.Plan(document.RootElement));

        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("transformer.")]
    public void Matrices_of_GPT_2_are_turned_and_what_hides_later_positions_is_left_out(string prefix)
    {
        using var folder = new TemporaryFolder();
        var hub = new HubFolder { Config = JsonNode.Parse($$$"""
            {"architectures": ["GPT2LMHeadModel"], "n_embd": 4, "n_head": 2, "n_layer": 1, "n_positions": 8, "vocab_size": 272}
            """)!.AsObject() };
        hub.Add(prefix + "wte.weight", 272, 4);
        hub.Add(prefix + "wpe.weight", 8, 4);
        foreach (var (name, rows, columns) in ((string, int, int)[])
            [("attn.c_attn", 4, 12), ("attn.c_proj", 4, 4), ("mlp.c_fc", 4, 16), ("mlp.c_proj", 16, 4)])
        {
            hub.Add($"{prefix}h.0.{name}.weight", rows, columns);
            hub.Add($"{prefix}h.0.{name}.bias", columns);
        }

        foreach (var norm in (string[])["h.0.ln_1", "h.0.ln_2", "ln_f"])
        {
            hub.Add($"{prefix}{norm}.weight", 4);
            hub.Add($"{prefix}{norm}.bias", 4);
        }

        hub.Add($"{prefix}h.0.attn.bias", 1, 1, 8, 8);
        using var checkpoint = Checkpoint.Open(hub.Write(folder.File("hub")));

        var matrix = checkpoint.Tensors["blk.0.attn_qkv.weight"];
        var (turned, stored) = (checkpoint.Read(matrix), hub.Tensors[$"{prefix}h.0.attn.c_attn.weight"].Numbers);

        Assert.Equal((4, 12), (matrix.Columns, matrix.Rows));
        Assert.Equal([stored[3], stored[15], stored[27], stored[39]], turned[12..16]); // column 3 of four rows
        Assert.Equal(16, checkpoint.Tensors.Count);
        Assert.DoesNotContain("output.weight", checkpoint.Tensors.Keys);
        Assert.All(
            DecoderReference.Logits(new DecoderWeights(checkpoint), [1, 2, 3]), logit => Assert.True(float.IsFinite(logit)));
    }

    [Theory]
    [InlineData("MistralForCausalLM", "")]
    [InlineData("Qwen2ForCausalLM", "biases")]
    [InlineData("Qwen3ForCausalLM", "head norms")]
    [InlineData("GemmaForCausalLM", "")]
    [InlineData("Gemma2ForCausalLM", "post norms")]
    [InlineData("Gemma3ForCausalLM", "post norms, head norms")]
    [InlineData("Phi3ForCausalLM", "packed")]
    [InlineData("SmolLM3ForCausalLM", "")]
    public void A_folder_of_each_family_is_a_whole_model_to_the_decoders(string name, string parts)
    {
        using var folder = new TemporaryFolder();
        using var checkpoint = Checkpoint.Open(Small(name, parts).Write(folder.File("hub")));

        var logits = DecoderReference.Logits(new DecoderWeights(checkpoint), [1, 2, 3, 4, 5]);

        Assert.Equal(272, logits.Length);
        Assert.All(logits, logit => Assert.True(float.IsFinite(logit)));
        Assert.InRange(logits.Distinct().Count(), 200, 272);
    }

    [Fact]
    public void Norms_of_Gemma_are_stored_as_differences_to_one()
    {
        using var folder = new TemporaryFolder();
        var hub = new HubFolder { Config = JsonNode.Parse("""
            {"architectures": ["Gemma3ForCausalLM"], "hidden_size": 32, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8,
            "num_hidden_layers": 1, "intermediate_size": 48, "vocab_size": 272, "query_pre_attn_scalar": 8}
            """)!.AsObject() };
        hub.Add("model.embed_tokens.weight", 272, 32);
        hub.Add("model.norm.weight", 32);
        hub.AddLayer("model.layers.0.", keyValueHeads: 2);
        hub.Add("model.layers.0.pre_feedforward_layernorm.weight", 32);
        hub.Add("model.layers.0.post_feedforward_layernorm.weight", 32);
        hub.Add("model.layers.0.self_attn.q_norm.weight", 8);
        hub.Add("model.layers.0.self_attn.k_norm.weight", 8);
        using var checkpoint = Checkpoint.Open(hub.Write(folder.File("hub")));

        foreach (var (name, source) in ((string, string)[])
            [("output_norm", "model.norm"), ("blk.0.attn_norm", "model.layers.0.input_layernorm"),
                ("blk.0.post_attention_norm", "model.layers.0.post_attention_layernorm"),
                ("blk.0.ffn_norm", "model.layers.0.pre_feedforward_layernorm"),
                ("blk.0.post_ffw_norm", "model.layers.0.post_feedforward_layernorm"),
                ("blk.0.attn_q_norm", "model.layers.0.self_attn.q_norm"), ("blk.0.attn_k_norm", "model.layers.0.self_attn.k_norm")])
        {
            Assert.Equal(
                hub.Tensors[source + ".weight"].Numbers.Select(number => number + 1),
                checkpoint.Read(checkpoint.Tensors[name + ".weight"]));
        }

        Assert.Equal(
            hub.Tensors["model.layers.0.self_attn.q_proj.weight"].Numbers, checkpoint.Read(checkpoint.Tensors["blk.0.attn_q.weight"]));
    }

    /// <summary>A model of a family: eight layers, so that those that differ are among them.</summary>
    private static HubFolder Small(string name, string parts)
    {
        const int Layers = 8;
        var hub = new HubFolder { Config = new JsonObject
        {
            ["architectures"] = new JsonArray(name), ["hidden_size"] = 32, ["num_attention_heads"] = 4, ["num_key_value_heads"] = 2,
            ["head_dim"] = 8, ["num_hidden_layers"] = Layers, ["intermediate_size"] = 48, ["vocab_size"] = 272,
            ["max_position_embeddings"] = 64, ["tie_word_embeddings"] = true,
        } };
        hub.Add("model.embed_tokens.weight", 272, 32);
        hub.Add("model.norm.weight", 32);
        for (var layer = 0; layer < Layers; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            hub.AddLayer(prefix, keyValueHeads: 2);
            if (parts.Contains("biases", StringComparison.Ordinal))
            {
                hub.Add(prefix + "self_attn.q_proj.bias", 32);
                hub.Add(prefix + "self_attn.k_proj.bias", 16);
                hub.Add(prefix + "self_attn.v_proj.bias", 16);
            }

            if (parts.Contains("head norms", StringComparison.Ordinal))
            {
                hub.Add(prefix + "self_attn.q_norm.weight", 8);
                hub.Add(prefix + "self_attn.k_norm.weight", 8);
            }

            if (parts.Contains("post norms", StringComparison.Ordinal))
            {
                hub.Add(prefix + "pre_feedforward_layernorm.weight", 32);
                hub.Add(prefix + "post_feedforward_layernorm.weight", 32);
            }

            if (parts.Contains("packed", StringComparison.Ordinal))
            {
                hub.Add(prefix + "self_attn.qkv_proj.weight", 64, 32);
                hub.Add(prefix + "mlp.gate_up_proj.weight", 96, 32);
                Array.ForEach(
                    ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "mlp.gate_proj", "mlp.up_proj"],
                    part => hub.Tensors.Remove($"{prefix}{part}.weight"));
            }
        }

        return hub;
    }
}
