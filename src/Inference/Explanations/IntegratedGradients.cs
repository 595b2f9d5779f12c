using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Gradients;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Rewriting;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Explanations;

/// <summary>Explains a classifier of texts by the gradients of a label's probability with respect to the vectors of the words, along the
/// straight way from the mean vector of all words to those of the text. The tokens that frame a text stay as they are.</summary>
/// <remarks>Sundararajan, Taly and Yan, Axiomatic Attribution for Deep Networks (2017).</remarks>
internal sealed class IntegratedGradients : ITextExplainer
{
    /// <summary>The sum of the parts differs from the score's difference by at most this share of it, if the steps suffice.</summary>
    public const double Tolerance = 0.01;

    /// <summary>A difference below this is not divided exactly: the score does not depend on the text.</summary>
    public const double SmallestDifference = 1e-3;

    private const string Factors = "~factors";
    private const string Target = "~target";
    private const string Scaled = "~scaled";
    private const string Mean = "~mean";
    private const int FirstIntervals = ExplanationRequest.FewestSteps - 1;
    private const int Grid = ExplanationRequest.MostSteps - 1;

    /// <summary>Tokens of a run, unless the row alone is longer: it takes about as long as a full run of rows.</summary>
    private const int TokensOfRun = 512;

    private readonly GraphInput[] _inputs;
    private readonly ExplainerSession _session;
    private readonly long _labels;
    private readonly string[] _outputs;

    private IntegratedGradients(ModelGraph served, string output, bool independent, SessionFactory sessions)
    {
        _inputs = [.. served.Inputs];
        var graph = TrainableForm.WithOperators(TrainableForm.WithWeights(served));
        var (words, scaled) = Scale(graph, FindWords(graph));
        var scores = independent ? graph.Add("Sigmoid", [output]) : graph.Add("Softmax", [output], ("axis", 1));
        _labels = Labels(graph, output);
        graph.Inputs.Add(new GraphInput(Target, TensorElementType.Float, [_labels]));
        var score = graph.Add("ReduceSum", [graph.Add("Mul", [scores, Target])], ("keepdims", 0));
        graph.Outputs.Clear();
        graph.Outputs.Add(score);
        if (!Differentiation.Append(graph, ShapeProbe.Run(graph), score, [scaled]).TryGetValue(scaled, out var gradient))
        {
            throw new GradientException("The scores do not depend on the vectors of the words.");
        }

        _outputs = [words, gradient, scores];
        graph.Outputs.Clear();
        graph.Outputs.AddRange(_outputs);
        _session = new ExplainerSession(graph, sessions);
    }

    /// <summary>Reads a classifier's graph.</summary>
    /// <param name="output">Name of the logits, <c>[batch, labels]</c>.</param>
    /// <param name="independent">Whether a score is independent of the others (sigmoid), or all of them sum to 1 (softmax).</param>
    /// <exception cref="GradientException">The graph has no table of float32 vectors for its words, or an operator without a
    /// gradient.</exception>
    public static IntegratedGradients Open(string graph, string output, bool independent, SessionFactory sessions) =>
        new(GraphReader.Read(graph), output, independent, sessions);

    /// <summary>Divides the probability of a label among the tokens. Takes more points of the way until the parts sum to the score's
    /// difference within <see cref="Tolerance"/>, or the steps end.</summary>
    /// <inheritdoc/>
    public IEnumerable<int> Explain(ExplainedText text, Action<TextExplanation> onDone)
    {
        Way[] ways = [.. text.Rows.Select(row => new Way(row))];
        for (var intervals = FirstIntervals; ; intervals *= 2)
        {
            foreach (var way in ways)
            {
                foreach (var points in way.Missing(intervals).Chunk(Math.Max(1, TokensOfRun / Math.Max(1, way.Ids.Length))))
                {
                    Run(way, points, text);
                    yield return way.Ids.Length * ExplanationRequest.ReadingsOf(ExplanationMethod.IntegratedGradients, points.Length);
                }
            }

            var weights = WayRule.Weights(intervals);
            var found = TextExplanation.Of(
                ExplanationMethod.IntegratedGradients, text.Label, ways.Average(way => way.Score), ways.Average(way => way.Baseline),
                intervals + 1, [.. ways.Select(way => way.Sum(weights, ways.Length))]);
            var difference = Math.Max(SmallestDifference, Math.Abs(found.Score - found.Baseline));
            if (found.Error <= Tolerance * difference || !found.IsFinite || (2 * intervals) + 1 > Math.Min(text.MostSteps, Grid + 1))
            {
                onDone(found);
                yield break;
            }
        }
    }

    public void Dispose() => _session.Dispose();

    /// <summary>Runs a row at several points of the way: its words' vectors stand there between the mean and their own.</summary>
    private void Run(Way way, int[] points, ExplainedText text)
    {
        var (ids, length) = (way.Ids, Math.Max(1, way.Ids.Length));
        var (first, last) = (text.Prefix, ids.Length - text.Suffix);
        var inputs = TokenInputs.Of(_inputs, [.. Enumerable.Repeat(ids, points.Length)], length);
        var factors = new float[points.Length * length];
        for (var i = 0; i < factors.Length; i++)
        {
            factors[i] = i % length >= first && i % length < last ? (float)WayRule.PlaceOf(points[i / length], Grid) : 1;
        }

        inputs[Factors] = OnnxTensor.Of(factors, points.Length, length);
        var target = new float[_labels];
        target[text.Label] = 1;
        inputs[Target] = OnnxTensor.Of(target, _labels);
        var results = _session.Run(inputs, _outputs);
        var (words, gradient, scores) = (results[0], results[1], results[2]);
        var width = words.Length / factors.Length;
        for (var point = 0; point < points.Length; point++)
        {
            var slopes = new double[ids.Length];
            for (var token = Math.Max(0, first); token < last; token++)
            {
                var start = ((point * length) + token) * width;
                for (var i = start; i < start + width; i++)
                {
                    slopes[token] += (double)words[i] * gradient[i];
                }
            }

            way.Add(points[point], slopes, scores[(point * (int)_labels) + text.Label]);
        }
    }

    /// <summary>The look-up of the ids' vectors. One of several would hide what the others add.</summary>
    private static ModelNode FindWords(ModelGraph graph) =>
        graph.Nodes.FindAll(node => node.Operator == "Gather" && node.Input(1) == TokenInputs.Ids) is [var look]
            && graph.Initializers.GetValueOrDefault(look.Inputs[0]) is { Type: TensorElementType.Float, Shape.Length: 2 }
                ? look
                : throw new GradientException("The graph does not read one float32 table of vectors at its token ids.");

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

    private static long Labels(ModelGraph graph, string output) =>
        ShapeProbe.Run(graph).GetValueOrDefault(output) is { Rank: 2 } logits && logits.Fixed(1) is { } labels
            ? labels
            : throw new GradientException($"The output '{output}' is not [batch, labels].");

    /// <summary>The way of one row, from the mean of all words to the row's own. Points are those of the finest rule.</summary>
    private sealed class Way(int[] ids)
    {
        private readonly Dictionary<int, double[]> _slopes = [];

        public int[] Ids => ids;

        public double Score { get; private set; }

        public double Baseline { get; private set; }

        /// <summary>Points of the rule that are not computed yet.</summary>
        public IEnumerable<int> Missing(int intervals) =>
            Enumerable.Range(0, intervals + 1).Select(point => point * (Grid / intervals)).Where(point => !_slopes.ContainsKey(point));

        /// <param name="slopes">For each token how fast the score rises along its own distance.</param>
        public void Add(int point, double[] slopes, double score)
        {
            _slopes[point] = slopes;
            (Baseline, Score) = (point == 0 ? score : Baseline, point == Grid ? score : Score);
        }

        /// <summary>What each token adds.</summary>
        /// <param name="rows">Rows whose mean is explained.</param>
        public double[] Sum(double[] weights, int rows)
        {
            var sums = new double[ids.Length];
            for (var point = 0; point < weights.Length; point++)
            {
                var slopes = _slopes[point * (Grid / (weights.Length - 1))];
                for (var token = 0; token < sums.Length; token++)
                {
                    sums[token] += weights[point] * slopes[token] / rows;
                }
            }

            return sums;
        }
    }
}
