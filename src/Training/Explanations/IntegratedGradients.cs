using System.Text;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Gradients;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Rewriting;
using Tollgate.Inference.Tokenizers;
using Tollgate.Training.Methods;
using Tollgate.Training.Steps;

namespace Tollgate.Training.Explanations;

/// <summary>Explains a classifier of texts by the gradients of a label's probability with respect to the vectors of the words, along the
/// straight way from the mean vector of all words to those of the text. The tokens that frame a text stay as they are. Not
/// thread-safe.</summary>
/// <remarks>Sundararajan, Taly and Yan, Axiomatic Attribution for Deep Networks (2017); the midpoint rule.</remarks>
public sealed class IntegratedGradients : IDisposable
{
    /// <summary>The sum of the parts differs from the score's difference by at most this share of it.</summary>
    public const double Tolerance = 0.01;

    /// <summary>A difference below this is not divided exactly: the score does not depend on the text.</summary>
    private const double SmallestDifference = 1e-3;

    private const string Factors = "~factors";
    private const string Target = "~target";
    private const string Scaled = "~scaled";
    private const string Mean = "~mean";
    private const int FewestPoints = 32;
    private const int MostPoints = 2_048;
    private const int PointsOfRun = 32;

    private readonly IFramedTokenizer _tokenizer;
    private readonly GraphInput[] _inputs;
    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();
    private readonly string _words;
    private readonly string _gradient;
    private readonly string _scores;

    private IntegratedGradients(ModelGraph served, IFramedTokenizer tokenizer, int threads)
    {
        _tokenizer = tokenizer;
        _inputs = [.. served.Inputs];
        var graph = TrainableForm.WithOperators(TrainableForm.WithWeights(served));
        (_words, var scaled) = Scale(graph, FindWords(graph));
        _scores = graph.Add("Softmax", [LinearHead.Logits], ("axis", 1));
        graph.Inputs.Add(new GraphInput(Target, TensorElementType.Float, [Labels(graph)]));
        var score = graph.Add("ReduceSum", [graph.Add("Mul", [_scores, Target])], ("keepdims", 0));
        graph.Outputs.Clear();
        graph.Outputs.Add(score);
        _gradient = Differentiation.Append(graph, ShapeProbe.Run(graph), score, [scaled])[scaled];
        graph.Outputs.Clear();
        graph.Outputs.AddRange([_words, _gradient, _scores]);
        _session = Sessions.Open(graph.ToModel(), threads);
    }

    /// <summary>Opens a folder with <c>model.onnx</c> and <c>tokenizer.json</c>, as a training writes it.</summary>
    /// <exception cref="GradientException">The graph has no table of float32 vectors for its words, or an operator without a
    /// gradient.</exception>
    public static IntegratedGradients Open(string folder, int threads = 1) => new(
        GraphReader.Read(Path.Combine(folder, "model.onnx")),
        TokenizerFile.ReadFramed(File.ReadAllBytes(Path.Combine(folder, "tokenizer.json"))), threads);

    /// <summary>Divides the score of a label among the tokens of a text. Takes more points of the way until the parts sum to the score's
    /// difference within <see cref="Tolerance"/>.</summary>
    /// <param name="label">Number of the label; null for the one with the highest score.</param>
    /// <param name="most">Longest row, tokens, the frame included; a longer text is cut.</param>
    public TokenAttribution Explain(string text, int? label = null, int most = 256)
    {
        var ids = TokenInputs.Encode(_tokenizer, text, most);
        var (first, last) = (_tokenizer.Frame.Prefix.Count, ids.Length - _tokenizer.Frame.Suffix.Count);
        var ends = Run(ids, first, last, [1, 0], label: 0);
        var labels = ends.Scores.Length / 2;
        var chosen = label ?? Enumerable.Range(0, labels).MaxBy(one => ends.Scores[one]);
        var (score, baseline) = ((double)ends.Scores[chosen], (double)ends.Scores[labels + chosen]);
        for (var points = FewestPoints; ; points *= 2)
        {
            var parts = Integrate(ids, first, last, chosen, points);
            var error = Math.Abs(parts.Sum() - (score - baseline));
            if (error <= Tolerance * Math.Max(SmallestDifference, Math.Abs(score - baseline)) || points >= MostPoints)
            {
                AttributedToken[] tokens =
                [
                    .. ids.Select((id, i) => new AttributedToken(id, Encoding.UTF8.GetString(_tokenizer.TokenBytes(id)), parts[i])),
                ];
                return new TokenAttribution(chosen, score, baseline, tokens, error);
            }
        }
    }

    public void Dispose()
    {
        _session.Dispose();
        _options.Dispose();
    }

    private double[] Integrate(int[] ids, int first, int last, int label, int points)
    {
        var parts = new double[ids.Length];
        foreach (var chunk in Enumerable.Range(0, points).Chunk(PointsOfRun))
        {
            var (words, gradient, _) = Run(ids, first, last, [.. chunk.Select(point => (float)((point + 0.5) / points))], label);
            var width = words.Length / (chunk.Length * ids.Length);
            for (var i = 0; i < gradient.Length; i++)
            {
                var token = i / width % ids.Length;
                parts[token] += token >= first && token < last ? (double)words[i] * gradient[i] / points : 0;
            }
        }

        return parts;
    }

    /// <summary>Runs a text several times: its words' vectors stand at a factor of the way from the mean.</summary>
    /// <returns>How far the words' vectors are from the mean, the gradients at the scaled ones, and the scores.</returns>
    private (float[] Words, float[] Gradient, float[] Scores) Run(int[] ids, int first, int last, float[] factors, int label)
    {
        var inputs = TokenInputs.Of(_inputs, [.. Enumerable.Repeat(ids, factors.Length)], Math.Max(1, ids.Length));
        inputs[Factors] = OnnxTensor.Of(
            [.. factors.SelectMany(factor => ids.Select((_, i) => i >= first && i < last ? factor : 1))], factors.Length, ids.Length);
        inputs[Target] = OnnxTensor.Of(
            [.. Enumerable.Range(0, (int)_session.InputMetadata[Target].Dimensions[0]).Select(one => one == label ? 1f : 0)],
            _session.InputMetadata[Target].Dimensions[0]);
        var values = inputs.ToDictionary(pair => pair.Key, pair => Sessions.Value(pair.Value), StringComparer.Ordinal);
        try
        {
            using var outputs = _session.Run(_options, values, [_words, _gradient, _scores]);
            float[] Numbers(int output) => outputs[output].GetTensorDataAsSpan<float>().ToArray();
            return (Numbers(0), Numbers(1), Numbers(2));
        }
        finally
        {
            foreach (var value in values.Values)
            {
                value.Dispose();
            }
        }
    }

    /// <summary>The look-up of the ids' vectors.</summary>
    private static ModelNode FindWords(ModelGraph graph) => graph.Nodes.Find(
        node => node.Operator == "Gather" && node.Input(1) == TokenInputs.Ids
            && graph.Initializers.GetValueOrDefault(node.Inputs[0]) is { Type: TensorElementType.Float, Shape.Length: 2 })
        ?? throw new GradientException("The graph reads no float32 table of vectors at its token ids, so it cannot be explained.");

    /// <summary>Makes the readers of the vectors read them at a factor of the way from the mean, for each token.</summary>
    /// <returns>The distances from the mean, and what is read now.</returns>
    private static (string Distances, string Scaled) Scale(ModelGraph graph, ModelNode look)
    {
        var words = look.Outputs[0];
        var place = graph.Nodes.FindIndex(node => node.Outputs.Contains(words)) + 1;
        for (var i = place; i < graph.Nodes.Count; i++)
        {
            var node = graph.Nodes[i];
            if (node.Inputs.Contains(words))
            {
                graph.Nodes[i] = node with { Inputs = Array.ConvertAll(node.Inputs, name => name == words ? Scaled : name) };
            }
        }

        var dimensions = graph.Inputs.Single(input => input.Name == TokenInputs.Ids).Dimensions;
        graph.Inputs.Add(new GraphInput(Factors, TensorElementType.Float, dimensions));
        var end = graph.Nodes.Count;
        graph.Initializers[Mean] = MeanOf(graph.Initializers[look.Inputs[0]]);
        graph.Literals.Add(Mean);
        var distances = graph.Add("Sub", [words, Mean]);
        var part = graph.Add("Mul", [distances, graph.Add("Unsqueeze", [Factors, graph.Wholes(2)])]);
        graph.Nodes.Add(new ModelNode("Add", "", [part, Mean], [Scaled]));
        var made = graph.Nodes[end..];
        graph.Nodes.RemoveRange(end, made.Count);
        graph.Nodes.InsertRange(place, made);
        return (distances, Scaled);
    }

    private static OnnxTensor MeanOf(OnnxTensor table)
    {
        var (rows, width) = ((int)table.Shape[0], (int)table.Shape[1]);
        var sums = new double[width];
        for (var i = 0; i < rows * width; i++)
        {
            sums[i % width] += table.Floats[i];
        }

        return OnnxTensor.Of(Array.ConvertAll(sums, sum => (float)(sum / rows)), width);
    }

    private static long Labels(ModelGraph graph) =>
        ShapeProbe.Run(graph)[LinearHead.Logits] is { Rank: 2 } logits && logits.Fixed(1) is { } labels
            ? labels
            : throw new GradientException($"The output '{LinearHead.Logits}' is not [batch, labels].");
}
