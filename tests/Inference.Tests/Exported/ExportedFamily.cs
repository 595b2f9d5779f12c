using System.Text.Json.Nodes;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Tests.Checkpoints;
using Tollgate.Inference.Tests.Decoders;

namespace Tollgate.Inference.Tests.Exported;

/// <summary>The weights of a tiny family in the order of Hugging Face, its configuration, and its tokenizer.</summary>
internal sealed class ExportedFamily : IDisposable
{
    private static readonly Dictionary<string, (string Class, string Type)> Classes = new()
    {
        ["llama"] = ("LlamaForCausalLM", "llama"), ["qwen2"] = ("Qwen2ForCausalLM", "qwen2"), ["qwen3"] = ("Qwen3ForCausalLM", "qwen3"),
        ["gemma"] = ("GemmaForCausalLM", "gemma"), ["gemma2"] = ("Gemma2ForCausalLM", "gemma2"), ["phi3"] = ("Phi3ForCausalLM", "phi3"),
        ["gemma3"] = ("Gemma3ForCausalLM", "gemma3_text"), ["smollm3"] = ("SmolLM3ForCausalLM", "smollm3"),
        ["gpt2"] = ("GPT2LMHeadModel", "gpt2"),
    };

    private readonly GgufFile _file;

    public ExportedFamily(TinyFamily family, string ggufPath)
    {
        Family = family;
        family.Write(ggufPath);
        _file = GgufFile.Open(ggufPath);
        Weights = new DecoderWeights(_file);
    }

    public TinyFamily Family { get; }

    /// <summary>The weights as GGUF has them.</summary>
    public DecoderWeights Weights { get; }

    public IWeightFile File => _file;

    public DecoderShape Shape => Weights.Shape;

    public bool IsMistral => Family.Name.StartsWith("mistral", StringComparison.Ordinal);

    public bool Has(string name) => _file.Tensors.ContainsKey(name);

    /// <summary>Numbers of a tensor, rows of outputs; those of a Llama's heads in the order of Hugging Face.</summary>
    public float[] Read(string name)
    {
        var tensor = _file.Tensors[name];
        var numbers = _file.Read(tensor);
        var isQuery = name.Contains("attn_q.", StringComparison.Ordinal);
        if (Family.Architecture is not ("llama" or "smollm3") || !(isQuery || name.Contains("attn_k.", StringComparison.Ordinal)))
        {
            return numbers;
        }

        var (rows, columns) = tensor.Rows == 1 ? (tensor.Columns, 1) : (tensor.Rows, tensor.Columns);
        var half = Family.HeadWidth / 2;
        var parted = new float[numbers.Length];
        for (var row = 0; row < rows; row++)
        {
            var within = row % Family.HeadWidth;
            var target = row - within + (within / 2) + (within % 2 * half);
            numbers.AsSpan(row * columns, columns).CopyTo(parted.AsSpan(target * columns));
        }

        return parted;
    }

    public int Rows(string name) => _file.Tensors[name].Rows;

    public int Columns(string name) => _file.Tensors[name].Columns;

    public JsonObject Config()
    {
        var (name, type) = Classes[Family.Architecture];
        if (type == "gpt2")
        {
            return new JsonObject
            {
                ["architectures"] = new JsonArray(name), ["model_type"] = type, ["n_embd"] = Family.Width, ["n_head"] = Family.Heads,
                ["n_layer"] = Family.Layers, ["n_positions"] = Family.Context, ["n_inner"] = Family.FeedForward,
                ["layer_norm_epsilon"] = 1e-5, ["activation_function"] = "gelu_new", ["vocab_size"] = TinyFamily.Vocabulary,
            };
        }

        var config = new JsonObject
        {
            ["architectures"] = new JsonArray(IsMistral ? "MistralForCausalLM" : name), ["model_type"] = IsMistral ? "mistral" : type,
            ["hidden_size"] = Family.Width, ["intermediate_size"] = Family.FeedForward, ["max_position_embeddings"] = Family.Context,
            ["num_attention_heads"] = Family.Heads, ["num_key_value_heads"] = Family.KeyValueHeads, ["head_dim"] = Family.HeadWidth,
            ["num_hidden_layers"] = Family.Layers, ["rms_norm_eps"] = 1e-5, ["rope_theta"] = Key("rope.freq_base", 10_000f),
            ["vocab_size"] = TinyFamily.Vocabulary, ["tie_word_embeddings"] = !Family.OutputMatrix,
            [type.StartsWith("gemma", StringComparison.Ordinal) ? "hidden_activation" : "hidden_act"] =
                type.StartsWith("gemma", StringComparison.Ordinal) ? "gelu_pytorch_tanh" : "silu",
        };
        if (type == "llama" && Family.InputBiases)
        {
            config["attention_bias"] = true;
        }

        if (IsMistral || type == "gemma2")
        {
            config["sliding_window"] = (int)Key("attention.sliding_window", 0f);
        }

        if (type == "gemma3_text")
        {
            config["sliding_window"] = (int)Key("attention.sliding_window", 4096f);
            config["sliding_window_pattern"] = (int)Key("attention.sliding_window_pattern", 6f);
            config["query_pre_attn_scalar"] = Family.HeadWidth;
            config["rope_local_base_freq"] = Key("rope.freq_base_swa", 10_000f);
            if (Key("rope.scaling.factor", 1f) is var factor and > 1)
            {
                config["rope_scaling"] = new JsonObject { ["rope_type"] = "linear", ["factor"] = factor };
            }
        }

        if (type == "gemma2")
        {
            config["query_pre_attn_scalar"] = Family.HeadWidth;
            config["attn_logit_softcapping"] = 3;
            config["final_logit_softcapping"] = 5;
        }

        return config;
    }

    /// <summary>Writes what lies beside a graph: tokenizer and configuration.</summary>
    public void WriteBeside(string folder, JsonObject? config)
    {
        var hub = new HubFolder();
        Put("tokenizer.json", hub.Tokenizer);
        Put("tokenizer_config.json", hub.TokenizerConfig);
        if (config is not null)
        {
            Put("config.json", config);
        }

        void Put(string name, JsonObject json) => System.IO.File.WriteAllText(Path.Combine(folder, name), json.ToJsonString());
    }

    public void Dispose() => _file.Dispose();

    private float Key(string name, float otherwise)
    {
        var value = Family.Keys.FirstOrDefault(key => key.Key == name).Value;
        return value is null ? otherwise : Convert.ToSingle(value, System.Globalization.CultureInfo.InvariantCulture);
    }
}
