using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Contracts.Tensors;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Tasks.Tensors;

namespace Tollgate.Inference.Tests.Tasks.Tensors;

/// <summary>Small models of any kind that tests write.</summary>
internal static class TensorModels
{
    /// <summary>y = x · w, rows apart from each other.</summary>
    public static string WriteProduct(string folder, int columns, int outputs) => Write(folder, graph =>
    {
        graph.Input("x", TensorElementType.Float, "rows", columns);
        graph.Initializer(
            "w", [.. Enumerable.Range(0, columns * outputs).Select(i => ((i * 37) % 101 / 50f) - 1)], columns, outputs);
        graph.Node("MatMul", "", ["x", "w"], ["y"]);
        graph.Output("y", typeof(float), "rows", outputs);
    });

    /// <summary>The same as <see cref="WriteProduct"/>, after many steps that change nothing.</summary>
    public static string WriteSlowProduct(string folder, int columns, int outputs, int steps) => Write(folder, graph =>
    {
        graph.Input("x", TensorElementType.Float, "rows", columns);
        graph.Initializer(
            "w", [.. Enumerable.Range(0, columns * outputs).Select(i => ((i * 37) % 101 / 50f) - 1)], columns, outputs);
        graph.Initializer("most", [(long)steps]);
        graph.Initializer("on", [true]);
        var body = new OnnxGraphBuilder(null);
        body.Input("i", TensorElementType.Int64);
        body.Input("go", TensorElementType.Bool);
        body.Input("state", TensorElementType.Float, "rows", columns);
        body.Node("Identity", "", ["go"], ["go_on"]);
        body.Node("Neg", "", ["state"], ["turned"]);
        body.Node("Neg", "", ["turned"], ["next"]);
        body.Output("go_on", typeof(bool));
        body.Output("next", typeof(float), "rows", columns);
        graph.Node("Loop", "", ["most", "on", "x"], ["same"], ("body", body));
        graph.Node("MatMul", "", ["same", "w"], ["y"]);
        graph.Output("y", typeof(float), "rows", outputs);
    });

    /// <summary>Gives back a tensor of each datatype: <c>x_INT8</c> as <c>y_INT8</c>.</summary>
    public static string WriteIdentities(string folder) => Write(folder, graph =>
    {
        foreach (var type in Enum.GetValues<TensorElementType>())
        {
            if (TensorGraph.TypeOf(type) is { } known)
            {
                graph.Input($"x_{known.Name}", type, $"n_{known.Name}");
                graph.Node("Identity", "", [$"x_{known.Name}"], [$"y_{known.Name}"]);
                graph.Output($"y_{known.Name}");
            }
        }
    });

    /// <summary>Sum and product of two inputs of one type.</summary>
    public static string WriteArithmetic(string folder, TensorElementType type) => Write(folder, graph =>
    {
        graph.Input("a", type, "n");
        graph.Input("b", type, "n");
        graph.Node("Add", "", ["a", "b"], ["sum"]);
        graph.Node("Mul", "", ["a", "b"], ["product"]);
        graph.Output("sum");
        graph.Output("product");
    });

    /// <summary>a ÷ b, whatever it gives.</summary>
    public static string WriteQuotient(string folder) => Write(folder, graph =>
    {
        graph.Input("a", TensorElementType.Float, "n");
        graph.Input("b", TensorElementType.Float, "n");
        graph.Node("Div", "", ["a", "b"], ["quotient"]);
        graph.Output("quotient", typeof(float), "n");
    });

    /// <summary>Zeros of a shape that the request states.</summary>
    public static string WriteZeros(string folder) => Write(folder, graph =>
    {
        graph.Input("shape", TensorElementType.Int64, "dimensions");
        graph.Node("ConstantOfShape", "", ["shape"], ["zeros"]);
        graph.Output("zeros", typeof(float), "count");
    });

    /// <summary>The mean over all rows of a run, which others' rows change.</summary>
    public static string WriteCentred(string folder) => Write(folder, graph =>
    {
        graph.Input("x", TensorElementType.Float, "rows", 2);
        graph.Node("ReduceMean", "", ["x"], ["mean"], ("axes", new long[] { 0 }));
        graph.Node("Sub", "", ["x", "mean"], ["y"]);
        graph.Output("y", typeof(float), "rows", 2);
    });

    /// <summary>A loop that does not end.</summary>
    public static string WriteEndless(string folder) => Write(folder, graph =>
    {
        graph.Input("x", TensorElementType.Float, "n");
        graph.Initializer("most", [long.MaxValue]);
        graph.Initializer("on", [true]);
        var body = new OnnxGraphBuilder(null);
        body.Input("i", TensorElementType.Int64);
        body.Input("go", TensorElementType.Bool);
        body.Input("state", TensorElementType.Float, "n");
        body.Node("Identity", "", ["go"], ["go_on"]);
        body.Node("Neg", "", ["state"], ["next"]);
        body.Output("go_on", typeof(bool));
        body.Output("next", typeof(float), "n");
        graph.Node("Loop", "", ["most", "on", "x"], ["y"], ("body", body));
        graph.Output("y", typeof(float), "n");
    });

    /// <summary>Writes <c>model.onnx</c> into a folder, and returns its path.</summary>
    public static string Write(string folder, Action<OnnxGraphBuilder> build)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, OnnxGraphFile.UsualName);
        using var graph = new OnnxGraphBuilder(null);
        build(graph);
        graph.Write(path);
        return path;
    }

    /// <summary>A tensor of 32-bit reals.</summary>
    public static InferTensor Reals(string name, long[] shape, params float[] numbers) =>
        new(name, TensorType.Fp32, shape, System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(numbers).ToArray());
}
