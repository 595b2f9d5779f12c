using Tollgate.Inference.Gguf;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Decoders;

/// <summary>Writes a decoder of the Llama family as an ONNX graph for the slot scheduler.</summary>
/// <remarks>
/// Inputs: <c>input_ids</c> int64 [B, S]; <c>seqlens_k</c> int32 [B], past + new − 1; <c>total_sequence_length</c> int32 [1], the longest
/// row's past + new; <c>past_key_values.{i}.key|value</c> float32 [B, Hkv, MaxLen, D]. Outputs: <c>logits</c> float32 [B, V] of the last
/// position; <c>present.{i}.key|value</c>, to be bound to the memory of the past, which is then appended to in place.
/// S &gt; 1 with a past needs B = 1 (the kernel's limit).
/// </remarks>
internal sealed class LlamaGraph : IDisposable
{
    /// <summary>Weights beyond this many bytes go to a file of their own, which ONNX Runtime maps into memory.</summary>
    private const long MostInlineBytes = 64L << 20;

    private readonly LlamaWeights _weights;
    private readonly LlamaShape _shape;
    private readonly OnnxGraphBuilder _graph;

    private LlamaGraph(LlamaWeights weights, string? weightsPath)
    {
        _weights = weights;
        _shape = weights.Shape;
        _graph = new OnnxGraphBuilder(weightsPath);
    }

    /// <summary>Writes <c>model.onnx</c>, and <c>weights.bin</c> for a large model; returns the names of the files.</summary>
    public static IReadOnlyList<string> Write(LlamaWeights weights, string folder, Action<double>? progress = null)
    {
        var elements = weights.Layers.Sum(l => l.Query.Elements + l.Key.Elements + l.Value.Elements + l.AttentionOutput.Elements
            + l.Gate.Elements + l.Up.Elements + l.Down.Elements) + weights.Embedding.Elements + (weights.Output?.Elements ?? 0)
            + ((long)weights.Shape.Context * weights.Shape.KernelWidth); // the tables of the rotation
        var external = elements * sizeof(float) > MostInlineBytes;
        using var graph = new LlamaGraph(weights, external ? Path.Combine(folder, "weights.bin") : null);
        graph.Build(progress);
        graph._graph.Write(Path.Combine(folder, "model.onnx"));
        return external ? ["model.onnx", "weights.bin"] : ["model.onnx"];
    }

    /// <summary>The model as bytes, weights included.</summary>
    public static byte[] Build(LlamaWeights weights)
    {
        using var graph = new LlamaGraph(weights, weightsPath: null);
        graph.Build(progress: null);
        return graph._graph.ToModel().ToArray();
    }

    public void Dispose() => _graph.Dispose();

    private void Build(Action<double>? progress)
    {
        _graph.Input("input_ids", typeof(long), "batch", "new");
        _graph.Input("seqlens_k", typeof(int), "batch");
        _graph.Input("total_sequence_length", typeof(int), 1);
        AddRotaryTables();
        _graph.Initializer("embedding", _weights.Read(_weights.Embedding), _shape.Vocabulary, _shape.Width);
        _graph.Initializer("last", [-1L], 1);
        _graph.Initializer("flat", [-1L, _shape.Width], 2);

        var stream = _graph.Node("Gather", ["embedding", "input_ids"]);
        string? change = null;
        for (var i = 0; i < _shape.Layers; i++)
        {
            (stream, change) = AddLayer(i, stream, change);
            progress?.Invoke((i + 1.0) / _shape.Layers);
        }

        var (normal, _) = AddNorm("output_norm", _weights.OutputNorm, stream, change);
        var rows = _graph.Node("Reshape", [normal, "flat"]);
        var table = "embedding";
        if (_weights.Output is { } output)
        {
            table = "output";
            _graph.Initializer(table, _weights.Read(output), _shape.Vocabulary, _shape.Width);
        }

        AddLogits(rows, table);
        _graph.Output("logits", typeof(float), "batch", _shape.Vocabulary);
        for (var i = 0; i < _shape.Layers; i++)
        {
            foreach (var part in (ReadOnlySpan<string>)["key", "value"])
            {
                _graph.Input($"past_key_values.{i}.{part}", typeof(float), "batch", _shape.KeyValueHeads, "length", _shape.KernelWidth);
                _graph.Output($"present.{i}.{part}", typeof(float), "batch", _shape.KeyValueHeads, "length", _shape.KernelWidth);
            }
        }
    }

    private void AddLogits(string rows, string table)
    {
        if (_shape.LogitSoftcap == 0)
        {
            _graph.Node("Gemm", domain: "", [rows, table], ["logits"], ("transB", 1));
            return;
        }

        _graph.Initializer("softcap", [_shape.LogitSoftcap], 1);
        var scaled = _graph.Node("Div", [_graph.Node("Gemm", [rows, table], ("transB", 1)), "softcap"]);
        _graph.Node("Mul", domain: "", [_graph.Node("Tanh", [scaled]), "softcap"], ["logits"]);
    }

    /// <summary>Adds one block; the residual sum is completed by the next norm, which is fused with it.</summary>
    private (string Stream, string Change) AddLayer(int index, string stream, string? change)
    {
        var layer = _weights.Layers[index];
        var prefix = $"layer.{index}.";
        (var normal, stream) = AddNorm(prefix + "attention_norm", layer.AttentionNorm, stream, change);
        var attention = AddAttention(index, prefix, layer, normal);
        if (index == _shape.Layers - 1)
        {
            // Only the last position's logits are wanted: nothing after the last attention needs the others.
            attention = _graph.Node("Gather", [attention, "last"], ("axis", 1));
            stream = _graph.Node("Gather", [stream, "last"], ("axis", 1));
        }

        var projected = AddProduct(
            prefix + "attention_output", attention, Spread(_weights.Read(layer.AttentionOutput)), _shape.Heads * _shape.KernelWidth);
        (normal, stream) = AddNorm(prefix + "feed_forward_norm", layer.FeedForwardNorm, stream, projected);
        var gate = AddProduct(prefix + "gate", normal, _weights.Read(layer.Gate), _shape.Width);
        var up = AddProduct(prefix + "up", normal, _weights.Read(layer.Up), _shape.Width);
        var activated = _graph.Node("Mul", [_graph.Node("Mul", [gate, _graph.Node("Sigmoid", [gate])]), up]);
        return (stream, AddProduct(prefix + "down", activated, _weights.Read(layer.Down), _shape.FeedForward));
    }

    private string AddAttention(int index, string prefix, LlamaWeights.Layer layer, string normal)
    {
        // Query, key and value in one product: the kernel takes them packed.
        float[] packed =
            [.. Arrange(_weights.Read(layer.Query), _shape.Width, rotates: true),
                .. Arrange(_weights.Read(layer.Key), _shape.Width, rotates: true),
                .. Arrange(_weights.Read(layer.Value), _shape.Width, rotates: false)];
        var projected = AddProduct(prefix + "attention_input", normal, packed, _shape.Width);
        if (layer.QueryBias is not null || layer.KeyBias is not null || layer.ValueBias is not null)
        {
            float[] bias =
                [.. Arrange(ReadBias(layer.QueryBias, layer.Query), 1, rotates: true),
                    .. Arrange(ReadBias(layer.KeyBias, layer.Key), 1, rotates: true),
                    .. Arrange(ReadBias(layer.ValueBias, layer.Value), 1, rotates: false)];
            _graph.Initializer(prefix + "attention_bias", bias, bias.Length);
            projected = _graph.Node("Add", [projected, prefix + "attention_bias"]);
        }

        var attention = _graph.NewName();
        _graph.Node(
            "GroupQueryAttention",
            OnnxGraphBuilder.MicrosoftDomain,
            [projected, "", "", $"past_key_values.{index}.key", $"past_key_values.{index}.value", "seqlens_k", "total_sequence_length",
                "cos", "sin"],
            [attention, $"present.{index}.key", $"present.{index}.value"],
            ("num_heads", _shape.Heads),
            ("kv_num_heads", _shape.KeyValueHeads),
            ("do_rotary", 1),
            ("rotary_interleaved", 0),
            ("local_window_size", _shape.Window ?? -1),
            ("scale", _shape.AttentionScale),
            ("softcap", _shape.AttentionSoftcap));
        return attention;
    }

    private (string Normal, string Stream) AddNorm(string name, GgufTensor weight, string stream, string? change)
    {
        _graph.Initializer(name, _weights.Read(weight), _shape.Width);
        if (change is null)
        {
            return (_graph.Node("SimplifiedLayerNormalization", [stream, name], ("axis", -1), ("epsilon", _shape.NormEpsilon)), stream);
        }

        var (normal, sum) = (_graph.NewName(), _graph.NewName());
        _graph.Node(
            "SkipSimplifiedLayerNormalization",
            OnnxGraphBuilder.MicrosoftDomain,
            [stream, change, name],
            [normal, "", "", sum],
            ("epsilon", _shape.NormEpsilon));
        return (normal, sum);
    }

    /// <summary>Multiplies with a matrix given as rows of outputs; the graph holds it as rows of inputs.</summary>
    private string AddProduct(string name, string input, float[] matrix, int inputs)
    {
        var outputs = matrix.Length / inputs;
        _graph.Initializer(name, Transpose(matrix, outputs, inputs), inputs, outputs);
        return _graph.Node("MatMul", [input, name]);
    }

    private static float[] Transpose(float[] matrix, int rows, int columns)
    {
        const int Tile = 64; // both sides of a tile stay in the first-level cache
        var transposed = GC.AllocateUninitializedArray<float>(matrix.Length);
        Parallel.For(0, (rows + Tile - 1) / Tile, tile =>
        {
            var lastRow = Math.Min((tile + 1) * Tile, rows);
            for (var firstColumn = 0; firstColumn < columns; firstColumn += Tile)
            {
                var lastColumn = Math.Min(firstColumn + Tile, columns);
                for (var row = tile * Tile; row < lastRow; row++)
                {
                    for (var column = firstColumn; column < lastColumn; column++)
                    {
                        transposed[(column * rows) + row] = matrix[(row * columns) + column];
                    }
                }
            }
        });
        return transposed;
    }

    /// <summary>Orders the rows of each head so that rotation pairs the halves, as the kernel does, and fills heads with zeros to the
    /// kernel's width: each half at its end where they rotate.</summary>
    private float[] Arrange(float[] rows, int columns, bool rotates)
    {
        var (head, kernel) = (_shape.HeadWidth, _shape.KernelWidth);
        if (head == kernel && !(rotates && _shape.RopePairsNeighbours))
        {
            return rows;
        }

        var count = rows.Length / columns;
        var arranged = new float[count / head * kernel * columns];
        for (var row = 0; row < count; row++)
        {
            var within = row % head;
            var (pair, half) = _shape.RopePairsNeighbours ? (within / 2, within % 2) : (within % (head / 2), within / (head / 2));
            var target = (row / head * kernel) + (rotates ? pair + (half * kernel / 2) : within);
            rows.AsSpan(row * columns, columns).CopyTo(arranged.AsSpan(target * columns));
        }

        return arranged;
    }

    /// <summary>Gives the output matrix a column for each number of the kernel's heads; those of the filling are zero.</summary>
    private float[] Spread(float[] matrix)
    {
        var (head, kernel) = (_shape.HeadWidth, _shape.KernelWidth);
        if (head == kernel)
        {
            return matrix;
        }

        var spread = new float[matrix.Length / head * kernel];
        for (var part = 0; part < matrix.Length / head; part++)
        {
            matrix.AsSpan(part * head, head).CopyTo(spread.AsSpan(part * kernel));
        }

        return spread;
    }

    private float[] ReadBias(GgufTensor? bias, GgufTensor matrix) => bias is null ? new float[matrix.Rows] : _weights.Read(bias);

    private void AddRotaryTables()
    {
        var frequencies = _shape.RopeFrequencies(_weights.RopeFactors);
        var width = _shape.KernelWidth / 2;
        var cosines = new float[_shape.Context * width];
        var sines = new float[cosines.Length];
        for (var i = 0; i < cosines.Length; i++)
        {
            // The filling of a head does not turn.
            var (sin, cos) = Math.SinCos(i % width < frequencies.Length ? i / width * frequencies[i % width] : 0);
            (sines[i], cosines[i]) = ((float)sin, (float)cos);
        }

        _graph.Initializer("cos", cosines, _shape.Context, width);
        _graph.Initializer("sin", sines, _shape.Context, width);
    }
}
