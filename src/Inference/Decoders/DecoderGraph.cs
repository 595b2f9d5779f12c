using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Decoders;

/// <summary>Writes a decoder as an ONNX graph for the slot scheduler.</summary>
/// <remarks>
/// Inputs: <c>input_ids</c> int64 [B, S]; <c>taken</c> int64 [T], the positions in B × S whose logits are wanted, row by row;
/// <c>seqlens_k</c> int32 [B], past + new − 1; <c>total_sequence_length</c> int32 [1], the longest row's past + new;
/// <c>past_key_values.{i}.key|value</c> float32 or float16 [B, Hkv, MaxLen, D].
/// Outputs: <c>logits</c> float32 [T, V]; <c>present.{i}.key|value</c>, to be bound to the memory of the past, which is then appended to
/// in place.
/// With <see cref="DecoderShape.HalfActivations"/> all numbers between ids and logits are float16.
/// S &gt; 1 with a past needs B = 1 (the kernel's limit). Several rows without a past may have fewer than S tokens: what follows them is
/// computed and never wanted, and <c>total_sequence_length</c> is S.
/// Several tokens of several rows with a past are a batch of tokens, S = 1, whose attention runs in <see cref="AttentionRounds"/>. Then
/// <c>seqlens_k</c> are the tokens' own positions, and the past is one of rows.
/// </remarks>
internal sealed class DecoderGraph : IDisposable
{
    /// <summary>Weights beyond this many bytes go to a file of their own, which ONNX Runtime maps into memory.</summary>
    private const long MostInlineBytes = 64L << 20;

    private readonly DecoderWeights _weights;
    private readonly DecoderShape _shape;
    private readonly DecoderFamily _family;
    private readonly HeadLayout _heads;
    private readonly OnnxGraphBuilder _graph;
    private readonly MatrixWriter _matrices;
    private readonly AttentionWriter _attention;

    /// <summary>The factor of each new query, [B, S, 1], where queries grow.</summary>
    private string? _growth;

    private DecoderGraph(DecoderWeights weights, WeightPrecision precision, string? weightsPath)
    {
        _weights = weights;
        _shape = weights.Shape;
        _family = _shape.Family;
        _heads = new HeadLayout(_shape);
        _graph = new OnnxGraphBuilder(weightsPath, rounds: _shape.HalfActivations);
        _matrices = new MatrixWriter(_graph, weights, precision);
        _attention = new AttentionWriter(_graph, _shape);
    }

    /// <summary>Writes <c>model.onnx</c>, and <c>weights.bin</c> for a large model; returns the names of the files.</summary>
    public static IReadOnlyList<string> Write(
        DecoderWeights weights, WeightPrecision precision, string folder, Action<double>? progress = null)
    {
        var shape = weights.Shape;
        var elements = weights.Elements + shape.Rotations.Sum(_ => (long)shape.Context * shape.KernelRotaryWidth);
        var external = elements * sizeof(float) > MostInlineBytes;
        using var graph = new DecoderGraph(weights, precision, external ? Path.Combine(folder, "weights.bin") : null);
        graph.Build(progress);
        graph._graph.Write(Path.Combine(folder, "model.onnx"));
        return external ? ["model.onnx", "weights.bin"] : ["model.onnx"];
    }

    /// <summary>The model as bytes, weights included.</summary>
    public static byte[] Build(DecoderWeights weights, WeightPrecision precision = WeightPrecision.Float32)
    {
        using var graph = new DecoderGraph(weights, precision, weightsPath: null);
        graph.Build(progress: null);
        return graph._graph.ToModel().ToArray();
    }

    public void Dispose() => _graph.Dispose();

    private void Build(Action<double>? progress)
    {
        _graph.Input("input_ids", typeof(long), "batch", "new");
        _graph.Input(TakenPositions.Name, typeof(long), "taken");
        _graph.Input("seqlens_k", typeof(int), "batch");
        _graph.Input("total_sequence_length", typeof(int), 1);
        _attention.AddInputs();
        _graph.Initializer("innermost", [-1L], 1);
        _graph.Initializer("flat", [-1L, _shape.Width], 2);
        _graph.Initializer("flat_heads", [-1L, _shape.Heads * _shape.KernelWidth], 2);
        var rotations = AddRotaryTables();
        var positions = _weights.Positions is null && _shape.QueryGrowth is null ? null : AddPositionIds();
        var embedding = _matrices.Table("embedding", _weights.Embedding);
        var stream = AddEmbedding(embedding, positions);
        if (positions is not null && _shape.QueryGrowth is { } growth)
        {
            _graph.Initializer("growth", [.. Enumerable.Range(0, _shape.Context).Select(growth.At)], _shape.Context, 1);
            _growth = _graph.Node("Gather", ["growth", positions]);
        }

        string? change = null;
        for (var i = 0; i < _shape.Layers.Count; i++)
        {
            var rotation = _shape.Layers[i].Rotation;
            (stream, change) = AddLayer(i, rotation is null ? null : rotations[rotation], stream, change);
            progress?.Invoke((i + 1.0) / _shape.Layers.Count);
        }

        var (normal, _) = AddNorm("output_norm", _weights.OutputNorm, stream, change);
        AddLogits(
            _graph.Node("Reshape", [normal, "flat"]),
            _weights.Output is { } output ? _matrices.Table("output", output) : embedding);
        _attention.AddCaches();
    }

    private string AddEmbedding(TokenTable embedding, string? positions)
    {
        var stream = embedding.Look("input_ids");
        if (_family.ScalesEmbedding)
        {
            _graph.Initializer("embedding_scale", [_shape.EmbeddingScale], 1);
            stream = _graph.Node("Mul", [stream, "embedding_scale"]);
        }

        if (positions is not null && _weights.Positions is { } table)
        {
            _graph.Initializer("positions", _weights.Read(table), _shape.Context, _shape.Width);
            stream = _graph.Node("Add", [stream, _graph.Node("Gather", ["positions", positions])]);
        }

        return stream;
    }

    /// <summary>Positions of the new tokens, int64 [B, S]: the last is the row's length − 1; from 0 on in a row of fewer tokens.</summary>
    private string AddPositionIds()
    {
        // Ones are counted instead of asking for the shape: CUDA computes with shapes on the processor, which its sessions exclude.
        _graph.Initializer("zero", [0L], 1);
        _graph.Initializer("one", [1L], 1);
        _graph.Initializer("minus_one", [-1L], 1);
        var ones = _graph.Node("Add", [_graph.Node("Mul", ["input_ids", "zero"]), "one"]);
        var count = _graph.Node("ReduceSum", [ones, "innermost"], ("keepdims", 1));
        var last = _graph.Node("Unsqueeze", [_graph.Node("Cast", ["seqlens_k"], ("to", (int)TensorElementType.Int64)), "innermost"]);
        var before = _graph.Node("Max", [_graph.Node("Sub", [last, count]), "minus_one"]);
        return _graph.Node("Add", [before, _graph.Node("CumSum", [ones, "one"])]);
    }

    private void AddLogits(string rows, TokenTable table)
    {
        _graph.Output("logits", typeof(float), "taken", _shape.Vocabulary);
        var logits = _shape.HalfActivations ? _graph.NewName() : "logits";
        if (_shape.LogitSoftcap == 0)
        {
            table.Multiply(rows, logits);
        }
        else
        {
            var flat = _graph.NewName();
            table.Multiply(rows, flat);
            _graph.Initializer("softcap", [_shape.LogitSoftcap], 1);
            var scaled = _graph.Node("Div", [flat, "softcap"]);
            _graph.Node("Mul", domain: "", [_graph.Node("Tanh", [scaled]), "softcap"], [logits]);
        }

        if (_shape.HalfActivations)
        {
            _graph.Node("Cast", domain: "", [logits], ["logits"], ("to", (int)TensorElementType.Float));
        }
    }

    /// <summary>Adds one block; the residual sum is completed by the next norm, which is fused with it.</summary>
    private (string Stream, string Change) AddLayer(int index, (string Cos, string Sin)? rotation, string stream, string? change)
    {
        var layer = _weights.Layers[index];
        var prefix = $"layer.{index}.";
        (var normal, stream) = AddNorm(prefix + "attention_norm", layer.AttentionNorm, stream, change);
        var attention = _attention.Write(index, rotation, AddHeads(index, prefix, layer, normal));
        if (index == _shape.Layers.Count - 1)
        {
            // Few positions' logits are wanted: nothing after the last attention needs the others. They are rows of one token each.
            var taken = _graph.Node("Unsqueeze", [TakenPositions.Name, "innermost"]);
            attention = _graph.Node("Gather", [_graph.Node("Reshape", [attention, "flat_heads"]), taken], ("axis", 0));
            stream = _graph.Node("Gather", [_graph.Node("Reshape", [stream, "flat"]), taken], ("axis", 0));
        }

        var output = new MatrixPart(layer.AttentionOutput.Matrix) { Piece = _shape.HeadWidth, Filled = _shape.KernelWidth };
        var projected = AddProduct(prefix + "attention_output", attention, ReadBias(layer.AttentionOutput), output);
        projected = AddPostNorm(prefix + "attention_post_norm", layer.AttentionPostNorm, projected);
        (normal, stream) = AddNorm(prefix + "feed_forward_norm", layer.FeedForwardNorm, stream, projected);
        var down = AddProduct(prefix + "down", AddActivation(prefix, layer, normal), layer.Down);
        return (stream, AddPostNorm(prefix + "feed_forward_post_norm", layer.FeedForwardPostNorm, down));
    }

    private string AddActivation(string prefix, DecoderWeights.Layer layer, string normal)
    {
        var up = AddProduct(prefix + "up", normal, layer.Up);
        if (layer.Gate is null)
        {
            return AddGelu(up);
        }

        var gate = AddProduct(prefix + "gate", normal, layer.Gate);
        return _graph.Node("Mul", [_family.FeedForward == FeedForwardForm.GatedGelu ? AddGelu(gate) : AddSilu(gate), up]);
    }

    private string AddSilu(string input) => _graph.Node("Mul", [input, _graph.Node("Sigmoid", [input])]);

    private string AddGelu(string input)
    {
        var output = _graph.NewName();
        _graph.Node("FastGelu", OnnxGraphBuilder.MicrosoftDomain, [input], [output]);
        return output;
    }

    /// <summary>Query, key and value, as the kernel takes them: packed, or apart where something is done to one of them first.</summary>
    private string[] AddHeads(int index, string prefix, DecoderWeights.Layer layer, string normal)
    {
        var rotation = _shape.Layers[index].Rotation;
        (Product Product, Rotation? Rotation)[] inputs = [(layer.Query, rotation), (layer.Key, rotation), (layer.Value, null)];
        var parts = inputs.Select(i => new MatrixPart(i.Product.Matrix, _heads.Order(i.Product.Matrix.Rows, i.Rotation))).ToArray();
        float[]? bias = inputs.All(i => i.Product.Bias is null)
            ? null : [.. inputs.SelectMany(i => _heads.Arrange(ReadBias(i.Product) ?? new float[i.Product.Matrix.Rows], i.Rotation))];
        var packed = AddProduct(prefix + "attention_input", normal, bias, parts);
        if (layer.QueryNorm is null && layer.KeyNorm is null && _growth is null)
        {
            return [packed, "", ""];
        }

        string[] apart = [_graph.NewName(), _graph.NewName(), _graph.NewName()];
        var (query, key) = (_shape.Heads * _shape.KernelWidth, _shape.KeyValueHeads * _shape.KernelWidth);
        _graph.Initializer(prefix + "parts", [(long)query, key, key], 3);
        _graph.Node("Split", domain: "", [packed, prefix + "parts"], apart, ("axis", -1));
        var queries = AddHeadNorm(prefix + "query_norm", layer.QueryNorm, rotation, apart[0], _shape.Heads);
        return
        [
            _growth is null ? queries : _graph.Node("Mul", [queries, _growth]),
            AddHeadNorm(prefix + "key_norm", layer.KeyNorm, rotation, apart[1], _shape.KeyValueHeads),
            apart[2],
        ];
    }

    private string AddHeadNorm(string name, NormWeights? norm, Rotation? rotation, string input, int heads)
    {
        if (norm is null)
        {
            return input;
        }

        _graph.Initializer(name, _heads.ArrangeNorm(_weights.Read(norm.Weight), rotation), _shape.KernelWidth);
        _graph.Initializer(name + "_apart", [0L, 0L, heads, _shape.KernelWidth], 4);
        _graph.Initializer(name + "_joined", [0L, 0L, heads * _shape.KernelWidth], 3);
        var apart = _graph.Node("Reshape", [input, name + "_apart"]);
        var normal = _graph.Node("SimplifiedLayerNormalization", [apart, name], ("axis", -1), ("epsilon", _heads.NormEpsilon));
        return _graph.Node("Reshape", [normal, name + "_joined"]);
    }

    /// <summary>Normalises the stream, to which a change is added first.</summary>
    /// <returns>What is normalised, and the sum.</returns>
    private (string Normal, string Stream) AddNorm(string name, NormWeights norm, string stream, string? change)
    {
        var (type, inputs) = AddNormWeights(name, norm);
        if (change is null)
        {
            return (_graph.Node(type, [stream, .. inputs], ("axis", -1), ("epsilon", _shape.NormEpsilon)), stream);
        }

        var (normal, sum) = (_graph.NewName(), _graph.NewName());
        _graph.Node(
            "Skip" + type, OnnxGraphBuilder.MicrosoftDomain, [stream, change, .. inputs], [normal, "", "", sum],
            ("epsilon", _shape.NormEpsilon));
        return (normal, sum);
    }

    private string AddPostNorm(string name, NormWeights? norm, string input) =>
        norm is null ? input : AddNorm(name, norm, input, change: null).Normal;

    private (string Type, string[] Inputs) AddNormWeights(string name, NormWeights norm)
    {
        _graph.Initializer(name, _weights.Read(norm.Weight), _shape.Width);
        if (norm.Bias is null)
        {
            return ("SimplifiedLayerNormalization", [name]);
        }

        _graph.Initializer(name + "_bias", _weights.Read(norm.Bias), _shape.Width);
        return ("LayerNormalization", [name, name + "_bias"]);
    }

    private string AddProduct(string name, string input, Product product) =>
        AddProduct(name, input, ReadBias(product), new MatrixPart(product.Matrix));

    private string AddProduct(string name, string input, float[]? bias, params ReadOnlySpan<MatrixPart> parts)
    {
        var product = _matrices.Product(name, input, parts);
        if (bias is null)
        {
            return product;
        }

        _graph.Initializer(name + "_bias", bias, bias.Length);
        return _graph.Node("Add", [product, name + "_bias"]);
    }

    private float[]? ReadBias(Product product) => product.Bias is { } bias ? _weights.Read(bias) : null;

    private Dictionary<Rotation, (string Cos, string Sin)> AddRotaryTables()
    {
        var tables = new Dictionary<Rotation, (string Cos, string Sin)>();
        var pairs = _shape.KernelRotaryWidth / 2;
        foreach (var rotation in _shape.Rotations)
        {
            var cosines = new float[_shape.Context * pairs];
            var sines = new float[cosines.Length];
            for (var i = 0; i < cosines.Length; i++)
            {
                var (position, pair) = (i / pairs, i % pairs);
                var angle = pair < rotation.Frequencies.Count ? position * rotation.Frequencies[pair] : 0; // The filling does not turn.
                var (sin, cos) = Math.SinCos(angle);
                (sines[i], cosines[i]) = ((float)(sin * rotation.Magnitude), (float)(cos * rotation.Magnitude));
            }

            var names = ($"cos.{tables.Count}", $"sin.{tables.Count}");
            AddRotaryTable(names.Item1, cosines, pairs);
            AddRotaryTable(names.Item2, sines, pairs);
            tables.Add(rotation, names);
        }

        return tables;
    }

    /// <summary>The kernel takes the tables in the type of the heads.</summary>
    private void AddRotaryTable(string name, float[] numbers, int pairs)
    {
        if (!_shape.HalfKeyValues)
        {
            _graph.Initializer(name, numbers, _shape.Context, pairs);
            return;
        }

        var rounded = Array.ConvertAll(numbers, number => (Half)number);
        _graph.Initializer(
            name, new OnnxTensor(TensorElementType.Float16, [_shape.Context, pairs], MemoryMarshal.AsBytes<Half>(rounded).ToArray()));
    }
}
