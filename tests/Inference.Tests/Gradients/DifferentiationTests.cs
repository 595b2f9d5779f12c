using Tollgate.Inference.Gradients;
using Tollgate.Inference.Graphs;

namespace Tollgate.Inference.Tests.Gradients;

public sealed class DifferentiationTests
{
    private const int Seeds = 6;

    public static TheoryData<string> Cases => [.. GradientCases.All.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Append_agrees_with_central_differences(string name)
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var check = new GradientCheck(seed);

            var error = check.WorstError(GradientCases.All[name](check));

            Assert.True(error <= 1e-3, $"{name}, seed {seed}: relative error {error:g3}.");
        }
    }

    [Fact]
    public void Every_operator_of_ONNX_with_a_gradient_is_checked()
    {
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var make in GradientCases.All.Values)
        {
            var check = new GradientCheck(0);
            make(check);
            check.Prepare(check.Graph);
            used.UnionWith(check.Graph.Nodes.Select(node => node.Operator));
        }

        // Without kernels of 64 bits; ActivationTests checks them.
        string[] elsewhere = ["Ceil", "Erf", "FusedMatMul", "Gelu", "Round", "Sign", "Softplus"];
        Assert.Empty(GradientRules.Names.Except(used).Except(elsewhere));
    }

    [Fact]
    public void Append_refuses_an_operator_without_a_gradient_by_name()
    {
        var graph = new ModelGraph();
        graph.Inputs.Add(new GraphInput("x", Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float, ["batch", 3L]));
        graph.Nodes.Add(new ModelNode("CumSum", "", ["x", graph.Whole(1)], ["y"]) { Name = "/layer/CumSum" });

        var shapes = ShapeProbe.Run(graph);
        var refusal = Assert.Throws<GradientException>(() => Differentiation.Append(graph, shapes, "y", ["x"]));

        Assert.StartsWith("CumSum '/layer/CumSum' has no gradient.", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Append_leaves_out_what_the_output_does_not_depend_on()
    {
        var check = new GradientCheck(1);
        var (x, other) = (check.Real(2, 3), check.Real(2, 3));
        var y = check.Graph.Add("Tanh", [x]);
        check.Graph.Add("CumSum", [other, check.Graph.Whole(1)]); // Without a gradient, but on no way.

        var gradients = Differentiation.Append(check.Graph, ShapeProbe.Run(check.Graph), y, [x, other]);

        Assert.Equal([x], gradients.Keys);
    }

    [Fact]
    public void Append_gives_the_gradient_of_an_inner_tensor_and_no_more_work()
    {
        var check = new GradientCheck(1);
        var inner = check.Graph.Add("CumSum", [check.Real(2, 3), check.Graph.Whole(1)]);
        var y = check.Graph.Add("ReduceSum", [check.Graph.Add("Mul", [inner, inner])], ("keepdims", 0));

        var gradients = Differentiation.Append(check.Graph, ShapeProbe.Run(check.Graph), y, [inner]);

        Assert.Equal([inner], gradients.Keys);
    }
}
