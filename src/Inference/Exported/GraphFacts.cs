using System.Text.RegularExpressions;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Exported;

/// <summary>What a graph of onnxruntime-genai shows of its model and that program's configuration does not.</summary>
/// <param name="FeedForward">Width inside the feed-forward part.</param>
/// <param name="Window">Tokens that a position attends to; null: all before it.</param>
/// <param name="RotaryPairs">Pairs of numbers of a head that turn.</param>
/// <param name="RotaryBase">Base of their frequencies.</param>
/// <param name="Divisors">By which the frequencies of that base are divided, one a pair; null: by none.</param>
internal sealed partial record GraphFacts(
    int FeedForward, double NormEpsilon, int? Window, bool HasBiases, int RotaryPairs, double RotaryBase, IReadOnlyList<double>? Divisors)
{
    /// <summary>How far frequencies may be from those of a base to count as such.</summary>
    private const double Near = 1e-4;

    private const double UsualBase = 10_000;

    /// <exception cref="ModelImportException">The graph does not show one of them.</exception>
    public static GraphFacts Read(ExportedGraph graph)
    {
        var attention = graph.Nodes.FirstOrDefault(node => node.Operator == "GroupQueryAttention")
            ?? throw Hidden("no GroupQueryAttention");
        var up = graph.Nodes.FirstOrDefault(
                node => node.Operator is "MatMul" or "MatMulNBits" && UpProduct().IsMatch(node.Name))
            ?? throw Hidden("no '/mlp/up_proj/MatMul'");
        var feedForward = up.Operator == "MatMulNBits" ? MatrixTracer.FindProduct(graph, up).Rows
            : MatrixTracer.FindMatrix(graph, up.Input(1), turned: true)?.Rows ?? throw Hidden("no matrix at '/mlp/up_proj/MatMul'");
        var norm = graph.Nodes.FirstOrDefault(node => node.Operator == "SimplifiedLayerNormalization") ?? throw Hidden("no norm");
        var frequencies = ReadFrequencies(graph, attention);
        var (found, divisors) = FindBase(frequencies);
        var window = attention.Whole("local_window_size", -1);
        return new GraphFacts(
            feedForward, norm.Real("epsilon", 1e-5f), window > 0 ? (int)Math.Min(window, int.MaxValue) : null,
            graph.Nodes.Exists(node => node.Operator == "Add" && InputBias().IsMatch(node.Name)), frequencies.Length, found, divisors);
    }

    /// <summary>The base whose powers the frequencies are; else the usual one, with what they are divided by.</summary>
    private static (double Base, IReadOnlyList<double>? Divisors) FindBase(double[] frequencies)
    {
        var width = 2 * frequencies.Length;
        var found = frequencies.Length == 1 ? UsualBase : Math.Pow(frequencies[^1], -width / (width - 2.0));
        found = Math.Abs(found - Math.Round(found)) < found * Near ? Math.Round(found) : found;
        double At(double theta, int pair) => Math.Pow(theta, -2.0 * pair / width);
        return Enumerable.Range(0, frequencies.Length).All(i => Math.Abs((At(found, i) / frequencies[i]) - 1) < Near)
            ? (found, null) : (UsualBase, [.. frequencies.Select((frequency, i) => At(UsualBase, i) / frequency)]);
    }

    /// <summary>Angle per position of each pair, out of the tables of cosines and sines. Rows twice as far make it twice as
    /// exact.</summary>
    private static double[] ReadFrequencies(ExportedGraph graph, ModelNode attention)
    {
        var (cosines, sines) = (graph.Find(attention.Input(7)).Constant, graph.Find(attention.Input(8)).Constant);
        if (attention.Whole("do_rotary", 0) != 1 || attention.Whole("rotary_interleaved", 0) != 0 || cosines?.Shape is not [_, _]
            || sines is null || !cosines.Shape.SequenceEqual(sines.Shape) || cosines.Shape[0] < 2 || cosines.Shape[1] < 1)
        {
            throw Hidden("no one table of cosines and sines");
        }

        var pairs = cosines.Shape[1];
        var frequencies = new double[pairs];
        for (var position = 0; position < cosines.Shape[0]; position = position == 0 ? 1 : 2 * position)
        {
            var (cos, sin) = (cosines.ReadReals((long)position * pairs, pairs), sines.ReadReals((long)position * pairs, pairs));
            for (var i = 0; i < pairs; i++)
            {
                if (position == 0 && Math.Abs(cos[i] - 1) > Near)
                {
                    throw Hidden("scaled cosines");
                }

                if (position > 0)
                {
                    var away = Math.Atan2(sin[i], cos[i]) - (frequencies[i] * position);
                    frequencies[i] += Math.IEEERemainder(away, 2 * Math.PI) / position;
                }
            }
        }

        return Array.TrueForAll(frequencies, frequency => frequency > 0) ? frequencies : throw Hidden("frequencies that are not above 0");
    }

    private static ModelImportException Hidden(string what) =>
        new($"The graph has {what}, and so does not show its model's shape. Copy the model's 'config.json' into the folder.");

    [GeneratedRegex(@"/layers\.0/mlp/up_proj/MatMul", RegexOptions.CultureInvariant)]
    private static partial Regex UpProduct();

    [GeneratedRegex(@"/layers\.0/attn/(q|k|v|qkv)_proj/Add\z", RegexOptions.CultureInvariant)]
    private static partial Regex InputBias();
}
