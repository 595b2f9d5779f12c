using System.Text.Json.Nodes;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Tests.Tasks.Transcription;

/// <summary>
/// Writes the folder of a multilingual Whisper of random weights: two layers of two heads with self-attention, its caches and attention to
/// what the encoder gave, all of which its text depends on. Each byte is a token, and nothing but bytes and the end is written.
/// </summary>
internal static class RandomWhisper
{
    /// <summary>Positions: so few that no text is long enough to be compressed much.</summary>
    public const int Positions = 48;

    /// <summary>Rows of what the encoder gives.</summary>
    public const int Heard = 1500;

    private const int Layers = 2;
    private const int Heads = 2;
    private const int Width = 16;
    private const int HeadWidth = 8;
    private const int Bins = 80;

    /// <param name="attention">Whether the decoder gives the attention to what was heard; its texts have letters and spaces then.</param>
    public static void Write(string folder, int seed, bool attention = false)
    {
        var weights = new Weights(new Random(seed));
        WriteEncoder(Path.Combine(folder, "encoder_model.onnx"), weights);
        WriteDecoder(Path.Combine(folder, "decoder_model_merged.onnx"), weights, attention);
        IEnumerable<int> bytes = attention ? Enumerable.Range(0, ToyWhisper.End).Where(id => id is not (>= 'a' and <= 'h' or ' ')) : [];
        ToyWhisper.WriteSettings(
            folder, Positions, [.. bytes, .. Enumerable.Range(ToyWhisper.Start, ToyWhisper.FirstTimestamp - ToyWhisper.Start)],
            attention ? new JsonArray(new JsonArray(1, 0), new JsonArray(1, 1)) : null);
    }

    private static void WriteEncoder(string path, Weights weights)
    {
        using var graph = new OnnxGraphBuilder(weightsPath: null);
        graph.Input("input_features", typeof(float), "batch", Bins, 3000);
        weights.Add(graph, "right", 0.02f, 3000, Width);
        weights.Add(graph, "left", 0.5f, Heard, Bins);
        graph.Node("MatMul", "", ["input_features", "right"], ["narrow"]);
        graph.Node("MatMul", "", ["left", "narrow"], ["last_hidden_state"]);
        graph.Output("last_hidden_state", typeof(float), "batch", Heard, Width);
        graph.Write(path);
    }

    private static void WriteDecoder(string path, Weights weights, bool attention)
    {
        using var graph = new OnnxGraphBuilder(weightsPath: null);
        graph.Input("input_ids", typeof(long), "batch", "tokens");
        graph.Input("encoder_hidden_states", typeof(float), "batch", "heard", Width);
        graph.Input("use_cache_branch", typeof(bool), 1);
        weights.Add(graph, "embeddings", 1, ToyWhisper.Vocabulary, Width);
        weights.Add(graph, "positions", 1, Positions, Width);
        weights.Add(graph, "out", 3, Width, ToyWhisper.Vocabulary);
        foreach (var (name, value) in (ReadOnlySpan<(string, long)>)[("zero", 0), ("one", 1), ("two", 2)])
        {
            graph.Initializer(name, [value], 1);
            graph.Initializer($"{name}_scalar", [value]);
        }

        graph.Initializer("all", [(long)Heard], 1);
        graph.Initializer("one_real", [1f], 1);
        graph.Initializer("far", [10_000f], 1);
        WriteFrame(graph);
        var x = "embedded";
        for (var layer = 0; layer < Layers; layer++)
        {
            x = WriteLayer(graph, weights, layer, x, attention);
        }

        // Letters alone are written: times, the end and silence would be likelier under some random weights.
        var bias = new float[ToyWhisper.Vocabulary];
        bias.AsSpan(ToyWhisper.FirstTimestamp).Fill(attention ? -100 : 0);
        bias[ToyWhisper.End] = attention ? -100 : 0;
        bias[ToyWhisper.NoSpeech] = attention ? -100 : 0;
        graph.Initializer("bias", bias, ToyWhisper.Vocabulary);
        graph.Node("Add", "", [graph.Node("MatMul", [x, "out"]), "bias"], ["logits"]);
        graph.Output("logits", typeof(float), "batch", "tokens", ToyWhisper.Vocabulary);
        graph.Write(path);
    }

    /// <summary>Embeddings, the causal mask, and what was heard where no cache has it.</summary>
    private static void WriteFrame(OnnxGraphBuilder graph)
    {
        var shape = graph.Node("Shape", ["past_key_values.0.decoder.key"]);
        var past = graph.Node("Gather", [shape, "two_scalar"]);
        var tokens = graph.Node("Gather", [graph.Node("Shape", ["input_ids"]), "one_scalar"]);
        var end = graph.Node("Add", [past, tokens]);
        var positions = graph.Node("Gather", ["positions", graph.Node("Range", [past, end, "one_scalar"])]);
        graph.Node("Add", "", [graph.Node("Gather", ["embeddings", "input_ids"]), positions], ["embedded"]);
        var size = graph.Node(
            "Concat", [graph.Node("Unsqueeze", [tokens, "zero"]), graph.Node("Unsqueeze", [end, "zero"])], ("axis", 0));
        var lower = graph.Node("Trilu", [graph.Node("Expand", ["one_real", size]), past], ("upper", 0));
        graph.Node("Mul", "", [graph.Node("Sub", [lower, "one_real"]), "far"], ["mask"]);
        var fresh = graph.Node("Sub", ["one", graph.Node("Cast", ["use_cache_branch"], ("to", 7))]);
        graph.Node("Unsqueeze", "", [graph.Node(
            "Slice", ["encoder_hidden_states", "zero", graph.Node("Mul", [fresh, "all"]), "one"]), "one"], ["heard"]);
    }

    private static string WriteLayer(OnnxGraphBuilder graph, Weights weights, int layer, string x, bool attention)
    {
        x = WriteAttention(graph, weights, layer, "decoder", x, graph.Node("Unsqueeze", [x, "one"]), "mask", null);
        return WriteAttention(graph, weights, layer, "encoder", x, "heard", null, attention ? $"cross_attentions.{layer}" : null);
    }

    private static string WriteAttention(
        OnnxGraphBuilder graph, Weights weights, int layer, string kind, string x, string source, string? mask, string? shown)
    {
        var name = $"{layer}.{kind}";
        var query = graph.Node(
            "MatMul", [graph.Node("Unsqueeze", [x, "one"]), weights.Add(graph, $"{name}.query", 0.3f, Heads, Width, HeadWidth)]);
        foreach (var part in (string[])["key", "value"])
        {
            var (free, made) = (kind == "decoder" ? "past" : "heard", weights.Add(graph, $"{name}.{part}", 0.3f, Heads, Width, HeadWidth));
            graph.Input($"past_key_values.{name}.{part}", typeof(float), "batch", Heads, free, HeadWidth);
            graph.Node(
                "Concat", "", [$"past_key_values.{name}.{part}", graph.Node("MatMul", [source, made])], [$"present.{name}.{part}"],
                ("axis", 2));
            graph.Output($"present.{name}.{part}", typeof(float), "batch", Heads, $"{free}_all", HeadWidth);
        }

        var scores = graph.NewName();
        graph.Node(
            "FusedMatMul", OnnxGraphBuilder.MicrosoftDomain, [query, $"present.{name}.key"], [scores], ("transB", 1), ("alpha", 2f));
        var weighted = shown ?? graph.NewName();
        graph.Node("Softmax", "", [mask is null ? scores : graph.Node("Add", [scores, mask])], [weighted], ("axis", -1));
        if (shown is not null)
        {
            graph.Output(shown, typeof(float), "batch", Heads, "tokens", "heard");
        }

        var read = graph.Node("MatMul", [weighted, $"present.{name}.value"]);
        var joined = graph.Node("MatMul", [read, weights.Add(graph, $"{name}.out", 0.5f, Heads, HeadWidth, Width)]);
        return graph.Node("Add", [x, graph.Node("ReduceSum", [joined, "one"], ("keepdims", 0))]);
    }

    /// <summary>Makes weights in the order in which they are asked for.</summary>
    private sealed class Weights(Random random)
    {
        /// <returns>The name.</returns>
        public string Add(OnnxGraphBuilder graph, string name, float scale, params ReadOnlySpan<long> shape)
        {
            var numbers = new float[shape.ToArray().Aggregate(1L, (product, size) => product * size)];
            for (var i = 0; i < numbers.Length; i++)
            {
                numbers[i] = scale * ((random.NextSingle() * 2) - 1);
            }

            graph.Initializer(name, numbers, shape);
            return name;
        }
    }
}
