using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Tests.Tasks.Classification;

/// <summary>
/// A BERT classifier of random weights: two layers, width 16, two heads, 4 labels, 48 positions. It writes itself as ONNX, and computes the
/// same in double precision without ONNX Runtime.
/// </summary>
/// <remarks>Devlin and others, BERT (2018); the pooler and the classifier as in Hugging Face's BertForSequenceClassification.</remarks>
internal sealed class RandomBert
{
    public const int Positions = 48;
    public const int Labels = 4;
    private const int Layers = 2;
    private const int Width = 16;
    private const int Heads = 2;
    private const int Inner = 32;
    private const float Epsilon = 1e-12f;

    private readonly Random _random = new(23);
    private readonly Dictionary<string, (float[] Numbers, long[] Shape)> _weights = new(StringComparer.Ordinal);

    public RandomBert()
    {
        Add("word_embeddings", 1, ClassifierFolder.Vocabulary, Width);
        Add("position_embeddings", 1, Positions, Width);
        Add("token_type_embeddings", 1, 2, Width);
        AddNorm("embedding_norm");
        for (var layer = 0; layer < Layers; layer++)
        {
            AddDense($"attention.{layer}", Width, 3 * Width);
            AddDense($"projection.{layer}", Width, Width);
            AddNorm($"attention_norm.{layer}");
            AddDense($"inner.{layer}", Width, Inner);
            AddDense($"outer.{layer}", Inner, Width);
            AddNorm($"outer_norm.{layer}");
        }

        AddDense("pooler", Width, Width);
        AddDense("classifier", Width, Labels);
    }

    /// <summary>Writes <c>model.onnx</c>.</summary>
    public void Write(string folder)
    {
        using var graph = new OnnxGraphBuilder(weightsPath: null);
        foreach (var input in (string[])["input_ids", "attention_mask", "token_type_ids"])
        {
            graph.Input(input, typeof(long), "batch", "tokens");
        }

        foreach (var (name, (numbers, shape)) in _weights)
        {
            graph.Initializer(name, numbers, shape);
        }

        graph.Initializer("zero", new long[] { 0 });
        graph.Initializer("zeros", new long[] { 0 }, 1);
        graph.Initializer("ones", new long[] { 1 }, 1);
        var length = graph.Node("Gather", [graph.Node("Shape", ["input_ids"]), "ones"]);
        var positions = graph.Node("Slice", ["position_embeddings", "zeros", length, "zeros"]);
        var words = graph.Node("Gather", ["word_embeddings", "input_ids"]);
        var types = graph.Node("Gather", ["token_type_embeddings", "token_type_ids"]);
        var hidden = Norm(graph, graph.Node("Add", [graph.Node("Add", [words, positions]), types]), "embedding_norm");
        var mask = graph.Node("Cast", ["attention_mask"], ("to", 6));
        for (var layer = 0; layer < Layers; layer++)
        {
            var attended = graph.NewName();
            graph.Node(
                "Attention", OnnxGraphBuilder.MicrosoftDomain,
                [hidden, $"attention.{layer}.weight", $"attention.{layer}.bias", mask], [attended], ("num_heads", Heads));
            hidden = Norm(graph, graph.Node("Add", [hidden, Dense(graph, attended, $"projection.{layer}")]), $"attention_norm.{layer}");
            var active = graph.NewName();
            graph.Node("Gelu", OnnxGraphBuilder.MicrosoftDomain, [Dense(graph, hidden, $"inner.{layer}")], [active]);
            hidden = Norm(graph, graph.Node("Add", [hidden, Dense(graph, active, $"outer.{layer}")]), $"outer_norm.{layer}");
        }

        var first = graph.Node("Gather", [hidden, "zero"], ("axis", 1));
        var pooled = graph.Node("Tanh", [Dense(graph, first, "pooler")]);
        graph.Node("Add", domain: "", [graph.Node("MatMul", [pooled, "classifier.weight"]), "classifier.bias"], ["logits"]);
        graph.Output("logits", typeof(float), "batch", Labels);
        Directory.CreateDirectory(folder);
        graph.Write(Path.Combine(folder, "model.onnx"));
    }

    /// <summary>The logits of one sequence, alone and without padding.</summary>
    public double[] Logits(int[] ids)
    {
        var hidden = ids.Select((id, at) => Norm(
            [.. Enumerable.Range(0, Width).Select(i =>
                Weight("word_embeddings", id, i) + Weight("position_embeddings", at, i) + Weight("token_type_embeddings", 0, i))],
            "embedding_norm")).ToArray();
        for (var layer = 0; layer < Layers; layer++)
        {
            var at = layer;
            var attended = Attend(hidden, $"attention.{at}");
            hidden = [.. hidden.Select((row, i) => Norm(Sum(row, Dense(attended[i], $"projection.{at}")), $"attention_norm.{at}"))];
            hidden = [.. hidden.Select(row => Norm(
                Sum(row, Dense([.. Dense(row, $"inner.{at}").Select(Gelu)], $"outer.{at}")), $"outer_norm.{at}"))];
        }

        return Dense([.. Dense(hidden[0], "pooler").Select(Math.Tanh)], "classifier");
    }

    private static string Dense(OnnxGraphBuilder graph, string input, string name) =>
        graph.Node("Add", [graph.Node("MatMul", [input, $"{name}.weight"]), $"{name}.bias"]);

    private static string Norm(OnnxGraphBuilder graph, string input, string name) => graph.Node(
        "LayerNormalization", [input, $"{name}.weight", $"{name}.bias"], ("axis", -1), ("epsilon", Epsilon));

    private static double[] Sum(double[] left, double[] right) => [.. left.Zip(right, (a, b) => a + b)];

    private static double Gelu(double x) => 0.5 * x * (1 + Erf(x / Math.Sqrt(2)));

    /// <summary>Abramowitz and Stegun 7.1.26; the error is at most 1.5e-7.</summary>
    private static double Erf(double x)
    {
        var t = 1 / (1 + (0.3275911 * Math.Abs(x)));
        var sum = t * (0.254829592 + (t * (-0.284496736 + (t * (1.421413741 + (t * (-1.453152027 + (t * 1.061405429))))))));
        return Math.Sign(x) * (1 - (sum * Math.Exp(-x * x)));
    }

    private double[][] Attend(double[][] hidden, string name)
    {
        const int Size = Width / Heads;
        var all = hidden.Select(row => Dense(row, name)).ToArray(); // queries, keys, values
        return [.. all.Select(own => Enumerable.Range(0, Heads).SelectMany(head =>
        {
            var powers = all.Select(other => Math.Exp(Enumerable.Range(head * Size, Size).Sum(
                i => own[i] * other[Width + i]) / Math.Sqrt(Size))).ToArray();
            return Enumerable.Range(head * Size, Size).Select(
                i => all.Select((other, at) => powers[at] * other[(2 * Width) + i]).Sum() / powers.Sum());
        }).ToArray())];
    }

    private double[] Dense(double[] input, string name)
    {
        var width = (int)_weights[$"{name}.weight"].Shape[1];
        return [.. Enumerable.Range(0, width).Select(
            column => Weight($"{name}.bias", 0, column) + input.Select((x, row) => x * Weight($"{name}.weight", row, column)).Sum())];
    }

    private double[] Norm(double[] row, string name)
    {
        var mean = row.Average();
        var deviation = Math.Sqrt(row.Average(x => (x - mean) * (x - mean)) + Epsilon);
        var (weight, bias) = (_weights[$"{name}.weight"].Numbers, _weights[$"{name}.bias"].Numbers);
        return [.. row.Select((x, i) => ((x - mean) / deviation * weight[i]) + bias[i])];
    }

    private double Weight(string name, int row, int column) =>
        _weights[name].Numbers[((long)row * _weights[name].Shape[^1]) + column];

    private void AddDense(string name, int from, int to)
    {
        Add($"{name}.weight", 0.6f, from, to);
        Add($"{name}.bias", 0.2f, to);
    }

    private void AddNorm(string name)
    {
        Add($"{name}.weight", 2, Width);
        Add($"{name}.bias", 0.5f, Width);
    }

    private void Add(string name, float scale, params long[] shape) => _weights.Add(
        name,
        ([.. Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b)).Select(_ => ((float)_random.NextDouble() - 0.5f) * 2 * scale)],
            shape));
}
