using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Explanations;

/// <summary>Divides the logit of a linear layer over the mean of token vectors exactly: the layer of the mean is the mean of the layer.
/// A token's vector depends on its context, so the part is that of the token where it stands. The tokens of the frame have parts
/// too.</summary>
internal sealed class LinearContributions : ITextExplainer
{
    private readonly GraphInput[] _inputs;
    private readonly ExplainerSession _session;
    private readonly Layer _layer;
    private readonly string[] _outputs;

    private LinearContributions(ModelGraph graph, string output, SessionFactory sessions)
    {
        _inputs = [.. graph.Inputs];
        _layer = Layer.Find(graph, output);
        _outputs = [output, _layer.Vectors];
        graph.Outputs.Clear();
        graph.Outputs.AddRange(_outputs);
        _session = new ExplainerSession(graph, sessions);
    }

    /// <summary>Reads a classifier that the trainings <c>head</c> or <c>encoder</c> wrote.</summary>
    /// <param name="output">Name of the logits.</param>
    /// <exception cref="GradientException">The model is no linear layer over the mean of token vectors.</exception>
    public static LinearContributions Open(string graph, string output, SessionFactory sessions) =>
        new(GraphReader.Read(graph), output, sessions);

    /// <summary>Divides the logit of a label. The baseline is the layer's answer to the mean of all vectors in training.</summary>
    /// <inheritdoc/>
    public IEnumerable<int> Explain(ExplainedText text, Action<TextExplanation> onDone)
    {
        var (score, parts) = (0.0, new List<double[]>());
        foreach (var ids in text.Rows)
        {
            var results = _session.Run(TokenInputs.Of(_inputs, [ids], Math.Max(1, ids.Length)), _outputs);
            score += results[0][text.Label] / text.Rows.Count;
            parts.Add(_layer.Divide(results[1], ids.Length, text.Label, text.Rows.Count));
            yield return ids.Length * ExplanationRequest.ReadingsOf(ExplanationMethod.Linear, steps: 1);
        }

        onDone(TextExplanation.Of(ExplanationMethod.Linear, text.Label, score, _layer.Biases[text.Label], 1, parts));
    }

    public void Dispose() => _session.Dispose();

    /// <param name="Vectors">Tensor of the token vectors, <c>[batch, tokens, width]</c>.</param>
    /// <param name="Mean">Subtracted from the mean of the vectors, <c>[width]</c>; then <paramref name="Scale"/> multiplies it.</param>
    /// <param name="Weights"><c>[labels, width]</c>.</param>
    private sealed record Layer(string Vectors, float[] Mean, float[] Scale, float[] Weights, float[] Biases)
    {
        /// <summary>Walks back from the logits: layer, scale, mean, division by the count, sum, mask.</summary>
        public static Layer Find(ModelGraph graph, string output)
        {
            var (tensor, constants) = (output, new Dictionary<string, ModelNode>(StringComparer.Ordinal));
            foreach (var type in (string[])["Gemm", "Mul", "Sub", "Div", "ReduceSum", "Mul"])
            {
                var node = graph.Nodes.Find(node => node.Operator == type && node.Outputs[0] == tensor) ?? throw Refuse();
                constants.TryAdd(type, node);
                tensor = node.Inputs[0];
            }

            float[] Numbers(string type, int input) =>
                graph.Initializers.GetValueOrDefault(constants[type].Input(input))?.Floats.ToArray() ?? throw Refuse();
            var layer = new Layer(tensor, Numbers("Sub", 1), Numbers("Mul", 1), Numbers("Gemm", 1), Numbers("Gemm", 2));
            return constants["Gemm"].Whole("transB", 0) == 1 && layer.Scale.Length == layer.Mean.Length
                && layer.Weights.Length == layer.Mean.Length * layer.Biases.Length ? layer : throw Refuse();
        }

        /// <summary>What each token adds to the logit.</summary>
        /// <param name="vectors"><c>[tokens, width]</c>.</param>
        /// <param name="rows">Rows whose mean is explained.</param>
        public double[] Divide(float[] vectors, int tokens, int label, int rows)
        {
            var width = Mean.Length;
            var parts = new double[tokens];
            for (var i = 0; i < tokens * width; i++)
            {
                var place = i % width;
                parts[i / width] +=
                    (double)Weights[(label * width) + place] * Scale[place] * (vectors[i] - Mean[place]) / tokens / rows;
            }

            return parts;
        }

        private static GradientException Refuse() => new("The model is no linear layer over the mean of token vectors.");
    }
}
