using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Graphs;

/// <summary>An input of a graph.</summary>
/// <param name="Dimensions">A number for a fixed dimension, a name for a free one.</param>
internal sealed record GraphInput(string Name, TensorElementType Type, object[] Dimensions);

/// <summary>An ONNX graph of operator set 17 in memory, which rewriting and differentiation extend. Nodes stand in an order in which
/// they can run. Not thread-safe.</summary>
internal sealed class ModelGraph
{
    private readonly Dictionary<string, string> _numbers = new(StringComparer.Ordinal);
    private string _scope = "~";
    private int _nextName;

    public List<GraphInput> Inputs { get; init; } = [];

    public List<string> Outputs { get; init; } = [];

    public List<ModelNode> Nodes { get; private init; } = [];

    public Dictionary<string, OnnxTensor> Initializers { get; private init; } = new(StringComparer.Ordinal);

    /// <summary>Constants that the exporter wrote as operators. They are part of the computation, never parameters.</summary>
    public HashSet<string> Literals { get; private init; } = new(StringComparer.Ordinal);

    /// <summary>Parameters that a training may change: float32 constants with at least one dimension.</summary>
    public IEnumerable<string> Parameters => Initializers
        .Where(pair => pair.Value is { Type: TensorElementType.Float, Shape.Length: > 0 } && !Literals.Contains(pair.Key))
        .Select(pair => pair.Key);

    /// <summary>A graph that can be changed without changing this one. Nodes and constants are shared: they never change.</summary>
    public ModelGraph Copy() => new()
    {
        Inputs = [.. Inputs],
        Outputs = [.. Outputs],
        Nodes = [.. Nodes],
        Initializers = new(Initializers, StringComparer.Ordinal),
        Literals = new(Literals, StringComparer.Ordinal),
        _scope = _scope,
        _nextName = _nextName,
    };

    /// <summary>An empty graph for the body of an operator of this one; the names in it are not used outside.</summary>
    public ModelGraph NewBody() => new() { _scope = NewName("body") + "/" };

    /// <summary>A name that no tensor has. Names that begin with <c>~</c> are the engine's.</summary>
    public string NewName(string hint) => $"{_scope}{hint}.{_nextName++}";

    /// <summary>Keeps new names apart from those of a graph that the engine itself wrote before.</summary>
    public void SkipTakenNames() => _scope = new string('~', 1 + Initializers.Keys.Concat(Nodes.SelectMany(node => node.Outputs))
        .Select(name => name.Length - name.TrimStart('~').Length).DefaultIfEmpty(0).Max());

    /// <summary>Appends an operator with one output.</summary>
    /// <returns>The output's name.</returns>
    public string Add(string type, ReadOnlySpan<string> inputs, params ReadOnlySpan<(string Name, object Value)> attributes) =>
        Add(type, "", 1, inputs, attributes)[0];

    /// <summary>Appends an operator of ONNX Runtime's own.</summary>
    public string AddMicrosoft(string type, ReadOnlySpan<string> inputs, params ReadOnlySpan<(string Name, object Value)> attributes) =>
        Add(type, OnnxGraphBuilder.MicrosoftDomain, 1, inputs, attributes)[0];

    /// <summary>Appends an operator with several outputs.</summary>
    public string[] Add(
        string type, string domain, int outputs, ReadOnlySpan<string> inputs,
        params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        var names = new string[outputs];
        for (var i = 0; i < outputs; i++)
        {
            names[i] = NewName(type);
        }

        var node = new ModelNode(type, domain, [.. inputs], names);
        foreach (var (name, value) in attributes)
        {
            node.Attributes[name] = value is int whole ? (long)whole : value;
        }

        Nodes.Add(node);
        return names;
    }

    /// <summary>A constant number.</summary>
    public string Number(float value) => Constant($"f{BitConverter.SingleToInt32Bits(value)}", () => OnnxTensor.Of([value]));

    /// <summary>A constant list of whole numbers, <c>[n]</c>.</summary>
    public string Wholes(params long[] values) =>
        Constant($"i{string.Join(',', values)}", () => OnnxTensor.Of(values, values.Length));

    /// <summary>A constant whole number without dimensions.</summary>
    public string Whole(long value) => Constant($"s{value}", () => OnnxTensor.Of([value]));

    /// <summary>The graph as a model that ONNX Runtime loads.</summary>
    public byte[] ToModel()
    {
        using var builder = ToBuilder();
        return builder.ToModel().ToArray();
    }

    private OnnxGraphBuilder ToBuilder()
    {
        var builder = new OnnxGraphBuilder(weightsPath: null);
        foreach (var (name, tensor) in Initializers)
        {
            builder.Initializer(name, tensor);
        }

        foreach (var node in Nodes)
        {
            builder.Node(
                node.Operator, node.Domain, node.Inputs, node.Outputs,
                [.. node.Attributes.Select(pair => (pair.Key, pair.Value is ModelGraph body ? body.ToBuilder() : pair.Value))]);
        }

        foreach (var input in Inputs)
        {
            if (input.Type == TensorElementType.DataTypeMax)
            {
                builder.Input(input.Name);
            }
            else
            {
                builder.Input(input.Name, input.Type, input.Dimensions);
            }
        }

        foreach (var output in Outputs)
        {
            builder.Output(output);
        }

        return builder;
    }

    private string Constant(string key, Func<OnnxTensor> make)
    {
        if (!_numbers.TryGetValue(key, out var name))
        {
            _numbers[key] = name = NewName("constant");
            Initializers[name] = make();
            Literals.Add(name);
        }

        return name;
    }
}
