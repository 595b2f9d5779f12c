using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Gradients;

/// <summary>The operators that have a gradient. A rule gives each wanted input of an operator its gradient.</summary>
internal static class GradientRules
{
    public static Dictionary<(string Domain, string Operator), Action<GradientStep>> All { get; } = Collect();

    /// <summary>Names of the operators, in order.</summary>
    public static IEnumerable<string> Names => All.Keys.Select(key => key.Operator).Distinct().Order(StringComparer.Ordinal);

    private static Dictionary<(string Domain, string Operator), Action<GradientStep>> Collect()
    {
        var rules = new Dictionary<(string, string), Action<GradientStep>>();
        foreach (var (name, rule) in
            ElementwiseRules.All.Concat(MatrixRules.All).Concat(NormalizationRules.All).Concat(ShapeRules.All).Concat(IndexRules.All))
        {
            rules[("", name)] = rule;
        }

        rules[("", "Scan")] = RecurrenceRules.Scan;
        rules[(OnnxGraphBuilder.MicrosoftDomain, "FusedMatMul")] = MatrixRules.FusedMatMul;
        rules[(OnnxGraphBuilder.MicrosoftDomain, "Gelu")] = ElementwiseRules.Gelu;
        return rules;
    }
}
