using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Tollgate.Inference.Graphs;

/// <summary>Type and dimensions of a tensor in two runs of a graph with different free dimensions.</summary>
internal sealed record ProbedTensor(TensorElementType Type, long[] First, long[] Second)
{
    public int Rank => First.Length;

    public bool IsReal => Type is TensorElementType.Float or TensorElementType.Double;

    /// <summary>The dimension, where it is the same for every input; otherwise null.</summary>
    public long? Fixed(int dimension) => First[dimension] == Second[dimension] ? First[dimension] : null;
}

/// <summary>Finds types, ranks and fixed dimensions of every tensor of a graph by running it twice on small inputs of zeros.</summary>
/// <remarks>ONNX Runtime's kernels decide the shapes, so no rule of shape inference is repeated here.</remarks>
internal static class ShapeProbe
{
    private static readonly (long First, long Second)[] Sizes = [(2, 5), (3, 7), (4, 11), (6, 13)];

    /// <exception cref="GradientException">ONNX Runtime refuses the graph, or a run on small inputs.</exception>
    public static Dictionary<string, ProbedTensor> Run(ModelGraph graph)
    {
        var probe = graph.Copy();
        probe.Outputs.Clear();
        probe.Outputs.AddRange(graph.Nodes.SelectMany(node => node.Outputs).Where(name => name.Length > 0));
        try
        {
            using var options = new SessionOptions
            {
                GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL,
                IntraOpNumThreads = 1,
                LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
            };
            using var session = new InferenceSession(probe.ToModel(), options);
            var sizes = FreeSizes(graph);
            var (first, second) = (Run(session, graph, name => sizes[name].First), Run(session, graph, name => sizes[name].Second));
            var probed = first.ToDictionary(
                pair => pair.Key, pair => new ProbedTensor(pair.Value.Type, pair.Value.Shape, second[pair.Key].Shape),
                StringComparer.Ordinal);
            foreach (var (name, tensor) in graph.Initializers)
            {
                probed[name] = new ProbedTensor(tensor.Type, tensor.Shape, tensor.Shape);
            }

            return probed;
        }
        catch (OnnxRuntimeException exception)
        {
            throw new GradientException($"ONNX Runtime does not run the graph on small inputs: {exception.Message}", exception);
        }
    }

    /// <summary>Sizes of the free dimensions in the two runs, by name.</summary>
    public static Dictionary<string, (long First, long Second)> FreeSizes(ModelGraph graph)
    {
        var sizes = new Dictionary<string, (long First, long Second)>(StringComparer.Ordinal);
        foreach (var name in graph.Inputs.SelectMany(input => input.Dimensions).OfType<string>())
        {
            if (!sizes.ContainsKey(name))
            {
                sizes[name] = sizes.Count < Sizes.Length
                    ? Sizes[sizes.Count]
                    : throw new GradientException($"The graph has more than {Sizes.Length} free dimensions; '{name}' is one too many.");
            }
        }

        return sizes;
    }

    private static Dictionary<string, (TensorElementType Type, long[] Shape)> Run(
        InferenceSession session, ModelGraph graph, Func<string, long> size)
    {
        var shapes = new Dictionary<string, (TensorElementType Type, long[] Shape)>(StringComparer.Ordinal);
        var inputs = new Dictionary<string, OrtValue>(StringComparer.Ordinal);
        try
        {
            foreach (var input in graph.Inputs)
            {
                long[] shape = [.. input.Dimensions.Select(dimension => dimension is string name ? size(name) : (long)dimension)];
                var value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, input.Type, shape);
                value.GetTensorMutableRawData().Clear();
                inputs[input.Name] = value;
                shapes[input.Name] = (input.Type, shape);
            }

            using var options = new RunOptions();
            using var outputs = session.Run(options, inputs, session.OutputNames);
            for (var i = 0; i < outputs.Count; i++)
            {
                var info = outputs[i].GetTensorTypeAndShape();
                shapes[session.OutputNames[i]] = (info.ElementDataType, info.Shape);
            }

            return shapes;
        }
        finally
        {
            foreach (var value in inputs.Values)
            {
                value.Dispose();
            }
        }
    }
}
