using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Gradients;

/// <summary>One operator on the way back: what a rule reads, and where it puts the gradients of the operator's inputs.</summary>
internal sealed class GradientStep(
    ModelGraph graph, ModelNode node, IReadOnlyDictionary<string, ProbedTensor> shapes, IReadOnlySet<string> wanted, GradientSums sums)
{
    public ModelGraph Graph => graph;

    public ModelNode Node => node;

    /// <summary>Most steps through which the gradient of a recurrence flows; 0 for all.</summary>
    public int Truncation { get; init; }

    /// <summary>Gradient of the first output.</summary>
    /// <exception cref="GradientException">Only another output is used.</exception>
    public string Dy => OutputGradient(0) ?? throw Refuse($"its first output is not used, which is not supported");

    /// <summary>The first output.</summary>
    public string Y => node.Outputs[0];

    /// <summary>The first input.</summary>
    public string X => node.Inputs[0];

    /// <summary>Gradient of an output; null where nothing depends on it.</summary>
    public string? OutputGradient(int output) => node.Output(output) is { Length: > 0 } name ? sums.Take(name) : null;

    public bool Wants(int input) => node.Input(input) is { Length: > 0 } name && wanted.Contains(name);

    public bool Wants(string tensor) => wanted.Contains(tensor);

    public ProbedTensor Shape(string tensor) => shapes[tensor];

    /// <summary>Gives an input its gradient, which has the input's shape.</summary>
    public void Give(int input, string gradient) => sums.Add(node.Inputs[input], gradient);

    public void Give(string tensor, string gradient) => sums.Add(tensor, gradient);

    /// <summary>Gives a broadcast input its gradient: the sum over what it was repeated along.</summary>
    /// <param name="gradient">Of the shape of the operator's first output.</param>
    public void GiveReduced(int input, string gradient) => Give(input, Reduce(gradient, shapes[Y], node.Inputs[input]));

    /// <summary>Makes the gradient only if the input wants one.</summary>
    public void GiveReduced(int input, Func<string> gradient)
    {
        if (Wants(input))
        {
            GiveReduced(input, gradient());
        }
    }

    public string Op(string type, params ReadOnlySpan<string> inputs) => graph.Add(type, inputs);

    public string Number(float value) => graph.Number(value);

    public string Mul(string left, string right) => graph.Add("Mul", [left, right]);

    public string Scale(string tensor, float factor) => graph.Add("Mul", [tensor, graph.Number(factor)]);

    /// <summary>Gives a tensor another tensor's shape.</summary>
    public string ReshapeLike(string tensor, string like) => graph.Add("Reshape", [tensor, graph.Add("Shape", [like])]);

    public string Zeros(string like) => graph.Add(
        "ConstantOfShape", [graph.Add("Shape", [like])], ("value", new OnnxTensor(TensorElementType.Float, [1], new byte[4])));

    /// <summary>Sums over axes.</summary>
    public string Sum(string tensor, bool keep, params long[] axes) =>
        graph.Add("ReduceSum", [tensor, graph.Wholes(axes)], ("keepdims", keep ? 1 : 0));

    /// <summary>An axis counted from the first one.</summary>
    public static int Axis(long axis, int rank) => (int)(axis < 0 ? axis + rank : axis);

    /// <summary>The value of a constant input of whole numbers; null where the input is left out.</summary>
    /// <exception cref="GradientException">The input is computed by the graph.</exception>
    public long[]? Wholes(int input)
    {
        if (node.Input(input).Length == 0)
        {
            return null;
        }

        return graph.Initializers.GetValueOrDefault(node.Input(input)) is { Type: TensorElementType.Int64 } tensor
            ? tensor.Longs.ToArray()
            : throw Refuse($"its input {input} must be a constant");
    }

    public GradientException Refuse(string reason) => new($"{node.Description} has no gradient here: {reason}.");

    /// <summary>Sums a tensor over what another one was repeated along.</summary>
    /// <param name="from">Shape of <paramref name="gradient"/>.</param>
    /// <param name="target">The tensor that was broadcast to it.</param>
    public string Reduce(string gradient, ProbedTensor from, string target)
    {
        var to = shapes[target];
        var leading = from.Rank - to.Rank;
        var repeated = Enumerable.Range(0, from.Rank)
            .Where(i => i < leading || (to.Fixed(i - leading) == 1 && from.Fixed(i) != 1))
            .Select(i => (long)i).ToArray();
        if (repeated.Length == 0)
        {
            return gradient;
        }

        var sum = Sum(gradient, keep: repeated.Length > leading && leading == 0, repeated);
        return repeated.Length > leading && leading > 0 ? ReshapeLike(sum, target) : sum;
    }
}
