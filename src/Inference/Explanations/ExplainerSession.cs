using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Explanations;

/// <summary>A session over a rewritten graph of a classifier. Thread-safe.</summary>
internal sealed class ExplainerSession(ModelGraph graph, SessionFactory sessions) : IDisposable
{
    /// <summary>Most bytes of the float32 weights, which the session holds beside those that serve.</summary>
    private const long MostWeights = 1L << 30;

    private readonly InferenceSession _session = sessions.OpenBeside(Check(graph).ToModel());

    /// <summary>Runs the graph.</summary>
    /// <returns>The numbers of each output.</returns>
    public float[][] Run(IReadOnlyDictionary<string, OnnxTensor> inputs, IReadOnlyCollection<string> outputs)
    {
        var values = inputs.ToDictionary(pair => pair.Key, pair => Value(pair.Value), StringComparer.Ordinal);
        try
        {
            using var options = new RunOptions();
            using var results = _session.Run(options, values, outputs);
            return [.. results.Select(result => result.GetTensorDataAsSpan<float>().ToArray())];
        }
        finally
        {
            foreach (var value in values.Values)
            {
                value.Dispose();
            }
        }
    }

    public void Dispose() => _session.Dispose();

    private static OrtValue Value(OnnxTensor tensor)
    {
        var value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, tensor.Type, tensor.Shape);
        tensor.Data.Span.CopyTo(value.GetTensorMutableRawData());
        return value;
    }

    private static ModelGraph Check(ModelGraph graph)
    {
        var bytes = graph.Initializers.Values.Sum(tensor => (long)tensor.Data.Length);
        return bytes <= MostWeights ? graph : throw new GradientException(
            $"Its weights have {bytes >> 20} MiB as float32 numbers; at most {MostWeights >> 20} MiB are explained.");
    }
}
