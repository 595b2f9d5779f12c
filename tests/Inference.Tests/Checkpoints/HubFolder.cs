using System.Text;
using System.Text.Json.Nodes;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tests.Checkpoints;

/// <summary>A small model with random weights, as a folder of Hugging Face.</summary>
internal sealed class HubFolder
{
    public const int Width = 32;
    public const int FeedForward = 48;
    public const int Layers = 2;
    public const int Vocabulary = 272;
    public const int EndId = 256;

    private readonly Random _random = new(11);

    public JsonObject Config { get; init; } = [];

    public JsonObject Tokenizer { get; init; } = ByteTokenizer();

    public JsonObject TokenizerConfig { get; init; } = new()
    {
        ["tokenizer_class"] = "PreTrainedTokenizerFast",
        ["eos_token"] = "<|endoftext|>",
        ["chat_template"] = "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|endoftext|>{% endfor %}",
    };

    public JsonObject? Generation { get; set; } = new() { ["eos_token_id"] = EndId };

    /// <summary>Tensors in the order of the file.</summary>
    public Dictionary<string, (int[] Shape, float[] Numbers)> Tensors { get; } = new(StringComparer.Ordinal);

    /// <summary>A Llama of two layers with four heads.</summary>
    public static HubFolder Llama(int keyValueHeads = 2, bool tied = false)
    {
        var folder = new HubFolder { Config = LlamaConfig(keyValueHeads, tied) };
        folder.Add("model.embed_tokens.weight", Vocabulary, Width);
        folder.Add("model.norm.weight", Width);
        for (var layer = 0; layer < Layers; layer++)
        {
            folder.AddLayer($"model.layers.{layer}.", keyValueHeads);
        }

        if (!tied)
        {
            folder.Add("lm_head.weight", Vocabulary, Width);
        }

        return folder;
    }

    /// <summary>Adds a tensor of random numbers; norms lie around 1.</summary>
    public void Add(string name, params int[] shape)
    {
        var around = shape.Length == 1 && name.Contains("norm", StringComparison.Ordinal) ? 1 : 0;
        var count = shape.Aggregate(1, (product, size) => product * size);
        Tensors[name] = (shape, [.. Enumerable.Range(0, count).Select(_ => around + (float)(_random.NextDouble() - 0.5) * 0.3f)]);
    }

    public void AddLayer(string prefix, int keyValueHeads)
    {
        var keyWidth = Width / 4 * keyValueHeads;
        Add(prefix + "input_layernorm.weight", Width);
        Add(prefix + "self_attn.q_proj.weight", Width, Width);
        Add(prefix + "self_attn.k_proj.weight", keyWidth, Width);
        Add(prefix + "self_attn.v_proj.weight", keyWidth, Width);
        Add(prefix + "self_attn.o_proj.weight", Width, Width);
        Add(prefix + "post_attention_layernorm.weight", Width);
        Add(prefix + "mlp.gate_proj.weight", FeedForward, Width);
        Add(prefix + "mlp.up_proj.weight", FeedForward, Width);
        Add(prefix + "mlp.down_proj.weight", Width, FeedForward);
    }

    /// <summary>Writes the folder.</summary>
    /// <param name="type">F32, F16 or BF16; the numbers of <see cref="Tensors"/> become those that the type can hold.</param>
    /// <param name="shards">Files of weights; more than one have an index.</param>
    public string Write(string path, string type = "F32", int shards = 1)
    {
        Directory.CreateDirectory(path);
        Put("config.json", Config);
        Put("tokenizer.json", Tokenizer);
        Put("tokenizer_config.json", TokenizerConfig);
        if (Generation is not null)
        {
            Put("generation_config.json", Generation);
        }

        foreach (var (name, (shape, numbers)) in Tensors.ToArray())
        {
            Tensors[name] = (shape, [.. numbers.Select(number => Round(number, type))]);
        }

        if (shards == 1)
        {
            File.WriteAllBytes(Path.Combine(path, "model.safetensors"), Pack(Tensors, type));
            return path;
        }

        var map = new JsonObject();
        var parts = Tensors.Chunk((Tensors.Count + shards - 1) / shards).ToArray();
        for (var i = 0; i < parts.Length; i++)
        {
            var file = $"model-{i + 1:D5}-of-{parts.Length:D5}.safetensors";
            File.WriteAllBytes(Path.Combine(path, file), Pack(parts[i].ToDictionary(), type));
            foreach (var (name, _) in parts[i])
            {
                map[name] = file;
            }
        }

        Put("model.safetensors.index.json", new JsonObject { ["metadata"] = new JsonObject { ["total_size"] = 1 }, ["weight_map"] = map });
        return path;

        void Put(string name, JsonObject json) => File.WriteAllText(Path.Combine(path, name), json.ToJsonString());
    }

    /// <summary>A safetensors file.</summary>
    public static byte[] Pack(IReadOnlyDictionary<string, (int[] Shape, float[] Numbers)> tensors, string type)
    {
        var header = new JsonObject { ["__metadata__"] = new JsonObject { ["format"] = "pt" } };
        using var data = new MemoryStream();
        foreach (var (name, (shape, numbers)) in tensors)
        {
            var start = data.Length;
            data.Write([.. numbers.SelectMany(number => Encode(number, type))]);
            header[name] = new JsonObject
            {
                ["dtype"] = type,
                ["shape"] = new JsonArray([.. shape.Select(size => (JsonNode)size)]),
                ["data_offsets"] = new JsonArray(start, data.Length),
            };
        }

        return Pack(header.ToJsonString(), data.ToArray());
    }

    /// <summary>A safetensors file of a header and what follows it.</summary>
    public static byte[] Pack(string header, byte[] data)
    {
        var json = Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((ulong)json.Length), .. json, .. data];
    }

    private static JsonObject LlamaConfig(int keyValueHeads, bool tied) => new()
    {
        ["architectures"] = new JsonArray("LlamaForCausalLM"),
        ["model_type"] = "llama",
        ["attention_bias"] = false,
        ["attention_dropout"] = 0.0,
        ["bos_token_id"] = null,
        ["eos_token_id"] = EndId,
        ["hidden_act"] = "silu",
        ["hidden_size"] = Width,
        ["initializer_range"] = 0.02,
        ["intermediate_size"] = FeedForward,
        ["max_position_embeddings"] = 64,
        ["mlp_bias"] = false,
        ["num_attention_heads"] = 4,
        ["num_hidden_layers"] = Layers,
        ["num_key_value_heads"] = keyValueHeads,
        ["pretraining_tp"] = 1,
        ["rms_norm_eps"] = 1e-5,
        ["rope_scaling"] = null,
        ["rope_theta"] = 10000.0,
        ["tie_word_embeddings"] = tied,
        ["torch_dtype"] = "float32",
        ["transformers_version"] = "4.57.0",
        ["use_cache"] = true,
        ["vocab_size"] = Vocabulary,
    };

    /// <summary>Every byte is a token; some merges, and a token that ends.</summary>
    public static JsonObject ByteTokenizer()
    {
        var vocabulary = new JsonObject();
        for (var value = 0; value < 256; value++)
        {
            vocabulary[ByteAlphabet.ToChar((byte)value).ToString()] = value;
        }

        vocabulary["th"] = 257;
        vocabulary["the"] = 258;
        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray(Added(EndId, "<|endoftext|>"), Added(259, "<|im_start|>")),
            ["normalizer"] = null,
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true,
            },
            ["post_processor"] = null,
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE", ["dropout"] = null, ["unk_token"] = null, ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null, ["fuse_unk"] = false, ["byte_fallback"] = false, ["ignore_merges"] = false,
                ["vocab"] = vocabulary, ["merges"] = new JsonArray("t h", new JsonArray("th", "e")),
            },
        };
    }

    public static JsonObject Added(int id, string text) => new()
    {
        ["id"] = id, ["content"] = text, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false,
        ["special"] = true,
    };

    private static float Round(float number, string type) => type switch
    {
        "F16" => (float)(Half)number,
        "BF16" => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(number) & 0xFFFF0000),
        _ => number,
    };

    private static byte[] Encode(float number, string type) => type switch
    {
        "F16" => BitConverter.GetBytes((Half)number),
        "BF16" => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(number) >> 16)),
        "F64" => BitConverter.GetBytes((double)number),
        _ => BitConverter.GetBytes(number),
    };
}
