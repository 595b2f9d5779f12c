using System.Text.Json.Nodes;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Tests.Decoders;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tests.Checkpoints;

/// <summary>The weights of a tiny family's GGUF file as a folder of its class: the members and the names of tensors that the class has on
/// Hugging Face.</summary>
internal sealed class FamilyFolder(TinyFamily family, GgufFile file)
{
    private static readonly string[] Layered = ["attn_norm", "ffn_norm", "attn_output", "ffn_up", "ffn_down"];

    private bool IsGpt => family.Architecture == "gpt2";

    private bool IsGemma => family.Architecture.StartsWith("gemma", StringComparison.Ordinal);

    /// <summary>Whether GGUF has the rows of query and key heads in pairs.</summary>
    private bool IsPaired => family.Architecture is "llama" or "smollm3";

    /// <param name="members">Those of <c>config.json</c> that only this model of the family has.</param>
    public HubFolder Make(string className, JsonObject members)
    {
        var hub = new HubFolder { Config = IsGpt ? GptConfig() : Config(), Tokenizer = Tokenizer(), Generation = new JsonObject
        {
            ["eos_token_id"] = TinyFamily.End,
        } };
        hub.Config["architectures"] = new JsonArray(className);
        foreach (var (name, value) in members)
        {
            hub.Config[name] = value?.DeepClone();
        }

        if (IsGpt)
        {
            AddGpt(hub);
        }
        else
        {
            Add(hub);
        }

        return hub;
    }

    private JsonObject Config() => new()
    {
        ["hidden_size"] = family.Width,
        ["intermediate_size"] = family.FeedForward,
        ["num_hidden_layers"] = family.Layers,
        ["num_attention_heads"] = family.Heads,
        ["num_key_value_heads"] = family.KeyValueHeads,
        ["head_dim"] = family.HeadWidth,
        ["max_position_embeddings"] = family.Context,
        ["rms_norm_eps"] = 1e-5,
        ["rope_theta"] = 10_000.0,
        ["vocab_size"] = TinyFamily.Vocabulary,
        ["tie_word_embeddings"] = !family.OutputMatrix,
        [IsGemma ? "hidden_activation" : "hidden_act"] = IsGemma ? "gelu_pytorch_tanh" : "silu",
        ["bos_token_id"] = TinyFamily.End,
        ["eos_token_id"] = TinyFamily.End,
    };

    private JsonObject GptConfig() => new()
    {
        ["n_embd"] = family.Width, ["n_inner"] = family.FeedForward, ["n_layer"] = family.Layers, ["n_head"] = family.Heads,
        ["n_positions"] = family.Context, ["n_ctx"] = family.Context, ["layer_norm_epsilon"] = 1e-5, ["activation_function"] = "gelu_new",
        ["vocab_size"] = TinyFamily.Vocabulary, ["bos_token_id"] = TinyFamily.End, ["eos_token_id"] = TinyFamily.End,
    };

    private void Add(HubFolder hub)
    {
        Copy("token_embd.weight", "model.embed_tokens.weight");
        Norm("output_norm", "model.norm");
        if (family.OutputMatrix)
        {
            Copy("output.weight", "lm_head.weight");
        }

        for (var i = 0; i < family.Layers; i++)
        {
            var (from, to) = ($"blk.{i}.", $"model.layers.{i}.");
            Norm(from + "attn_norm", to + "input_layernorm");
            Norm(from + "ffn_norm", to + (family.PostNorms ? "pre_feedforward_layernorm" : "post_attention_layernorm"));
            if (family.PostNorms)
            {
                Norm(from + "post_attention_norm", to + "post_attention_layernorm");
                Norm(from + "post_ffw_norm", to + "post_feedforward_layernorm");
            }

            if (family.HeadNorms)
            {
                Norm(from + "attn_q_norm", to + "self_attn.q_norm");
                Norm(from + "attn_k_norm", to + "self_attn.k_norm");
            }

            Product(from + "attn_output", to + "self_attn.o_proj");
            Product(from + "ffn_down", to + "mlp.down_proj");
            AddInputs(hub, from, to);
            if (family.PacksGate)
            {
                Product(from + "ffn_up", to + "mlp.gate_up_proj");
                continue;
            }

            Product(from + "ffn_gate", to + "mlp.gate_proj");
            Product(from + "ffn_up", to + "mlp.up_proj");
        }

        void Copy(string from, string to) => hub.Tensors[to] = Read(from);

        void Product(string from, string to)
        {
            Copy(from + ".weight", to + ".weight");
            if (family.OtherBiases)
            {
                Copy(from + ".bias", to + ".bias");
            }
        }

        void Norm(string from, string to)
        {
            var (shape, numbers) = Read(from + ".weight");
            hub.Tensors[to + ".weight"] = (shape, IsGemma ? [.. numbers.Select(number => number - 1)] : numbers);
        }
    }

    /// <summary>Query, key and value: apart but for Phi-3, and with the halves of each head one after the other.</summary>
    private void AddInputs(HubFolder hub, string from, string to)
    {
        if (family.Architecture == "phi3")
        {
            hub.Tensors[to + "self_attn.qkv_proj.weight"] = Read(from + "attn_qkv.weight");
            return;
        }

        var (query, key) = (family.Heads * family.HeadWidth, family.KeyValueHeads * family.HeadWidth);
        foreach (var (part, first, rows, heads) in ((string, int, int, int)[])
            [("q", 0, query, family.Heads), ("k", query, key, family.KeyValueHeads), ("v", query + key, key, 0)])
        {
            foreach (var kind in family.InputBiases ? (string[])["weight", "bias"] : ["weight"])
            {
                var (shape, numbers) = Read($"{from}attn_{(family.PacksInputs ? "qkv" : part)}.{kind}");
                var columns = shape.Length == 1 ? 1 : shape[1];
                numbers = family.PacksInputs ? numbers[(first * columns)..((first + rows) * columns)] : numbers;
                hub.Tensors[$"{to}self_attn.{part}_proj.{kind}"] = (
                    shape.Length == 1 ? [rows] : [rows, columns], IsPaired && heads > 0 ? Unpair(numbers, heads, columns) : numbers);
            }
        }
    }

    private void AddGpt(HubFolder hub)
    {
        foreach (var (from, to) in ((string, string)[])
            [("token_embd.weight", "wte.weight"), ("position_embd.weight", "wpe.weight"), ("output_norm.weight", "ln_f.weight"),
                ("output_norm.bias", "ln_f.bias")])
        {
            hub.Tensors["transformer." + to] = Read(from);
        }

        foreach (var i in Enumerable.Range(0, family.Layers))
        {
            foreach (var (from, to) in Layered.Append("attn_qkv").Zip(
                (string[])["ln_1", "ln_2", "attn.c_proj", "mlp.c_fc", "mlp.c_proj", "attn.c_attn"]))
            {
                var (shape, numbers) = Read($"blk.{i}.{from}.weight");
                hub.Tensors[$"transformer.h.{i}.{to}.weight"] =
                    shape.Length == 1 ? (shape, numbers) : ([shape[1], shape[0]], Transpose(numbers, shape[0], shape[1]));
                hub.Tensors[$"transformer.h.{i}.{to}.bias"] = Read($"blk.{i}.{from}.bias");
            }
        }
    }

    private (int[] Shape, float[] Numbers) Read(string name)
    {
        var tensor = file.Tensors[name];
        var isVector = name.Contains("norm", StringComparison.Ordinal) || name.EndsWith(".bias", StringComparison.Ordinal);
        return (isVector ? [tensor.Columns] : [tensor.Rows, tensor.Columns], file.Read(tensor));
    }

    /// <summary>[heads, pairs, 2, columns] as [heads, 2, pairs, columns].</summary>
    private float[] Unpair(float[] numbers, int heads, int columns) =>
    [
        .. from head in Enumerable.Range(0, heads)
           from half in Enumerable.Range(0, 2)
           from pair in Enumerable.Range(0, family.HeadWidth / 2)
           from column in Enumerable.Range(0, columns)
           select numbers[((((head * (family.HeadWidth / 2)) + pair) * 2) + half) * columns + column],
    ];

    private static float[] Transpose(float[] numbers, int rows, int columns) =>
    [
        .. from column in Enumerable.Range(0, columns)
           from row in Enumerable.Range(0, rows)
           select numbers[(row * columns) + column],
    ];

    /// <summary>The vocabulary of the GGUF file as a file of the library.</summary>
    private static JsonObject Tokenizer()
    {
        var vocabulary = new JsonObject();
        foreach (var text in Enumerable.Range(0, 256).Select(value => ByteAlphabet.ToChar((byte)value).ToString())
            .Concat(TinyFamily.Merges.Select(pair => pair.Replace(" ", "", StringComparison.Ordinal))))
        {
            vocabulary[text] = vocabulary.Count;
        }

        var tokenizer = HubFolder.ByteTokenizer();
        tokenizer["added_tokens"] = new JsonArray(HubFolder.Added(TinyFamily.End, "<|endoftext|>"));
        tokenizer["model"]!["vocab"] = vocabulary;
        tokenizer["model"]!["merges"] = new JsonArray([.. TinyFamily.Merges.Select(pair => (JsonNode)pair)]);
        return tokenizer;
    }
}
