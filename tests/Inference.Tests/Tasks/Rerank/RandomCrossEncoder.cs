using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Tasks.Rerank;

/// <summary>
/// Writes a folder of a cross-encoder with random weights in the exporter's layout. Its logit depends on each token, its type and its
/// position: a linear reading of the mean of tanh(word + type + position).
/// </summary>
internal static class RandomCrossEncoder
{
    /// <summary>Longest pair, tokens.</summary>
    public const int Context = 48;

    private const int Vocabulary = 30_522;
    private const int Width = 16;

    /// <param name="scale">Factor of the logits.</param>
    /// <param name="labels">Logits of a pair.</param>
    /// <param name="infinite">Whether logits overflow.</param>
    /// <param name="tokenizer">A <c>tokenizer.json</c>; null for that of tiny-embed.</param>
    public static void Write(string folder, float scale, int labels = 1, bool infinite = false, JsonObject? tokenizer = null)
    {
        Directory.CreateDirectory(folder);
        var random = new Random(5);
        using var graph = new OnnxGraphBuilder(weightsPath: null);
        foreach (var input in new[] { "input_ids", "attention_mask", "token_type_ids" })
        {
            graph.Input(input, typeof(long), "batch", "tokens");
        }

        graph.Initializer("words", Numbers(Vocabulary * Width, 1), Vocabulary, Width);
        graph.Initializer("types", Numbers(2 * Width, 1), 2, Width);
        graph.Initializer("positions", Numbers((Context + 1) * Width, 0.3f), Context + 1, Width);
        graph.Initializer("reader", Numbers(Width * labels, scale), Width, labels);
        graph.Initializer("one", [1L]);
        graph.Initializer("axis1", [1L], 1);
        graph.Initializer("axis2", [2L], 1);
        var place = graph.Node("CumSum", ["attention_mask", "one"]);
        var sum = graph.Node("Add", [graph.Node("Gather", ["words", "input_ids"]), graph.Node("Gather", ["types", "token_type_ids"])]);
        var hidden = graph.Node("Tanh", [graph.Node("Add", [sum, graph.Node("Gather", ["positions", place])])]);
        var mask = graph.Node("Unsqueeze", [graph.Node("Cast", ["attention_mask"], ("to", 1)), "axis2"]);
        var total = graph.Node("ReduceSum", [graph.Node("Mul", [hidden, mask]), "axis1"], ("keepdims", 0));
        var mean = graph.Node("Div", [total, graph.Node("ReduceSum", [mask, "axis1"], ("keepdims", 0))]);
        graph.Node("MatMul", domain: "", [mean, "reader"], ["logits"]);
        graph.Output("logits", typeof(float), "batch", labels);
        graph.Write(Path.Combine(folder, "model.onnx"));
        File.WriteAllText(
            Path.Combine(folder, "tokenizer.json"),
            tokenizer?.ToJsonString() ?? File.ReadAllText(Path.Combine(ModelFiles.Defaults, "tiny-embed", "tokenizer.json")));
        File.WriteAllText(Path.Combine(folder, "config.json"), new JsonObject
        {
            ["architectures"] = new JsonArray("BertForSequenceClassification"),
            ["id2label"] = new JsonObject { ["0"] = "LABEL_0" },
            ["max_position_embeddings"] = Context,
            ["vocab_size"] = Vocabulary,
        }.ToJsonString(JsonSerializerOptions.Default));

        float[] Numbers(int count, float most) =>
            [.. Enumerable.Range(0, count).Select(_ => infinite ? float.MaxValue : ((float)random.NextDouble() - 0.5f) * 2 * most)];
    }
}
