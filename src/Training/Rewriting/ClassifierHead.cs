using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Onnx;
using Tollgate.Training.Graphs;

namespace Tollgate.Training.Rewriting;

/// <summary>Appends to an encoder a linear classifier of the mean of its token vectors.</summary>
internal static class ClassifierHead
{
    public const string Weight = "classifier.weight";
    public const string Bias = "classifier.bias";
    public const string Logits = "logits";

    /// <param name="hidden">Token vectors, <c>[batch, tokens, width]</c>.</param>
    /// <param name="mask">1 for a token and 0 for padding, <c>[batch, tokens]</c> of int64.</param>
    /// <param name="seed">Decides the first weights, which are even around 0 within 1 / √width.</param>
    public static void Append(ModelGraph graph, string hidden, string mask, int width, int labels, ulong seed)
    {
        var weights = new float[labels * width];
        var random = new Updates.SeededRandom(seed);
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] = (float)(((random.NextReal() * 2) - 1) / Math.Sqrt(width));
        }

        graph.Initializers[Weight] = OnnxTensor.Of(weights, labels, width);
        graph.Initializers[Bias] = OnnxTensor.Of(new float[labels], labels);
        var kept = graph.Add("Cast", [graph.Add("Unsqueeze", [mask, graph.Wholes(2)])], ("to", (int)TensorElementType.Float));
        string Sum(string tensor) => graph.Add("ReduceSum", [tensor, graph.Wholes(1)], ("keepdims", 0));
        var mean = graph.Add("Div", [Sum(graph.Add("Mul", [hidden, kept])), graph.Add("Max", [Sum(kept), graph.Number(1)])]);
        graph.Nodes.Add(new ModelNode("Gemm", "", [mean, Weight, Bias], [Logits])
        {
            Attributes = new(StringComparer.Ordinal) { ["transB"] = 1L },
        });
        graph.Outputs.Add(Logits);
    }
}
