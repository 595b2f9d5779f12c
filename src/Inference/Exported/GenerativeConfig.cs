using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Inference.Checkpoints;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Exported;

/// <summary>What <c>genai_config.json</c> says of a model. The program that writes it leaves the model's own configuration out; what is in
/// neither is read out of the graph.</summary>
internal sealed class GenerativeConfig
{
    public const string FileName = "genai_config.json";

    private const int MostBytes = 1 << 20;
    private const int Most = 1 << 24;

    /// <summary>Families whose whole shape the graph shows: its type there → its class.</summary>
    private static readonly Dictionary<string, string> Classes = new(StringComparer.Ordinal)
    {
        ["llama"] = "LlamaForCausalLM", ["mistral"] = "MistralForCausalLM", ["qwen2"] = "Qwen2ForCausalLM", ["qwen3"] = "Qwen3ForCausalLM",
        ["gemma"] = "GemmaForCausalLM", ["gemma2"] = "Gemma2ForCausalLM", ["gemma3_text"] = "Gemma3ForCausalLM",
        ["phi3"] = "Phi3ForCausalLM", ["smollm3"] = "SmolLM3ForCausalLM",
    };

    private readonly CheckpointConfig _model;
    private readonly CheckpointConfig _decoder;
    private readonly JsonElement _root;

    private GenerativeConfig(JsonElement root)
    {
        _root = root;
        var config = new CheckpointConfig(root, FileName);
        _model = config.Part("model") ?? throw new ModelImportException($"'{FileName}' lacks the member 'model'.");
        _decoder = _model.Part("decoder") ?? throw new ModelImportException($"'{FileName}' lacks the member 'model.decoder'.");
        Graph = _decoder.Text("filename") ?? "model.onnx";
        Context = _model.Find("context_length") is null ? null : _model.Number("context_length", 2, int.MaxValue);
    }

    /// <summary>Name of the graph's file.</summary>
    public string Graph { get; }

    /// <summary>Longest prompt with its answer, tokens; null where it is not stated.</summary>
    public int? Context { get; }

    /// <summary>Reads the file; null where there is none.</summary>
    /// <exception cref="ModelImportException">It is unsound.</exception>
    public static GenerativeConfig? Read(CheckpointFolder folder)
    {
        using var document = folder.ReadJson(FileName, MostBytes);
        return document is null ? null : new GenerativeConfig(document.RootElement.Clone());
    }

    /// <summary>Writes the tokens that begin and end texts over those of a configuration.</summary>
    public void CopyMarks(JsonObject config)
    {
        foreach (var name in (ReadOnlySpan<string>)["bos_token_id", "eos_token_id"])
        {
            if (_root.GetProperty("model").TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null)
            {
                config[name] = JsonNode.Parse(value.GetRawText());
            }
        }
    }

    /// <summary>Makes the configuration that the model has at Hugging Face.</summary>
    /// <param name="divisors">Of the frequencies that turn queries and keys, to the base that the configuration states; null: none.</param>
    /// <exception cref="ModelImportException">The family is not one whose shape a graph shows.</exception>
    public JsonObject Describe(ExportedGraph graph, out IReadOnlyList<double>? divisors)
    {
        var type = _model.Text("type") ?? "";
        if (!Classes.TryGetValue(type, out var name))
        {
            throw new ModelImportException(
                $"'config.json' is missing in the folder, and the model is of the type '{type}' ('model.type' of '{FileName}'). Without "
                + $"'config.json' these are read: {string.Join(", ", Classes.Keys)}. Copy the model's 'config.json' into the folder.");
        }

        var facts = GraphFacts.Read(graph);
        var headWidth = _decoder.Number("head_size", 2, Most);
        var rotation = facts.Layers.FirstOrDefault(layer => layer is { Window: null, Rotation: not null })?.Rotation
            ?? facts.Layers.FirstOrDefault(layer => layer.Rotation is not null)?.Rotation
            ?? throw GraphFacts.Hidden("rope_theta", "no layer that rotates");
        var isGemma = type.StartsWith("gemma", StringComparison.Ordinal);
        var config = new JsonObject
        {
            ["architectures"] = new JsonArray(name),
            ["model_type"] = type,
            ["hidden_size"] = _decoder.Number("hidden_size", 1, Most),
            ["num_attention_heads"] = _decoder.Number("num_attention_heads", 1, Most),
            ["num_key_value_heads"] = _decoder.Number("num_key_value_heads", 1, Most),
            ["num_hidden_layers"] = _decoder.Number("num_hidden_layers", 1, Most),
            ["head_dim"] = headWidth,
            ["vocab_size"] = _model.Number("vocab_size", 1, Most),
            ["intermediate_size"] = facts.FeedForward,
            ["max_position_embeddings"] = Context
                ?? throw new ModelImportException($"'{FileName}' lacks the member 'model.context_length'."),
            ["rms_norm_eps"] = facts.NormEpsilon,
            ["rope_theta"] = rotation.Base,
            [isGemma ? "hidden_activation" : "hidden_act"] = isGemma ? "gelu_pytorch_tanh" : "silu",
        };
        if (facts.HasBiases && type != "qwen2")
        {
            config["attention_bias"] = true;
        }

        if (rotation.Factor != 1)
        {
            config["rope_scaling"] = new JsonObject { ["type"] = "linear", ["factor"] = rotation.Factor };
        }

        switch (type)
        {
            case "gemma2" or "gemma3_text":
                DescribeGemma(facts, config, type == "gemma3_text");
                break;
            case "smollm3":
                config["no_rope_layers"] = new JsonArray([.. facts.Layers.Select(layer => (JsonNode)(layer.Rotation is null ? 0 : 1))]);
                break;
            default:
                if (facts.Layers[0].Window is { } window && window < Context)
                {
                    config["sliding_window"] = window;
                }

                break;
        }

        if (type == "phi3")
        {
            config["partial_rotary_factor"] = 2.0 * rotation.Pairs / headWidth;
            config["original_max_position_embeddings"] = Context;
        }

        divisors = rotation.Divisors;
        return config;
    }

    /// <summary>Layers with and without a window, bounds of products and logits.</summary>
    private static void DescribeGemma(GraphFacts facts, JsonObject config, bool hasLocalRotation)
    {
        var (first, global) = (facts.Layers[0], facts.Layers.ToList().FindIndex(layer => layer.Window is null));
        config["sliding_window"] = first.Window ?? throw GraphFacts.Hidden("sliding_window", "no window in its first layer");
        config["query_pre_attn_scalar"] = first.Scale > 0 ? Math.Round(1 / (first.Scale * first.Scale), 3)
            : throw GraphFacts.Hidden("query_pre_attn_scalar", "no factor of its attention");
        if (facts.LogitSoftcap is { } cap)
        {
            config["final_logit_softcapping"] = cap;
        }

        if (hasLocalRotation)
        {
            var local = first.Rotation is { Factor: 1, Divisors: null } plain ? plain
                : throw GraphFacts.Hidden("rope_local_base_freq", "scaled frequencies in layers with a window");
            config["rope_local_base_freq"] = local.Base;
            config["sliding_window_pattern"] = global < 0 ? facts.Layers.Count + 1 : global + 1;
            return;
        }

        config["attn_logit_softcapping"] = first.Softcap > 0 ? first.Softcap
            : throw GraphFacts.Hidden("attn_logit_softcapping", "no bound of its attention");
        config["final_logit_softcapping"] = facts.LogitSoftcap
            ?? throw GraphFacts.Hidden("final_logit_softcapping", "no bound of its logits");
    }
}
