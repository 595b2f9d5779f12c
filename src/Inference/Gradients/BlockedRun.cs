using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Graphs;

namespace Tollgate.Inference.Gradients;

/// <summary>Runs a chain of operators over slices of the first axis, so that what they pass to each other stays in the processor's
/// cache. ONNX Runtime's CPU kernels do not fuse such chains.</summary>
internal static class BlockedRun
{
    /// <param name="inputs">Tensors with the same first dimension.</param>
    /// <param name="hasSlices">False to run on the whole tensors, because they have no axis to slice.</param>
    /// <param name="chain">Appends the chain to a graph for slices without the first axis. It may also read tensors of the outer
    /// graph that are not sliced.</param>
    /// <returns>What the chain returned, put together.</returns>
    public static string[] Append(
        ModelGraph graph, string[] inputs, bool hasSlices, Func<ModelGraph, string[], string[]> chain)
    {
        if (!hasSlices)
        {
            return chain(graph, inputs);
        }

        var body = graph.NewBody();
        string[] slices = [.. inputs.Select(_ => body.NewName("slice"))];
        body.Inputs.AddRange(slices.Select(slice => new GraphInput(slice, TensorElementType.DataTypeMax, [])));
        body.Outputs.AddRange(chain(body, slices));
        return graph.Add("Scan", "", body.Outputs.Count, inputs, ("body", body), ("num_scan_inputs", inputs.Length));
    }
}
