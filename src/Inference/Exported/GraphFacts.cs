using System.Globalization;
using System.Text.RegularExpressions;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Exported;

/// <summary>What a graph of onnxruntime-genai shows of its model and that program's configuration does not.</summary>
/// <param name="FeedForward">Width inside the feed-forward part.</param>
/// <param name="LogitSoftcap">What the logits are bent below; null: they are not.</param>
/// <param name="Layers">Attention of each layer.</param>
internal sealed partial record GraphFacts(
    int FeedForward, double NormEpsilon, bool HasBiases, double? LogitSoftcap, IReadOnlyList<LayerFacts> Layers)
{
    /// <exception cref="ModelImportException">The graph does not show one of them.</exception>
    public static GraphFacts Read(ExportedGraph graph)
    {
        var layers = ReadLayers(graph);
        var up = graph.Nodes.FirstOrDefault(
                node => node.Operator is "MatMul" or "MatMulNBits" && UpProduct().IsMatch(node.Name))
            ?? throw Hidden("intermediate_size", "no '/mlp/up_proj/MatMul'");
        var feedForward = up.Operator == "MatMulNBits" ? MatrixTracer.FindProduct(graph, up).Rows
            : MatrixTracer.FindMatrix(graph, up.Input(1), turned: true)?.Rows
                ?? throw Hidden("intermediate_size", "no matrix at '/mlp/up_proj/MatMul'");
        var norm = graph.Nodes.FirstOrDefault(node => node.Operator == "SimplifiedLayerNormalization")
            ?? throw Hidden("rms_norm_eps", "no norm");
        return new GraphFacts(
            feedForward, norm.Real("epsilon", 1e-5f),
            graph.Nodes.Exists(node => node.Operator == "Add" && InputBias().IsMatch(node.Name)), FindLogitSoftcap(graph),
            layers);
    }

    /// <summary>Why a member of the model's configuration is not known.</summary>
    /// <param name="member">Of <c>config.json</c>.</param>
    /// <param name="what">What the graph has instead of what would show it.</param>
    public static ModelImportException Hidden(string member, string what) => new(
        $"'config.json' is missing in the folder, and its member '{member}' cannot be read out of the graph, which has {what}. Copy the "
        + "model's 'config.json' into the folder.");

    private static LayerFacts[] ReadLayers(ExportedGraph graph)
    {
        var rotations = new Dictionary<(string, string), RotaryFacts>();
        var layers = new SortedDictionary<int, LayerFacts>();
        foreach (var node in graph.Nodes.Where(node => node.Operator == "GroupQueryAttention"))
        {
            var match = Layer().Match(node.Name);
            var layer = match.Success ? int.Parse(match.Groups["layer"].ValueSpan, CultureInfo.InvariantCulture) : layers.Count;
            RotaryFacts? rotation = null;
            if (node.Whole("do_rotary", 0) == 1 && !rotations.TryGetValue((node.Input(7), node.Input(8)), out rotation))
            {
                rotations[(node.Input(7), node.Input(8))] = rotation = RotaryFacts.Read(graph, node);
            }

            var window = node.Whole("local_window_size", -1);
            layers[layer] = new LayerFacts(
                window > 0 ? (int)Math.Min(window, int.MaxValue) : null, node.Real("scale", 0), node.Real("softcap", 0), rotation);
        }

        return layers.Count > 0 && layers.Keys.Last() == layers.Count - 1 ? [.. layers.Values]
            : throw Hidden("rope_theta", "no GroupQueryAttention in some layer");
    }

    /// <summary>The number that logits are divided by and multiplied with around a hyperbolic tangent.</summary>
    private static double? FindLogitSoftcap(ExportedGraph graph)
    {
        var bend = graph.Nodes.FirstOrDefault(
            node => node.Operator == "Tanh" && node.Name.StartsWith("/lm_head/", StringComparison.Ordinal));
        return bend is null ? null
            : graph.Find(bend.Input(0)).Producer is { Operator: "Div" } divided
                && MatrixTracer.FindScalar(graph, divided.Input(1)) is { } cap ? cap
            : throw Hidden("final_logit_softcapping", $"{ExportedOperators.Describe(bend)} without a number that its input is divided by");
    }

    [GeneratedRegex(@"/layers\.0/mlp/up_proj/MatMul", RegexOptions.CultureInvariant)]
    private static partial Regex UpProduct();

    [GeneratedRegex(@"/layers\.0/attn/(q|k|v|qkv)_proj/Add\z", RegexOptions.CultureInvariant)]
    private static partial Regex InputBias();

    [GeneratedRegex(@"/layers\.(?<layer>[0-9]{1,9})/", RegexOptions.CultureInvariant)]
    private static partial Regex Layer();
}

/// <summary>Attention of a layer.</summary>
/// <param name="Window">Tokens that a position attends to; null: all before it.</param>
/// <param name="Scale">Factor of the products of queries and keys; 0: one over the root of a head's width.</param>
/// <param name="Softcap">What they are bent below; 0: they are not.</param>
/// <param name="Rotation">How positions turn queries and keys; null: not at all.</param>
internal sealed record LayerFacts(int? Window, double Scale, double Softcap, RotaryFacts? Rotation);
