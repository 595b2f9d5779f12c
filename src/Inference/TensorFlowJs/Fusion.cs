namespace Tollgate.Inference.TensorFlowJs;

/// <summary>What TF.js fuses into convolutions and matrix products, by the attribute <c>fused_ops</c>.</summary>
internal static class Fusion
{
    private const float DefaultSlope = 0.2f;

    /// <param name="result">Of the operator alone.</param>
    public static GraphValue[] Apply(OperatorCall call, GraphValue[] result)
    {
        var value = result[0];
        var operand = 2; // Behind what the operator itself reads.
        foreach (var name in call.Node.Texts("fused_ops"))
        {
            value = name switch
            {
                "BiasAdd" => Elementwise.Binary(call, "Add", value, call[operand++]),
                "Prelu" => Elementwise.Binary(call, "PRelu", value, call[operand++]),
                "Relu" or "Elu" or "Sigmoid" => Elementwise.Unary(call, name, value),
                "Relu6" => Elementwise.Unary(call, "Clip", value, [call.Graph.Scalar(0), call.Graph.Scalar(6)]),
                "LeakyRelu" => Elementwise.Unary(
                    call, "LeakyRelu", value, [], ("alpha", call.Node.Real("leakyrelu_alpha", DefaultSlope))),
                _ => throw call.Refuse($"fuses '{name}', which is not supported"),
            };
        }

        return [value];
    }
}
