using Tollgate.Inference.Graphs;

namespace Tollgate.Inference.Gradients;

/// <summary>Gradients of products of matrices.</summary>
internal static class MatrixRules
{
    public static (string Name, Action<GradientStep> Rule)[] All { get; } = [("MatMul", MatMul), ("Gemm", Gemm)];

    /// <summary>ONNX Runtime's product with transposed operands, as the engine itself writes it.</summary>
    public static void FusedMatMul(GradientStep step)
    {
        if (step.Node.Whole("transBatchA", 0) != 0 || step.Node.Whole("transBatchB", 0) != 0)
        {
            throw step.Refuse("transposed batches are not supported");
        }

        Product(step, step.Node.Whole("transA", 0) != 0, step.Node.Whole("transB", 0) != 0, step.Node.Real("alpha", 1));
    }

    private static void MatMul(GradientStep step) => Product(step, transA: false, transB: false, alpha: 1);

    private static void Product(GradientStep step, bool transA, bool transB, float alpha)
    {
        var (a, b) = (step.Node.Inputs[0], step.Node.Inputs[1]);
        var (left, right) = (step.Shape(a), step.Shape(b));
        if (left.Rank < 2 || right.Rank < 2)
        {
            throw step.Refuse("operands of one dimension are not supported");
        }

        if (step.Wants(0))
        {
            var gradient = transA ? Fused(step, b, step.Dy, transB, true, alpha) : Fused(step, step.Dy, b, false, !transB, alpha);
            step.Give(0, Reduced(step, gradient, a));
        }

        if (step.Wants(1) && right.Rank == 2 && left.Rank > 2 && !transA)
        {
            // One product over all rows instead of one for each batch and a sum.
            var (rows, gradients) = (Rows(step, a, left), Rows(step, step.Dy, step.Shape(step.Y)));
            step.Give(1, transB
                ? Gemm(step, gradients, rows, true, false, alpha)
                : Gemm(step, rows, gradients, true, false, alpha));
        }
        else if (step.Wants(1))
        {
            var gradient = transB ? Fused(step, step.Dy, a, true, transA, alpha) : Fused(step, a, step.Dy, !transA, false, alpha);
            step.Give(1, Reduced(step, gradient, b));
        }
    }

    /// <summary>Sums over batches that the operand was repeated along.</summary>
    private static string Reduced(GradientStep step, string gradient, string operand)
    {
        var (shape, y) = (step.Shape(operand), step.Shape(step.Y));
        long[] First(long[] batch, long[] own) => [.. batch[..^2], .. own[^2..]];
        return step.Reduce(gradient, new ProbedTensor(y.Type, First(y.First, shape.First), First(y.Second, shape.Second)), operand);
    }

    /// <summary>A tensor as a matrix of rows of its last dimension.</summary>
    public static string Rows(GradientStep step, string tensor, ProbedTensor shape) => shape.Rank == 2
        ? tensor
        : shape.Fixed(shape.Rank - 1) is { } width
            ? step.Op("Reshape", tensor, step.Graph.Wholes(-1, width))
            : step.Op("Reshape", tensor, step.Graph.Add(
                "Concat", [step.Graph.Wholes(-1), step.Graph.Add("Shape", [tensor], ("start", -1))], ("axis", 0)));

    private static void Gemm(GradientStep step)
    {
        var (a, b) = (step.Node.Inputs[0], step.Node.Inputs[1]);
        var (transA, transB) = (step.Node.Whole("transA", 0) != 0, step.Node.Whole("transB", 0) != 0);
        var (alpha, beta) = (step.Node.Real("alpha", 1), step.Node.Real("beta", 1));
        if (step.Wants(0))
        {
            step.Give(0, transA ? Gemm(step, b, step.Dy, transB, true, alpha) : Gemm(step, step.Dy, b, false, !transB, alpha));
        }

        if (step.Wants(1))
        {
            step.Give(1, transB ? Gemm(step, step.Dy, a, true, transA, alpha) : Gemm(step, a, step.Dy, !transA, false, alpha));
        }

        step.GiveReduced(2, () => beta == 1 ? step.Dy : step.Scale(step.Dy, beta));
    }

    public static string Gemm(GradientStep step, string a, string b, bool transA, bool transB, float alpha = 1) => step.Graph.Add(
        "Gemm", [a, b], ("transA", transA ? 1 : 0), ("transB", transB ? 1 : 0), ("alpha", alpha));

    private static string Fused(GradientStep step, string a, string b, bool transA, bool transB, float alpha) => step.Graph.AddMicrosoft(
        "FusedMatMul", [a, b], ("transA", transA ? 1 : 0), ("transB", transB ? 1 : 0), ("alpha", alpha));
}
