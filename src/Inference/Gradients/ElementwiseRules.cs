using Microsoft.ML.OnnxRuntime.Tensors;

namespace Tollgate.Inference.Gradients;

/// <summary>Gradients of operators that work number by number, with broadcasting.</summary>
internal static class ElementwiseRules
{
    private const float TwoOverRootPi = 1.1283791670955126f;
    private const float RootHalf = 0.70710678118654752f;

    public static (string Name, Action<GradientStep> Rule)[] All { get; } =
    [
        ("Add", Add), ("Sum", Add), ("Sub", Sub), ("Mul", Mul), ("Div", Div), ("Pow", Pow), ("Where", Where), ("Max", Extreme),
        ("Min", Extreme), ("Clip", Clip),
        ("Neg", s => s.Give(0, s.Op("Neg", s.Dy))),
        ("Exp", s => s.Give(0, s.Mul(s.Dy, s.Y))),
        ("Log", s => s.Give(0, s.Op("Div", s.Dy, s.X))),
        ("Sqrt", s => s.Give(0, s.Op("Div", s.Scale(s.Dy, 0.5f), s.Y))),
        ("Reciprocal", s => s.Give(0, s.Op("Neg", s.Mul(s.Dy, s.Mul(s.Y, s.Y))))),
        ("Abs", s => s.Give(0, s.Mul(s.Dy, s.Op("Sign", s.X)))),
        ("Sin", s => s.Give(0, s.Mul(s.Dy, s.Op("Cos", s.X)))),
        ("Cos", s => s.Give(0, s.Op("Neg", s.Mul(s.Dy, s.Op("Sin", s.X))))),
        ("Erf", s => s.Give(0, s.Mul(s.Scale(s.Dy, TwoOverRootPi), s.Op("Exp", s.Op("Neg", s.Mul(s.X, s.X)))))),
        ("Tanh", s => s.Give(0, s.Mul(s.Dy, s.Op("Sub", s.Number(1), s.Mul(s.Y, s.Y))))),
        ("Sigmoid", s => s.Give(0, s.Mul(s.Dy, s.Op("Sub", s.Y, s.Mul(s.Y, s.Y))))),
        ("Softplus", s => s.Give(0, s.Mul(s.Dy, s.Op("Sigmoid", s.X)))),
        ("Relu", s => s.Give(0, s.Op("Where", s.Op("Greater", s.X, s.Number(0)), s.Dy, s.Number(0)))),
        ("Sign", Flat), ("Floor", Flat), ("Ceil", Flat), ("Round", Flat),
        ("Identity", s => s.Give(0, s.Dy)), ("Dropout", Dropout), ("Cast", Cast),
    ];

    /// <summary>The exact GELU, x·Φ(x), as ONNX Runtime's own operator.</summary>
    /// <remarks>Hendrycks and Gimpel, Gaussian Error Linear Units (2016). Φ(x) = (1 + erf(x/√2)) / 2, and Φ'(x) = exp(−x²/2) / √(2π).
    /// With u = x/√2 the gradient is dy/2 · (1 + erf(u) + 2/√π · u · exp(−u²)).</remarks>
    public static void Gelu(GradientStep step)
    {
        var gradient = BlockedRun.Append(
            step.Graph, [step.X, step.Dy], step.Shape(step.X).Rank > 1,
            (body, inputs) =>
            {
                var u = body.Add("Mul", [inputs[0], body.Number(RootHalf)]);
                var density = body.Add("Exp", [body.Add("Neg", [body.Add("Mul", [u, u])])]);
                var slope = body.Add("Mul", [body.Add("Mul", [u, density]), body.Number(TwoOverRootPi)]);
                var sum = body.Add("Add", [body.Add("Add", [body.Add("Erf", [u]), slope]), body.Number(1)]);
                return [body.Add("Mul", [body.Add("Mul", [inputs[1], sum]), body.Number(0.5f)])];
            });
        step.Give(0, gradient[0]);
    }

    private static void Add(GradientStep step)
    {
        for (var i = 0; i < step.Node.Inputs.Length; i++)
        {
            step.GiveReduced(i, () => step.Dy);
        }
    }

    private static void Sub(GradientStep step)
    {
        step.GiveReduced(0, () => step.Dy);
        if (step.Wants(1))
        {
            step.Give(1, step.Op("Neg", step.Reduce(step.Dy, step.Shape(step.Y), step.Node.Inputs[1])));
        }
    }

    private static void Mul(GradientStep step)
    {
        step.GiveReduced(0, () => step.Mul(step.Dy, step.Node.Inputs[1]));
        step.GiveReduced(1, () => step.Mul(step.Dy, step.X));
    }

    private static void Div(GradientStep step)
    {
        var divisor = step.Node.Inputs[1];
        step.GiveReduced(0, () => step.Op("Div", step.Dy, divisor));
        step.GiveReduced(1, () => step.Op("Neg", step.Op("Div", step.Mul(step.Dy, step.Y), divisor)));
    }

    private static void Pow(GradientStep step)
    {
        var exponent = step.Node.Inputs[1];
        if (step.Graph.Initializers.GetValueOrDefault(exponent) is { Type: TensorElementType.Float, Count: 1 } constant)
        {
            var power = constant.Floats[0];
            step.GiveReduced(0, () => step.Mul(
                step.Scale(step.Dy, power), power == 2 ? step.X : step.Op("Pow", step.X, step.Number(power - 1))));
            return;
        }

        if (!step.Shape(exponent).IsReal)
        {
            exponent = step.Graph.Add("Cast", [exponent], ("to", (int)TensorElementType.Float));
        }

        step.GiveReduced(0, () => step.Mul(
            step.Mul(step.Dy, exponent), step.Op("Pow", step.X, step.Op("Sub", exponent, step.Number(1)))));
        step.GiveReduced(1, () => step.Mul(step.Mul(step.Dy, step.Y), step.Op("Log", step.X)));
    }

    private static void Where(GradientStep step)
    {
        step.GiveReduced(1, () => step.Op("Where", step.X, step.Dy, step.Number(0)));
        step.GiveReduced(2, () => step.Op("Where", step.X, step.Number(0), step.Dy));
    }

    /// <summary>The gradient goes to the inputs that equal the result.</summary>
    private static void Extreme(GradientStep step)
    {
        for (var i = 0; i < step.Node.Inputs.Length; i++)
        {
            var input = step.Node.Inputs[i];
            step.GiveReduced(i, () => step.Op("Where", step.Op("Equal", input, step.Y), step.Dy, step.Number(0)));
        }
    }

    private static void Clip(GradientStep step) =>
        step.Give(0, step.Op("Where", step.Op("Equal", step.X, step.Y), step.Dy, step.Number(0)));

    /// <summary>A step function: nothing flows back.</summary>
    private static void Flat(GradientStep step)
    {
    }

    private static void Dropout(GradientStep step)
    {
        if (step.Node.Input(2).Length > 0 || step.Node.Output(1).Length > 0)
        {
            throw step.Refuse("the engine draws its own masks; export the model for inference");
        }

        step.Give(0, step.Dy);
    }

    private static void Cast(GradientStep step)
    {
        if (!step.Shape(step.X).IsReal)
        {
            return;
        }

        step.Give(0, step.Graph.Add("Cast", [step.Dy], ("to", (int)step.Shape(step.X).Type)));
    }
}
