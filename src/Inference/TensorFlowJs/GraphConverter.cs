using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.TensorFlowJs;

/// <summary>
/// Writes a TF.js graph model that reads pictures as an ONNX graph: the nodes that one output needs, with float32 weights. Pictures come
/// with channels first, as ONNX's convolutions read them, and change their layout only where an operator needs it.
/// </summary>
internal sealed class GraphConverter
{
    private const long MostInlineBytes = 256 << 20; // Protobuf messages end at 2 GB, and are built in memory.
    private const int LongestSide = 4096;

    private static readonly Dictionary<string, Func<OperatorCall, GraphValue[]>> Operators =
        ConvolutionOperators.All.Concat(ArithmeticOperators.All).Concat(ShapeOperators.All)
            .ToDictionary(pair => pair.Name, pair => pair.Convert, StringComparer.Ordinal);

    private readonly GraphModel _model;
    private readonly IReadOnlyDictionary<string, GraphTensor> _weights;
    private readonly OnnxGraphBuilder _onnx;
    private readonly LayoutGraph _graph;
    private readonly Dictionary<string, GraphValue[]> _done = new(StringComparer.Ordinal);
    private readonly HashSet<string> _begun = new(StringComparer.Ordinal);
    private readonly string _input;
    private string? _placeholder;

    private GraphConverter(GraphModel model, IReadOnlyDictionary<string, GraphTensor> weights, OnnxGraphBuilder onnx, string input)
    {
        (_model, _weights, _onnx, _input) = (model, weights, onnx, input);
        _graph = new LayoutGraph(onnx);
    }

    /// <summary>Operators that can be converted, in order.</summary>
    public static IEnumerable<string> Supported => Operators.Keys.Order(StringComparer.Ordinal);

    /// <summary>Converts an output of a model.</summary>
    /// <param name="output">One of <see cref="GraphModel.Outputs"/>.</param>
    /// <param name="beforeActivation">An operator that is left out where the output is its result; null for none.</param>
    /// <param name="folder">Receives the graph as <paramref name="names"/> names it, and a file of weights where they are large.</param>
    /// <returns>The hash of the model's files, 64 hex digits.</returns>
    /// <exception cref="ModelImportException">The model is damaged, or uses an operator that is not supported.</exception>
    public static async Task<string> WriteAsync(
        GraphModel model, GraphOutput output, string? beforeActivation, string folder, OnnxNames names,
        CancellationToken cancellationToken)
    {
        var (weights, hash) = await model.ReadWeightsAsync(cancellationToken);
        var bytes = weights.Values.Sum(tensor => tensor.Length * (long)(tensor.Kind == TensorKind.Float ? sizeof(float) : sizeof(long)));
        using var onnx = new OnnxGraphBuilder(bytes > MostInlineBytes ? Path.Combine(folder, OnnxNames.Weights) : null);
        new GraphConverter(model, weights, onnx, names.Input).Convert(output, beforeActivation, names.Output, cancellationToken);
        onnx.Write(Path.Combine(folder, names.File));
        return hash;
    }

    private void Convert(GraphOutput output, string? beforeActivation, string name, CancellationToken cancellationToken)
    {
        var target = Reach("the signature", output.Name);
        while (target.Node.Inputs.Count == 1 && (target.Node.Operator == "Identity" || target.Node.Operator == beforeActivation))
        {
            beforeActivation = target.Node.Operator == beforeActivation ? null : beforeActivation;
            target = Reach(target.Node.Name, target.Node.Inputs[0]);
        }

        var value = Take(target.Node, target.Output, cancellationToken);
        if (_placeholder is null)
        {
            throw new ModelImportException($"The output {output} of the TF.js model does not depend on an input.");
        }

        if (value.Kind != TensorKind.Float || value.Rank is not { } rank)
        {
            throw new ModelImportException($"The output {output} of the TF.js model is no list of real numbers.");
        }

        _onnx.Node("Identity", domain: "", [_graph.Plain(value)], [name]);
        _onnx.Output(name, typeof(float), [.. Enumerable.Range(0, rank).Select(dimension => $"d{dimension}")]);
    }

    private (GraphNode Node, int Output) Reach(string reader, string name) => _model.Reach($"'{reader}'", name);

    /// <summary>Converts what a node needs, depth first without recursion: a chain of nodes may be long.</summary>
    private GraphValue Take(GraphNode wanted, int output, CancellationToken cancellationToken)
    {
        var path = new Stack<GraphNode>([wanted]);
        while (path.TryPeek(out var node))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_done.ContainsKey(node.Name))
            {
                path.Pop();
                continue;
            }

            var missing = node.Inputs.Select(input => Reach(node.Name, input).Node)
                .Where(input => !_done.ContainsKey(input.Name)).ToArray();
            if (missing.Length == 0)
            {
                _done[node.Name] = Convert(node);
                path.Pop();
                continue;
            }

            if (!_begun.Add(node.Name))
            {
                throw node.Refuse("reads its own result, directly or through others");
            }

            foreach (var input in missing)
            {
                path.Push(input);
            }
        }

        return OutputOf(wanted, output);
    }

    private GraphValue OutputOf(GraphNode node, int output) => output < _done[node.Name].Length
        ? _done[node.Name][output] : throw node.Refuse($"has no output of number {output} that is supported");

    private GraphValue[] Convert(GraphNode node)
    {
        switch (node.Operator)
        {
            case "Const":
                return [TakeConstant(node)];
            case "Placeholder":
                return [TakeInput(node)];
            default:
                var inputs = node.Inputs.Select(input => Reach(node.Name, input)).Select(input => OutputOf(input.Node, input.Output));
                return Operators.TryGetValue(node.Operator, out var convert)
                    ? convert(new OperatorCall(node, [.. inputs], _graph))
                    : throw node.Refuse("has an operator that is not supported");
        }
    }

    private GraphValue TakeConstant(GraphNode node) => _weights.TryGetValue(node.Name, out var tensor)
        ? new GraphValue(tensor.Kind, tensor.Shape.Length)
        {
            Constant = tensor,
            Length = tensor.Shape is [var length] ? length : null,
        }
        : throw node.Refuse("has no weights in the weightsManifest");

    private GraphValue TakeInput(GraphNode node)
    {
        var shape = node.Shape("shape") is { Length: > 0 } stated ? stated : _model.InputShapes.GetValueOrDefault(node.Name);
        if (_placeholder is not null || node.Type("dtype") is not (null or "DT_FLOAT")
            || shape is not [-1 or 1, -1 or (> 0 and <= LongestSide), -1 or (> 0 and <= LongestSide), 3])
        {
            throw node.Refuse(
                "is not the only input, float32 of the shape batch x height x width x 3: one input with pictures is supported");
        }

        _placeholder = node.Name;
        object Size(int dimension, string free) => shape[dimension] == -1 ? free : (int)shape[dimension];

        _onnx.Input(_input, typeof(float), Size(0, "batch"), 3, Size(1, "height"), Size(2, "width"));
        return new GraphValue(TensorKind.Float, 4) { ChannelsFirst = _input };
    }
}

/// <summary>What the parts of a converted model are called.</summary>
/// <param name="File">Of the graph.</param>
internal sealed record OnnxNames(string File, string Input, string Output)
{
    /// <summary>File of large weights, beside the graph.</summary>
    public const string Weights = "weights.bin";
}
