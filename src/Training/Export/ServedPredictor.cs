using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Graphs;
using Tollgate.Training.Methods;
using Tollgate.Training.Steps;

namespace Tollgate.Training.Export;

/// <summary>Scores rows by a graph in the form in which it is served.</summary>
internal sealed class ServedPredictor(ModelGraph graph, int threads) : IDisposable
{
    private readonly InferenceSession _session = Sessions.Open(graph.ToModel(), threads);
    private readonly RunOptions _options = new();

    /// <summary>Runs each row alone.</summary>
    /// <returns>Scores by label, each row's sum 1.</returns>
    public double[][] Score(IReadOnlyList<int[]> rows) => [.. rows.Select(Score)];

    public void Dispose()
    {
        _session.Dispose();
        _options.Dispose();
    }

    private double[] Score(int[] row)
    {
        var inputs = TokenInputs.Of(graph.Inputs, [row], Math.Max(1, row.Length));
        var values = inputs.ToDictionary(pair => pair.Key, pair => Sessions.Value(pair.Value), StringComparer.Ordinal);
        try
        {
            using var outputs = _session.Run(_options, values, [LinearHead.Logits]);
            return Scores.Softmax(outputs[0].GetTensorDataAsSpan<float>());
        }
        finally
        {
            foreach (var value in values.Values)
            {
                value.Dispose();
            }
        }
    }
}
