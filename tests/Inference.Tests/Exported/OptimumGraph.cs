using Tollgate.Inference.Decoders;
using Tollgate.Inference.Exported;

namespace Tollgate.Inference.Tests.Exported;

/// <summary>A decoder as torch's exporter writes it for Optimum: attention and norms in single operators, products named by their module,
/// their turned matrices named by nothing.</summary>
internal sealed class OptimumGraph(ExportedFamily family)
{
    private readonly Dictionary<string, string> _anonymous = new(StringComparer.Ordinal);
    private readonly HashSet<string> _cast = new(StringComparer.Ordinal);
    private GraphWriter _constants = null!;
    private GraphWriter _graph = null!;
    private bool _hasPast;

    /// <summary>Whether constants have the suffix of a merged graph.</summary>
    private bool _isMerged;

    /// <summary>Whether matrices keep their names and rows, and the graph turns them.</summary>
    public bool TurnsInGraph { get; init; }

    /// <summary>Type of the weights, float32 or float16.</summary>
    public ExportedType Type { get; init; } = ExportedType.Float32;

    /// <summary>Whether weights in half precision become float32 before they are used; else the graph computes in half precision, but
    /// for norms, positions and shares, as torch's modules do.</summary>
    public bool Casts { get; init; }

    /// <summary>Changes the numbers that a tensor of GGUF has in the graph.</summary>
    public Action<string, float[]>? Change { get; init; }

    /// <summary>Adds to the graph, before all else.</summary>
    public Action<GraphWriter>? Extra { get; init; }

    /// <inheritdoc cref="GraphWriter.Place"/>
    public Func<(string Location, long Offset, long Length), (string Location, long Offset, long Length)> Place { get; init; } =
        place => place;

    /// <summary>Module whose product is left out of the names: its operator and matrix are called otherwise.</summary>
    public string? Renamed { get; init; }

    /// <summary>Writes <c>model.onnx</c>.</summary>
    /// <param name="dataName">Name of a file for the numbers; null keeps them in the graph.</param>
    public void Write(string path, string? dataName = null)
    {
        _constants = _graph = new GraphWriter { DataName = dataName, Place = Place };
        _hasPast = true;
        AddBody();
        AddInputs(_graph, hasPast: true);
        AddOutputs(_graph);
        _graph.Write(path);
    }

    /// <summary>Writes <c>decoder_model.onnx</c>, which takes no past.</summary>
    public void WriteWithoutPast(string path)
    {
        _constants = _graph = new GraphWriter();
        AddBody();
        AddInputs(_graph, hasPast: false);
        AddOutputs(_graph);
        _graph.Write(path);
    }

    /// <summary>Writes <c>decoder_model_merged.onnx</c>: a branch without and one with a past.</summary>
    public void WriteMerged(string path)
    {
        var whole = _constants = new GraphWriter();
        _isMerged = true;
        var branches = new List<(string, object)>();
        foreach (var hasPast in (bool[])[true, false])
        {
            (_graph, _hasPast) = (new GraphWriter(whole), hasPast);
            AddBody();
            AddOutputs(_graph);
            branches.Add((hasPast ? "then_branch" : "else_branch", _graph));
        }

        AddInputs(whole, hasPast: true);
        whole.Input("use_cache_branch", ExportedType.Bool, 1);
        AddOutputs(whole);
        string[] outputs = ["logits", .. Enumerable.Range(0, family.Family.Layers).SelectMany(
            i => (string[])[$"present.{i}.key", $"present.{i}.value"])];
        whole.Node("If", "optimum::if", ["use_cache_branch"], outputs, [.. branches]);
        whole.Write(path);
    }

    /// <summary>Type in which the graph computes.</summary>
    private ExportedType Inner => Casts ? ExportedType.Float32 : Type;

    private bool IsGpt => family.Family.Architecture == "gpt2";

    private bool IsGemma => family.Family.Architecture.StartsWith("gemma", StringComparison.Ordinal);

    private void AddInputs(GraphWriter graph, bool hasPast)
    {
        graph.Input("input_ids", ExportedType.Int64, "batch_size", "sequence_length");
        graph.Input("attention_mask", ExportedType.Int64, "batch_size", "total_sequence_length");
        graph.Input("position_ids", ExportedType.Int64, "batch_size", "sequence_length");
        for (var i = 0; hasPast && i < 2 * family.Family.Layers; i++)
        {
            graph.Input(
                $"past_key_values.{i / 2}.{(i % 2 == 0 ? "key" : "value")}", Inner, "batch_size",
                family.Family.KeyValueHeads, "past_sequence_length", family.Family.HeadWidth);
        }
    }

    private void AddOutputs(GraphWriter graph)
    {
        graph.Output("logits", Inner, "batch_size", "sequence_length", family.Shape.Vocabulary);
        for (var i = 0; i < 2 * family.Family.Layers; i++)
        {
            graph.Output(
                $"present.{i / 2}.{(i % 2 == 0 ? "key" : "value")}", Inner, "batch_size", family.Family.KeyValueHeads,
                "total_sequence_length", family.Family.HeadWidth);
        }
    }

    private void AddBody()
    {
        Extra?.Invoke(_graph);
        var root = IsGpt ? "/transformer" : "/model";
        var stream = IsGpt
            ? _graph.Node("Add", root + "/Add", [
                _graph.Node("Gather", root + "/wte/Gather", [Named("token_embd.weight", "transformer.wte.weight"), "input_ids"]),
                _graph.Node("Gather", root + "/wpe/Gather", [Named("position_embd.weight", "transformer.wpe.weight"), "position_ids"])])
            : _graph.Node("Gather", root + "/embed_tokens/Gather",
                [Named("token_embd.weight", "model.embed_tokens.weight"), "input_ids"]);
        if (IsGemma)
        {
            stream = _graph.Node("Mul", root + "/Mul", [stream, Inside(root + "/Constant", family.Shape.EmbeddingScale)]);
        }

        var masks = family.Shape.Layers.DistinctBy(layer => layer.Window ?? 0).ToDictionary(
            layer => layer.Window ?? 0, layer => AddMask(layer.Window is null ? root : root + "/window", layer.Window));
        var rotations = family.Shape.Layers.Where(layer => layer.Rotation is not null).DistinctBy(layer => layer.Rotation)
            .ToDictionary(layer => layer.Rotation!, layer => AddRotation(root, layer.Rotation!, layer.Window is not null));
        for (var i = 0; i < family.Family.Layers; i++)
        {
            var shape = family.Shape.Layers[i];
            stream = AddLayer(i, stream, masks[shape.Window ?? 0], shape.Rotation is null ? null : rotations[shape.Rotation]);
        }

        var normal = AddNorm(root + (IsGpt ? "/ln_f" : "/norm"), "output_norm", stream);
        var output = family.Has("output.weight") ? "output.weight" : "token_embd.weight";
        var logits = TurnsInGraph && output == "token_embd.weight"
            ? _graph.Node("Transpose", "/lm_head/Transpose", ["model.embed_tokens.weight"], ("perm", new long[] { 1, 0 }))
            : Turned(output);
        _graph.Node("MatMul", "/lm_head/MatMul", [normal, logits], ["logits"]);
    }

    private string AddLayer(int index, string stream, string mask, (string Cos, string Sin)? rotation)
    {
        var (layer, block) = (IsGpt ? $"/transformer/h.{index}" : $"/model/layers.{index}", $"blk.{index}.");
        var attention = layer + (IsGpt ? "/attn" : "/self_attn");
        var normal = AddNorm(layer + (IsGpt ? "/ln_1" : "/input_layernorm"), block + "attn_norm", stream);
        var (query, key, value) = AddInputs(attention, block, normal);
        var (queries, keys) = (
            Split(attention, "q", query, family.Family.Heads, block), Split(attention, "k", key, family.Family.KeyValueHeads, block));
        var values = Split(attention, "v", value, family.Family.KeyValueHeads, block);
        if (rotation is { } turn)
        {
            (queries, keys) = (Rotate(attention + "/q", queries, turn), Rotate(attention + "/k", keys, turn));
        }

        var mixed = Attend(attention, index, queries, keys, values, mask);
        var output = Product(attention + (IsGpt ? "/c_proj" : "/o_proj"), block + "attn_output", mixed);
        var before = layer + (IsGpt ? "/ln_2" : "/post_attention_layernorm");
        if (family.Family.PostNorms)
        {
            output = AddNorm(before, block + "post_attention_norm", output);
            before = layer + "/pre_feedforward_layernorm";
        }

        stream = _graph.Node("Add", layer + "/Add", [stream, output]);
        var forward = AddFeedForward(layer + "/mlp", block, AddNorm(before, block + "ffn_norm", stream));
        if (family.Family.PostNorms)
        {
            forward = AddNorm(layer + "/post_feedforward_layernorm", block + "post_ffw_norm", forward);
        }

        return _graph.Node("Add", layer + "/Add_1", [stream, forward]);
    }

    private (string Query, string Key, string Value) AddInputs(string attention, string block, string normal)
    {
        if (!family.Family.PacksInputs)
        {
            return (Product(attention + "/q_proj", block + "attn_q", normal), Product(attention + "/k_proj", block + "attn_k", normal),
                Product(attention + "/v_proj", block + "attn_v", normal));
        }

        var packed = Product(attention + (IsGpt ? "/c_attn" : "/qkv_proj"), block + "attn_qkv", normal);
        var (query, key) = (family.Family.Heads * family.Family.HeadWidth, family.Family.KeyValueHeads * family.Family.HeadWidth);
        var sizes = Wholes(attention + "/sizes", query, key, key);
        _graph.Node("Split", attention + "/Split", [packed, sizes], [attention + "/0", attention + "/1", attention + "/2"], ("axis", 2));
        return (attention + "/0", attention + "/1", attention + "/2");
    }

    private string Split(string attention, string part, string rows, int heads, string block)
    {
        var apart = _graph.Node("Reshape", $"{attention}/Reshape_{part}", [
            rows, Wholes($"{attention}/shape_{part}", 0, 0, heads, family.Family.HeadWidth)]);
        if (family.Family.HeadNorms && part != "v")
        {
            apart = AddNorm($"{attention}/{part}_norm", $"{block}attn_{part}_norm", apart);
        }

        return _graph.Node("Transpose", $"{attention}/Transpose_{part}", [apart], ("perm", new long[] { 0, 2, 1, 3 }));
    }

    private (string Cos, string Sin) AddRotation(string root, Rotation rotation, bool isLocal)
    {
        var module = isLocal && family.Family.Architecture == "gemma3" ? "rotary_emb_local" : "rotary_emb";
        var scope = $"{root}/{module}";
        var frequencies = _constants.Reals(
            $"model.{module}.inv_freq{(_isMerged ? "_merged_0" : "")}", [.. rotation.Frequencies.Select(f => (float)f)],
            ExportedType.Float32, 1, rotation.Width / 2, 1);
        var positions = _graph.Node("Cast", scope + "/Cast", [
            _graph.Node("Unsqueeze", scope + "/Unsqueeze", ["position_ids", Wholes(scope + "/axis", 1)])], ("to", 1));
        var angles = _graph.Node("Transpose", scope + "/Transpose", [
            _graph.Node("MatMul", scope + "/MatMul", [frequencies, positions])], ("perm", new long[] { 0, 2, 1 }));
        var both = _graph.Node("Concat", scope + "/Concat", [angles, angles], ("axis", -1));
        string Table(string type) => _graph.Node("Unsqueeze", $"{scope}/{type}_Unsqueeze", [
            Narrow($"{scope}/{type}", _graph.Node(type, $"{scope}/{type}", [both])), Wholes(scope + "/axis_1", 1)]);
        return (Table("Cos"), Table("Sin"));
    }

    private string Rotate(string scope, string heads, (string Cos, string Sin) rotation)
    {
        var (width, rotated) = (family.Family.HeadWidth, family.Shape.RotaryWidth);
        string Cut(string name, string from, int first, int last) => _graph.Node("Slice", $"{scope}/{name}", [
            from, Wholes($"{scope}/{name}_from", first), Wholes($"{scope}/{name}_to", last), Wholes($"{scope}/{name}_axis", 3)]);
        var turned = rotated == width ? heads : Cut("Slice", heads, 0, rotated);
        var half = _graph.Node("Concat", scope + "/Concat", [
            _graph.Node("Neg", scope + "/Neg", [Cut("Slice_1", turned, rotated / 2, rotated)]), Cut("Slice_2", turned, 0, rotated / 2)],
            ("axis", -1));
        var sum = _graph.Node("Add", scope + "/Add", [
            _graph.Node("Mul", scope + "/Mul", [turned, rotation.Cos]), _graph.Node("Mul", scope + "/Mul_1", [half, rotation.Sin])]);
        return rotated == width ? sum
            : _graph.Node("Concat", scope + "/Concat_1", [sum, Cut("Slice_3", heads, rotated, width)], ("axis", -1));
    }

    private string Attend(string scope, int index, string queries, string keys, string values, string mask)
    {
        string Extend(string part, string now) => _hasPast
            ? _graph.Node(
                "Concat", $"{scope}/{part}_Concat", [$"past_key_values.{index}.{part}", now], [$"present.{index}.{part}"], ("axis", 2))
            : _graph.Node("Identity", $"{scope}/{part}_Identity", [now], [$"present.{index}.{part}"]);
        string Repeat(string part, string all)
        {
            var group = family.Family.Heads / family.Family.KeyValueHeads;
            var wide = _graph.Node("Expand", $"{scope}/{part}_Expand", [
                _graph.Node("Unsqueeze", $"{scope}/{part}_Unsqueeze", [all, Wholes($"{scope}/{part}_axis", 2)]),
                Wholes($"{scope}/{part}_group", 1, 1, group, 1, 1)]);
            return _graph.Node("Reshape", $"{scope}/{part}_Reshape", [
                wide, Wholes($"{scope}/{part}_shape", 1, family.Family.Heads, -1, family.Family.HeadWidth)]);
        }

        var (all, allValues) = (Repeat("key", Extend("key", keys)), Repeat("value", Extend("value", values)));
        var turned = _graph.Node("Transpose", scope + "/Transpose_3", [all], ("perm", new long[] { 0, 1, 3, 2 }));
        var scores = _graph.Node("Mul", scope + "/Mul_2", [
            _graph.Node("MatMul", scope + "/MatMul", [queries, turned]), Inside(scope + "/Constant_1", family.Shape.AttentionScale)]);
        var shares = Narrow(scope + "/Softmax", _graph.Node("Softmax", scope + "/Softmax", [
            Widen(scope + "/Softmax", _graph.Node("Add", scope + "/Add_2", [scores, mask]))], ("axis", -1)));
        var mixed = _graph.Node("Transpose", scope + "/Transpose_4", [
            _graph.Node("MatMul", scope + "/MatMul_1", [shares, allValues])], ("perm", new long[] { 0, 2, 1, 3 }));
        return _graph.Node(
            "Reshape", scope + "/Reshape_4", [mixed, Wholes(scope + "/shape_4", 0, 0, family.Family.Heads * family.Family.HeadWidth)]);
    }

    /// <summary>0 for what a position sees, a large negative number for what follows it or lies before its window;
    /// <c>[tokens, total]</c>.</summary>
    private string AddMask(string root, int? window)
    {
        string Size(string name, string of) => _graph.Node("Gather", $"{root}/{name}_Gather", [
            _graph.Node("Shape", $"{root}/{name}_Shape", [of]), Constant64($"{root}/{name}_index", 1)]);
        var (total, now) = (Size("total", "attention_mask"), Size("now", "input_ids"));
        var past = _graph.Node("Sub", root + "/Sub", [total, now]);
        var one = Constant64(root + "/one", 1);
        var rows = _graph.Node("Unsqueeze", root + "/Unsqueeze", [
            _graph.Node("Range", root + "/Range", [past, total, one]), Wholes(root + "/axis_1", 1)]);
        var columns = _graph.Node("Unsqueeze", root + "/Unsqueeze_1", [
            _graph.Node("Range", root + "/Range_1", [Constant64(root + "/zero", 0), total, one]), Wholes(root + "/axis_0", 0)]);
        var seen = _graph.Node("LessOrEqual", root + "/LessOrEqual", [columns, rows]);
        if (window is { } tokens)
        {
            var edge = _graph.Node("Sub", root + "/Sub_1", [rows, Constant64(root + "/width", tokens)]);
            seen = _graph.Node("And", root + "/And", [seen, _graph.Node("Greater", root + "/Greater", [columns, edge])]);
        }

        return _graph.Node("Where", root + "/Where", [
            seen, Inside(root + "/Constant_3", 0), Inside(root + "/Constant_4", Inner == ExportedType.Float16 ? -65_504 : -3e38f)]);
    }

    private string AddFeedForward(string scope, string block, string input)
    {
        if (IsGpt)
        {
            var up = Product(scope + "/c_fc", block + "ffn_up", input);
            return Product(
                scope + "/c_proj", block + "ffn_down", _graph.Node("Gelu", scope + "/act/Gelu", [up], ("approximate", "tanh")));
        }

        string gate, other;
        if (family.Family.PacksGate)
        {
            var packed = Product(scope + "/gate_up_proj", block + "ffn_up", input);
            (gate, other) = (scope + "/half_0", scope + "/half_1");
            _graph.Node("Split", scope + "/Split", [packed], [gate, other], ("axis", -1), ("num_outputs", 2));
        }
        else
        {
            gate = Product(scope + "/gate_proj", block + "ffn_gate", input);
            other = Product(scope + "/up_proj", block + "ffn_up", input);
        }

        var bent = IsGemma ? _graph.Node("Gelu", scope + "/act_fn/Gelu", [gate], ("approximate", "tanh"))
            : _graph.Node("Mul", scope + "/act_fn/Mul", [gate, _graph.Node("Sigmoid", scope + "/act_fn/Sigmoid", [gate])]);
        return Product(scope + "/down_proj", block + "ffn_down", _graph.Node("Mul", scope + "/Mul", [bent, other]));
    }

    private string AddNorm(string scope, string name, string input)
    {
        var module = scope.TrimStart('/').Replace('/', '.');
        if (family.Family.CentredNorms)
        {
            return _graph.Node("LayerNormalization", scope + "/LayerNormalization", [
                input, Named(name + ".weight", module + ".weight"), Named(name + ".bias", module + ".bias")],
                ("axis", -1), ("epsilon", 1e-5f));
        }

        input = Widen(scope + "/input", input);
        var mean = _graph.Node("ReduceMean", scope + "/ReduceMean", [
            _graph.Node("Pow", scope + "/Pow", [input, Scalar(scope + "/Constant", 2)]), Wholes(scope + "/axes", -1)]);
        var root = _graph.Node("Sqrt", scope + "/Sqrt", [_graph.Node("Add", scope + "/Add", [mean, Scalar(scope + "/Constant_1", 1e-5f)])]);
        var normal = _graph.Node("Mul", scope + "/Mul", [
            input, _graph.Node("Div", scope + "/Div", [Scalar(scope + "/Constant_2", 1), root])]);
        return IsGemma
            ? Narrow(scope + "/Mul_1", _graph.Node("Mul", scope + "/Mul_1", [Widen(scope + "/f", AddFactors(scope, name, module)), normal]))
            : _graph.Node("Mul", scope + "/Mul_1", [AddFactors(scope, name, module), Narrow(scope + "/Mul", normal)]);
    }

    /// <summary>Factors of a norm; Gemma's as the difference to 1 where the graph is not folded, else without a name.</summary>
    private string AddFactors(string scope, string name, string module)
    {
        if (!IsGemma)
        {
            return Named(name + ".weight", module + ".weight");
        }

        var numbers = Numbers(name + ".weight");
        return TurnsInGraph
            ? _graph.Node("Add", scope + "/Add_1", [
                Real(module + ".weight", Array.ConvertAll(numbers, number => number - 1), numbers.Length),
                Inside(scope + "/Constant_3", 1)])
            : Real(Anonymous("Mul", name), numbers, numbers.Length);
    }

    private string Product(string scope, string name, string input)
    {
        var module = scope.TrimStart('/').Replace('/', '.');
        if (IsGpt)
        {
            var flat = _graph.Node("Reshape", scope + "/Reshape", [input, Wholes(scope + "/flat", -1, family.Columns(name + ".weight"))]);
            var matrix = Real(module + ".weight", Turn(name + ".weight"), family.Columns(name + ".weight"), family.Rows(name + ".weight"));
            var product = _graph.Node("Gemm", scope + "/Gemm", [flat, matrix, Named(name + ".bias", module + ".bias")]);
            return _graph.Node("Reshape", scope + "/Reshape_1", [product, Wholes(scope + "/whole", 1, -1, family.Rows(name + ".weight"))]);
        }

        if (module == Renamed)
        {
            scope = "/odd";
        }

        var turned = TurnsInGraph
            ? _graph.Node("Transpose", scope + "/Transpose", [Named(name + ".weight", module + ".weight")], ("perm", new long[] { 1, 0 }))
            : Turned(name + ".weight");
        var rows = _graph.Node("MatMul", scope + "/MatMul", [input, turned]);
        return family.Has(name + ".bias")
            ? _graph.Node("Add", scope + "/Add", [Named(name + ".bias", module + ".bias"), rows]) : rows;
    }

    private string Named(string tensor, string name) => family.Rows(tensor) == 1
        ? Real(name, Numbers(tensor), family.Columns(tensor)) : Real(name, Numbers(tensor), family.Rows(tensor), family.Columns(tensor));

    private string Turned(string tensor) =>
        Real(Anonymous("MatMul", tensor), Turn(tensor), family.Columns(tensor), family.Rows(tensor));

    private float[] Turn(string tensor)
    {
        var (numbers, rows, columns) = (Numbers(tensor), family.Rows(tensor), family.Columns(tensor));
        return [.. Enumerable.Range(0, numbers.Length).Select(i => numbers[(i % rows * columns) + (i / rows)])];
    }

    private float[] Numbers(string tensor)
    {
        var numbers = family.Read(tensor);
        Change?.Invoke(tensor, numbers);
        return numbers;
    }

    private string Anonymous(string type, string of)
    {
        if (!_anonymous.TryGetValue(of, out var name))
        {
            _anonymous[of] = name = $"onnx::{type}_{900 + _anonymous.Count}";
        }

        return name;
    }

    private string Real(string name, float[] numbers, params ReadOnlySpan<long> shape)
    {
        var constant = _constants.Reals(_isMerged ? name + "_merged_0" : name, numbers, Type, shape);
        if (!Casts)
        {
            return constant;
        }

        return _cast.Add(constant) ? _graph.Node("Cast", $"/cast/{constant}", [constant], ("to", 1)) : $"/cast/{constant}_output_0";
    }

    /// <summary>A number of the type in which the graph computes.</summary>
    private string Inside(string name, float number) => _graph.Reals(name + "_output_0", [number], Inner);

    /// <summary>Makes float32 of what the graph computed.</summary>
    private string Widen(string scope, string input) =>
        Inner == ExportedType.Float32 ? input : _graph.Node("Cast", scope + "/Widen", [input], ("to", (int)ExportedType.Float32));

    /// <summary>Makes of float32 the type in which the graph computes.</summary>
    private string Narrow(string scope, string input) =>
        Inner == ExportedType.Float32 ? input : _graph.Node("Cast", scope + "/Narrow", [input], ("to", (int)Inner));

    private string Scalar(string name, float number) => _graph.Reals(name + "_output_0", [number], ExportedType.Float32);

    private string Constant64(string name, long number) => _graph.Wholes(name + "_output_0", [number]);

    private string Wholes(string name, params ReadOnlySpan<long> numbers) => _graph.Wholes(name + "_output_0", numbers, numbers.Length);
}
