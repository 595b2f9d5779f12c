using System.Text.Json.Nodes;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Exported;
using Tollgate.Inference.Tests.Decoders;

namespace Tollgate.Inference.Tests.Exported;

/// <summary>A decoder as onnxruntime-genai's model builder writes it: attention, norms and quantised products in ONNX Runtime's own
/// operators.</summary>
internal sealed class GenerativeGraph(ExportedFamily family)
{
    private readonly GraphWriter _graph = new() { DataName = "model.onnx.data" };

    /// <summary>Type of the tensors, float32 or float16.</summary>
    public ExportedType Type { get; init; } = ExportedType.Float32;

    /// <summary>Whether query, key and value have one matrix.</summary>
    public bool IsPacked { get; init; } = true;

    /// <summary>Bits of quantised matrices; 0: none is.</summary>
    public int Bits { get; init; }

    public int Block { get; init; } = 32;

    public bool HasZeros { get; init; }

    /// <summary>Quantised matrices as <c>DequantizeLinear</c> before a product, not as <c>MatMulNBits</c>.</summary>
    public bool IsLinear { get; init; }

    /// <summary>Whether such matrices have rows of inputs.</summary>
    public bool IsTurned { get; init; }

    /// <summary>Whether the table of the input is the quantised one of the output.</summary>
    public bool SharesTable { get; init; }

    /// <summary>Window that the attention states; null: the model's.</summary>
    public int? Window { get; init; }

    /// <summary>Where the attention finds cosines: <c>If</c>, in a choice between two tables; <c>None</c>, nowhere; null, in one.</summary>
    public string? Tables { get; init; }

    /// <summary>Numbers that the quantised matrices stand for, by the name of GGUF, in its order of rows.</summary>
    public Dictionary<string, float[]> Rounded { get; } = new(StringComparer.Ordinal);

    private string Float => Type == ExportedType.Float16 ? "FLOAT16" : "FLOAT";

    public void Write(string path)
    {
        AddInputs();
        var stream = AddEmbedding();
        var lengths = AddLengths();
        AddTables();
        string? change = null;
        for (var i = 0; i < family.Family.Layers; i++)
        {
            (stream, change) = AddLayer(i, stream, change, lengths);
        }

        var (normal, _) = AddNorm($"model.layers.{family.Family.Layers}.final_norm_layernorm", "output_norm.weight", stream, change);
        var cap = family.Shape.LogitSoftcap;
        var head = family.Has("output.weight") ? "output.weight" : "token_embd.weight";
        var logits = Product("/lm_head/MatMul", normal, cap == 0 ? "logits" : null, head);
        if (cap != 0)
        {
            var bent = _graph.Node("Tanh", "/lm_head/softcap/Tanh", [
                _graph.Node("Div", "/lm_head/softcap/Div", [logits, Scalar(cap)])]);
            _graph.Node("Mul", "/lm_head/softcap/Mul", [bent, Scalar(cap)], ["logits"]);
        }

        _graph.Write(path);
    }

    /// <summary>The configuration of that program.</summary>
    public JsonObject Config() => new()
    {
        ["model"] = new JsonObject
        {
            ["bos_token_id"] = 256,
            ["context_length"] = family.Family.Context,
            ["decoder"] = new JsonObject
            {
                ["session_options"] = new JsonObject { ["log_id"] = "onnxruntime-genai", ["provider_options"] = new JsonArray() },
                ["filename"] = "model.onnx", ["head_size"] = family.Family.HeadWidth, ["hidden_size"] = family.Family.Width,
                ["num_attention_heads"] = family.Family.Heads, ["num_hidden_layers"] = family.Family.Layers,
                ["num_key_value_heads"] = family.Family.KeyValueHeads,
            },
            ["eos_token_id"] = new JsonArray(256, 259),
            ["pad_token_id"] = 256,
            ["type"] = family.IsMistral ? "mistral" : family.Family.Architecture == "gemma3" ? "gemma3_text" : family.Family.Architecture,
            ["vocab_size"] = TinyFamily.Vocabulary,
        },
        ["search"] = new JsonObject { ["max_length"] = family.Family.Context, ["top_k"] = 50 },
    };

    private void AddInputs()
    {
        _graph.Input("input_ids", ExportedType.Int64, "batch_size", "sequence_length");
        _graph.Input("attention_mask", ExportedType.Int64, "batch_size", "total_sequence_length");
        _graph.Output("logits", Type, "batch_size", "sequence_length", TinyFamily.Vocabulary);
        for (var i = 0; i < 2 * family.Family.Layers; i++)
        {
            var part = $"{i / 2}.{(i % 2 == 0 ? "key" : "value")}";
            _graph.Input(
                "past_key_values." + part, Type, "batch_size", family.Family.KeyValueHeads, "past_sequence_length",
                family.Family.HeadWidth);
            _graph.Output(
                "present." + part, Type, "batch_size", family.Family.KeyValueHeads, "total_sequence_length", family.Family.HeadWidth);
        }
    }

    private string AddEmbedding()
    {
        const string Scope = "/model/embed_tokens";
        string rows;
        if (SharesTable)
        {
            var table = Quantize("lm_head.MatMul", family.Has("output.weight") ? "output.weight" : "token_embd.weight");
            Rounded["token_embd.weight"] = table.Numbers;
            var shaped = _graph.Node("Reshape", Scope + "/Reshape", [
                $"lm_head.MatMul.weight_Q{Bits}G{Block}",
                _graph.Wholes("/model/constants/table", [table.Rows, table.Columns * Bits / 8], 2)]);
            string[] zeros = HasZeros ? ["lm_head.MatMul.weight_zp"] : [];
            rows = _graph.Node(
                ":GatherBlockQuantized", Scope + "/GatherBlockQuantized", [shaped, "input_ids", "lm_head.MatMul.weight_scale", .. zeros],
                ("bits", Bits), ("block_size", Block));
        }
        else
        {
            rows = _graph.Node("Gather", Scope + "/Gather", [
                Real("model.embed_tokens.weight", family.Read("token_embd.weight"), TinyFamily.Vocabulary, family.Family.Width),
                "input_ids"]);
        }

        var scale = family.Shape.EmbeddingScale;
        return scale == 1 ? rows : _graph.Node("Mul", Scope + "/Mul", [rows, Scalar(MathF.Round(scale, 2))]);
    }

    /// <summary>Tokens of each row less 1, and of all.</summary>
    private (string Rows, string Total) AddLengths()
    {
        const string Scope = "/model/attn_mask_reformat/attn_mask_subgraph";
        var one = _graph.Wholes("/model/constants/INT64/[1]", [1], 1);
        var rows = _graph.Node("Cast", Scope + "/Sub/Cast", [
            _graph.Node("Sub", Scope + "/Sub", [_graph.Node("ReduceSum", Scope + "/ReduceSum", ["attention_mask", one]), one])], ("to", 6));
        var total = _graph.Node("Cast", Scope + "/Gather/Cast", [
            _graph.Node("Gather", Scope + "/Gather", [
                _graph.Node("Shape", Scope + "/Shape", ["attention_mask"]), _graph.Wholes("/model/constants/INT64/1", [1])])], ("to", 6));
        return (rows, total);
    }

    private void AddTables()
    {
        foreach (var layer in family.Shape.Layers.Where(layer => layer.Rotation is not null).DistinctBy(layer => TableOf(layer)))
        {
            AddTable("cos_cache" + TableOf(layer), layer.Rotation!, Math.Cos);
            AddTable("sin_cache" + TableOf(layer), layer.Rotation!, Math.Sin);
        }
    }

    private void AddTable(string name, Rotation rotation, Func<double, double> turn)
    {
        if (Tables == "If")
        {
            if (name == "cos_cache")
            {
                _graph.Node("If", "/model/rotemb/If", ["input_ids"], ["cos_cache", "sin_cache"]);
            }

            return;
        }

        var pairs = rotation.Width / 2;
        var numbers = new float[family.Family.Context * pairs];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = (float)turn(i / pairs * rotation.Frequencies[i % pairs]);
        }

        Real(name, numbers, family.Family.Context, pairs);
    }

    /// <summary>Gemma 3 has tables of each kind of layer.</summary>
    private string TableOf(LayerShape layer) =>
        family.Family.Architecture != "gemma3" ? "" : layer.Window is null ? "_global" : "_local";

    private (string Stream, string Change) AddLayer(int index, string stream, string? change, (string Rows, string Total) lengths)
    {
        var (layer, block) = ($"model.layers.{index}", $"blk.{index}.");
        var (normal, sum) = AddNorm(layer + ".input_layernorm", block + "attn_norm.weight", stream, change);
        var heads = AddHeads($"/model/layers.{index}/attn", block, normal);
        var attention = $"/model/layers.{index}/attn/GroupQueryAttention";
        var shape = family.Shape.Layers[index];
        var table = TableOf(shape);
        string[] tables = shape.Rotation is null || Tables == "None" ? ["", ""] : ["cos_cache" + table, "sin_cache" + table];
        _graph.Node(
            ":GroupQueryAttention", attention,
            [.. heads, $"past_key_values.{index}.key", $"past_key_values.{index}.value", lengths.Rows, lengths.Total, .. tables,
                "", ""],
            [attention + "/output_0", $"present.{index}.key", $"present.{index}.value"],
            ("num_heads", family.Family.Heads), ("kv_num_heads", family.Family.KeyValueHeads), ("scale", family.Shape.AttentionScale),
            ("local_window_size", Window ?? shape.Window ?? -1), ("softcap", family.Shape.AttentionSoftcap),
            ("do_rotary", shape.Rotation is null ? 0 : 1), ("rotary_interleaved", 0));
        var output = Product($"/model/layers.{index}/attn/o_proj/MatMul", attention + "/output_0", null, block + "attn_output.weight");
        var second = layer + ".post_attention_layernorm";
        if (family.Family.PostNorms)
        {
            output = AddNorm(second, block + "post_attention_norm.weight", output, change: null).Normal;
            second = layer + ".pre_feedforward_layernorm";
        }

        (normal, sum) = AddNorm(second, block + "ffn_norm.weight", sum, output);
        var forward = AddFeedForward($"/model/layers.{index}/mlp", block, normal);
        return (sum, !family.Family.PostNorms ? forward
            : AddNorm(layer + ".post_feedforward_layernorm", block + "post_ffw_norm.weight", forward, change: null).Normal);
    }

    /// <summary>Query, key and value, the last two empty where they are packed.</summary>
    private string[] AddHeads(string scope, string block, string normal)
    {
        var (query, key) = (family.Family.Heads * family.Family.HeadWidth, family.Family.KeyValueHeads * family.Family.HeadWidth);
        if (IsPacked && !family.Family.HeadNorms)
        {
            string[] parts = family.Family.PacksInputs ? ["attn_qkv"] : ["attn_q", "attn_k", "attn_v"];
            var packed = Product(scope + "/qkv_proj/MatMul", normal, null, [.. parts.Select(part => $"{block}{part}.weight")]);
            return [AddBias(scope + "/qkv_proj/Add", packed, [.. parts.Select(part => $"{block}{part}.bias")]), "", ""];
        }

        return [.. "qkv".Select(part =>
        {
            var product = family.Family.PacksInputs
                ? ProductOf($"{scope}/{part}_proj/MatMul", normal, null, block + "attn_qkv.weight",
                    part == 'q' ? 0 : part == 'k' ? query : query + key, part == 'q' ? query : key)
                : Product($"{scope}/{part}_proj/MatMul", normal, null, $"{block}attn_{part}.weight");
            var rows = AddBias($"{scope}/{part}_proj/Add", product, $"{block}attn_{part}.bias");
            return family.Family.HeadNorms && part != 'v' ? AddHeadNorm(scope, part, block, rows) : rows;
        })];
    }

    private string AddHeadNorm(string scope, char part, string block, string rows)
    {
        var width = family.Family.HeadWidth;
        var total = (part == 'q' ? family.Family.Heads : family.Family.KeyValueHeads) * width;
        var apart = _graph.Node("Reshape", $"{scope}/{part}_norm/Reshape_1", [
            rows, _graph.Wholes($"/model/constants/INT64/[0, -1, {width}]", [0, -1, width], 3)]);
        var weight = Real(
            $"{scope[1..].Replace('/', '.')}.{part}_norm.layernorm.weight", family.Read($"{block}attn_{part}_norm.weight"), width);
        var normal = _graph.Node(
            "SimplifiedLayerNormalization", $"{scope}/{part}_norm/SimplifiedLayerNormalization", [apart, weight], ("epsilon", 1e-5f),
            ("axis", -1), ("stash_type", 1));
        return _graph.Node("Reshape", $"{scope}/{part}_norm/Reshape_2", [
            normal, _graph.Wholes($"/model/constants/INT64/[0, -1, {total}]", [0, -1, total], 3)]);
    }

    private string AddFeedForward(string scope, string block, string normal)
    {
        var forward = family.Family.FeedForward;
        var (gate, up) = family.Family.PacksGate
            ? (ProductOf(scope + "/gate_proj/MatMul", normal, null, block + "ffn_up.weight", 0, forward),
                ProductOf(scope + "/up_proj/MatMul", normal, null, block + "ffn_up.weight", forward, forward))
            : (Product(scope + "/gate_proj/MatMul", normal, null, block + "ffn_gate.weight"),
                Product(scope + "/up_proj/MatMul", normal, null, block + "ffn_up.weight"));
        var bent = family.Family.Architecture.StartsWith("gemma", StringComparison.Ordinal)
            ? _graph.Node("Gelu", scope + "/act_fn/FastGelu", [gate], ("approximate", "tanh"))
            : _graph.Node("Mul", scope + "/act_fn/Mul", [gate, _graph.Node("Sigmoid", scope + "/act_fn/Sigmoid", [gate])]);
        return Product(scope + "/down_proj/MatMul", _graph.Node("Mul", scope + "/Mul", [bent, up]), null, block + "ffn_down.weight");
    }

    private (string Normal, string Sum) AddNorm(string module, string tensor, string stream, string? change)
    {
        var scope = "/" + module.Replace("model.layers.", "model/layers.", StringComparison.Ordinal);
        scope = scope[..scope.LastIndexOf('.')] + "/" + scope[(scope.LastIndexOf('.') + 1)..];
        var weight = Real(module + ".weight", family.Read(tensor), family.Family.Width);
        if (change is null)
        {
            var normal = _graph.Node(
                "SimplifiedLayerNormalization", scope + "/LayerNorm", [stream, weight], [scope + "/output_0"], ("epsilon", 1e-5f),
                ("axis", -1), ("stash_type", 1));
            return (normal, stream);
        }

        _graph.Node(
            ":SkipSimplifiedLayerNormalization", scope + "/SkipLayerNorm", [stream, change, weight],
            [scope + "/output_0", "", "", scope + "/output_3"], ("epsilon", 1e-5f));
        return (scope + "/output_0", scope + "/output_3");
    }

    private string AddBias(string name, string rows, params string[] biases)
    {
        if (!family.Has(biases[0]))
        {
            return rows;
        }

        float[] all = [.. biases.SelectMany(family.Read)];
        return _graph.Node("Add", name, [rows, Real(name[1..].Replace('/', '.') + ".bias", all, all.Length)]);
    }

    /// <summary>Multiplies with matrices of GGUF, one below the other.</summary>
    private string Product(string name, string input, string? output, params string[] tensors)
    {
        var columns = family.Columns(tensors[0]);
        float[] all = [.. tensors.SelectMany(family.Read)];
        return Multiply(name, input, output, all, all.Length / columns, columns, tensors, 0);
    }

    private string ProductOf(string name, string input, string? output, string tensor, int first, int rows)
    {
        var columns = family.Columns(tensor);
        var own = family.Read(tensor).AsSpan(first * columns, rows * columns).ToArray();
        return Multiply(name, input, output, own, rows, columns, [tensor], first);
    }

    private string Multiply(
        string name, string input, string? output, float[] numbers, int rows, int columns, string[] tensors, int first)
    {
        var module = name[1..].Replace('/', '.');
        if (Bits == 0)
        {
            var turned = new float[numbers.Length];
            for (var i = 0; i < numbers.Length; i++)
            {
                turned[(i % columns * rows) + (i / columns)] = numbers[i];
            }

            return _graph.Node(
                "MatMul", name, [input, Real(module + ".weight", turned, columns, rows)], [output ?? name + "/output_0"]);
        }

        var blocks = new SmallBlocks(numbers, rows, columns, Bits, Block, HasZeros, Type == ExportedType.Float16);
        foreach (var tensor in tensors)
        {
            KeepRounded(tensor, first, rows);
        }

        return IsLinear ? MultiplyLinear(name, module, input, output, blocks) : MultiplyBlocks(name, module, input, output, blocks);
    }

    /// <summary>What the rows stand for, in the order of GGUF: rounding knows no other rows.</summary>
    private void KeepRounded(string tensor, int first, int rows)
    {
        var (numbers, columns) = (family.File.Read(family.File.Tensors[tensor]), family.Columns(tensor));
        var all = Rounded.TryGetValue(tensor, out var known) ? known : Rounded[tensor] = numbers;
        var count = Math.Min(rows, family.Rows(tensor) - first);
        var own = new SmallBlocks(
            numbers.AsSpan(first * columns, count * columns).ToArray(), count, columns, Bits, Block, HasZeros,
            Type == ExportedType.Float16);
        own.Numbers.CopyTo(all.AsSpan(first * columns));
    }

    private string MultiplyBlocks(string name, string module, string input, string? output, SmallBlocks blocks)
    {
        var (perRow, blob) = ((blocks.Columns + Block - 1) / Block, Block * Bits / 8);
        List<string> inputs =
        [
            input,
            _graph.Constant($"{module}.weight_Q{Bits}G{Block}", ExportedType.UInt8, blocks.Values, blocks.Rows, perRow, blob),
            // Older programs write one row of scales, newer ones a row for each output.
            Bits == 4 ? Real(module + ".weight_scale", blocks.Scales, blocks.Scales.Length)
                : Real(module + ".weight_scale", blocks.Scales, blocks.Rows, perRow),
        ];
        if (HasZeros)
        {
            inputs.Add(_graph.Constant(module + ".weight_zp", ExportedType.UInt8, blocks.Zeros, blocks.Zeros.Length));
        }

        var node = $"{name}_Q{Bits}";
        return _graph.Node(
            ":MatMulNBits", node, [.. inputs], [output ?? node + "/output_0"], ("K", blocks.Columns), ("N", blocks.Rows), ("bits", Bits),
            ("block_size", Block), ("accuracy_level", 4));
    }

    /// <summary>Rows of outputs, then turned.</summary>
    private string MultiplyLinear(string name, string module, string input, string? output, SmallBlocks blocks)
    {
        if (IsTurned)
        {
            return MultiplyTurned(name, module, input, output, blocks);
        }

        var type = Bits == 4 ? ExportedType.UInt4 : ExportedType.UInt8;
        var perRow = blocks.Columns / Block;
        var zeros = HasZeros ? blocks.Zeros : [.. Enumerable.Repeat((byte)(Bits == 4 ? 0x88 : 0x80), blocks.Rows * perRow * Bits / 8)];
        string[] inputs =
        [
            _graph.Constant(module + ".DequantizeLinear.qweight", type, blocks.Values, blocks.Rows, blocks.Columns),
            Real(module + ".DequantizeLinear.scales", blocks.Scales, blocks.Rows, perRow),
            _graph.Constant(module + ".DequantizeLinear.qzeros", type, zeros, blocks.Rows, perRow),
        ];
        var real = _graph.Node("DequantizeLinear", name + "/DequantizeLinear", inputs, ("axis", -1), ("block_size", Block));
        var turned = _graph.Node("Transpose", name + "/Transpose", [real], ("perm", new long[] { 1, 0 }));
        return _graph.Node("MatMul", name, [input, turned], [output ?? name + "/output_0"]);
    }

    /// <summary>Rows of inputs, numbers with a sign and without zero points.</summary>
    private string MultiplyTurned(string name, string module, string input, string? output, SmallBlocks blocks)
    {
        var (rows, columns, perRow) = (blocks.Rows, blocks.Columns, blocks.Columns / Block);
        var (values, scales) = (new byte[rows * columns * Bits / 8], new float[blocks.Scales.Length]);
        for (var i = 0; i < rows * columns; i++)
        {
            var (column, row) = (i / rows, i % rows);
            var from = (row * columns) + column;
            var stored = Bits == 8 ? blocks.Values[from] ^ 0x80 : ((blocks.Values[from / 2] >> (4 * (from % 2))) & 15) ^ 8;
            values[i * Bits / 8] |= (byte)(stored << (Bits == 8 ? 0 : 4 * (i % 2)));
            scales[(column / Block * rows) + row] = blocks.Scales[(row * perRow) + (column / Block)];
        }

        string[] inputs =
        [
            _graph.Constant(module + ".weight_Q", Bits == 4 ? ExportedType.Int4 : ExportedType.Int8, values, columns, rows),
            Real(module + ".weight_scale", scales, perRow, rows),
        ];
        var real = _graph.Node("DequantizeLinear", name + "_DequantizeLinear", inputs, ("axis", 0), ("block_size", Block));
        return _graph.Node("MatMul", name, [input, real], [output ?? name + "/output_0"]);
    }

    private SmallBlocks Quantize(string module, string tensor)
    {
        var blocks = new SmallBlocks(
            family.Read(tensor), family.Rows(tensor), family.Columns(tensor), Bits, Block, HasZeros, Type == ExportedType.Float16);
        var perRow = blocks.Columns / Block;
        _graph.Constant($"{module}.weight_Q{Bits}G{Block}", ExportedType.UInt8, blocks.Values, blocks.Rows, perRow, Block * Bits / 8);
        Real(module + ".weight_scale", blocks.Scales, blocks.Rows, perRow);
        if (HasZeros)
        {
            _graph.Constant(module + ".weight_zp", ExportedType.UInt8, blocks.Zeros, blocks.Rows, blocks.Zeros.Length / blocks.Rows);
        }

        return blocks;
    }

    private string Real(string name, float[] numbers, params ReadOnlySpan<long> shape) => _graph.Reals(name, numbers, Type, shape);

    private string Scalar(float number) => _graph.Reals(
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"/model/constants/{Float}/{number}"), [number], Type);
}
