using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Decoders;

/// <summary>Writes the attention of a decoder's layers: over all new tokens at once, or in <see cref="AttentionRounds"/>, as the step's
/// flag says. A graph in half precision has no rounds: a device records its steps, which must not choose.</summary>
internal sealed class AttentionWriter(OnnxGraphBuilder graph, DecoderShape shape)
{
    private static readonly string[] Parts = ["key", "value"];

    private TensorElementType Type => shape.HalfKeyValues ? TensorElementType.Float16 : TensorElementType.Float;

    private bool HasRounds => !shape.HalfActivations;

    /// <summary>Whether queries, keys and values are rounded for the attention alone.</summary>
    private bool Rounds => shape.HalfKeyValues && !shape.HalfActivations;

    /// <summary>Declares the inputs that all layers share.</summary>
    public void AddInputs()
    {
        if (!HasRounds)
        {
            return;
        }

        graph.Input(AttentionRounds.Flag, typeof(bool), 1);
        graph.Input(AttentionRounds.Origins, typeof(long), "tokens");
        for (var round = 0; round < AttentionRounds.Count; round++)
        {
            graph.Input(AttentionRounds.Places(round), typeof(long), "rows");
            graph.Input(AttentionRounds.Lengths(round), typeof(int), "rows");
        }
    }

    /// <summary>Declares keys and values of all layers.</summary>
    public void AddCaches()
    {
        for (var layer = 0; layer < shape.Layers.Count; layer++)
        {
            foreach (var part in Parts)
            {
                graph.Input($"past_key_values.{layer}.{part}", Type, CacheShape);
                for (var round = AttentionRounds.Count - 1; round >= (HasRounds ? 0 : AttentionRounds.Count - 1); round--)
                {
                    graph.Output(AttentionRounds.Present(layer, part, round), Type, CacheShape);
                }
            }
        }
    }

    /// <summary>Adds the attention of a layer; returns its result, [batch, new, heads × width].</summary>
    /// <param name="rotation">Tables of cosines and sines; null for no rotation.</param>
    /// <param name="heads">Query, key and value, packed or apart, as the kernel takes them.</param>
    public string Write(int layer, (string Cos, string Sin)? rotation, string[] heads)
    {
        var inputs = Rounds
            ? [.. heads.Select(input => input == "" ? "" : Cast(input, TensorElementType.Float16))] : heads;
        string[] tables = rotation is { } names ? [names.Cos, names.Sin] : [];
        (string Name, object Value)[] attributes =
        [
            ("num_heads", shape.Heads),
            ("kv_num_heads", shape.KeyValueHeads),
            ("do_rotary", rotation is null ? 0 : 1),
            ("rotary_interleaved", 0),
            ("local_window_size", shape.Layers[layer].Window ?? -1),
            ("scale", shape.AttentionScale),
            ("softcap", shape.AttentionSoftcap),
        ];
        var attention = $"layer.{layer}.attention";
        if (!HasRounds)
        {
            Attend(
                graph, inputs, [$"past_key_values.{layer}.key", $"past_key_values.{layer}.value"], "seqlens_k", tables,
                [attention, $"present.{layer}.key", $"present.{layer}.value"], attributes);
            return attention;
        }

        string[] outputs = [attention, .. Outputs((part, round) => AttentionRounds.Present(layer, part, round))];
        graph.Node(
            "If", domain: "", [AttentionRounds.Flag], outputs,
            ("then_branch", InRounds(layer, inputs, tables, attributes)), ("else_branch", AtOnce(layer, inputs, tables, attributes)));
        return Rounds ? Cast(attention, TensorElementType.Float) : attention;
    }

    private OnnxGraphBuilder AtOnce(int layer, string[] heads, string[] tables, (string Name, object Value)[] attributes)
    {
        var body = new OnnxGraphBuilder(weightsPath: null);
        string Name(string name) => $"layer.{layer}.at_once.{name}";
        string Present(string part, int round) => Name($"{round}.{part}");
        var attention = Name("attention");
        Attend(
            body, heads, [$"past_key_values.{layer}.key", $"past_key_values.{layer}.value"], "seqlens_k", tables,
            [attention, Present("key", AttentionRounds.Count - 1), Present("value", AttentionRounds.Count - 1)], attributes);
        DeclareAttention(body, attention);
        foreach (var (part, round) in Order)
        {
            if (round == AttentionRounds.Count - 1)
            {
                body.Output(Present(part, round), Type, CacheShape);
                continue;
            }

            long[] nothing = [0, shape.KeyValueHeads, 0, shape.KernelWidth];
            body.Initializer(Present(part, round), new OnnxTensor(Type, nothing, default));
            body.Output(Present(part, round), Type, 0, shape.KeyValueHeads, 0, shape.KernelWidth);
        }

        return body;
    }

    private OnnxGraphBuilder InRounds(int layer, string[] heads, string[] tables, (string Name, object Value)[] attributes)
    {
        var body = new OnnxGraphBuilder(weightsPath: null);
        string Name(string name) => $"layer.{layer}.in_rounds.{name}";
        string Present(string part, int round) => Name($"{round}.{part}");
        string[] cache = [$"past_key_values.{layer}.key", $"past_key_values.{layer}.value"];
        var results = new string[AttentionRounds.Count];
        for (var round = 0; round < AttentionRounds.Count; round++)
        {
            var own = new string[heads.Length];
            for (var i = 0; i < heads.Length; i++)
            {
                own[i] = heads[i] == "" ? "" : Name($"{round}.heads.{i}");
                if (heads[i] != "")
                {
                    body.Node("Gather", domain: "", [heads[i], AttentionRounds.Places(round)], [own[i]], ("axis", 0));
                }
            }

            results[round] = Name($"{round}.attention");
            string[] present = [Present("key", round), Present("value", round)];
            Attend(body, own, cache, AttentionRounds.Lengths(round), tables, [results[round], .. present], attributes);
            cache = present;
        }

        var attention = Name("attention");
        body.Node("Concat", domain: "", results, [Name("results")], ("axis", 0));
        body.Node("Gather", domain: "", [Name("results"), AttentionRounds.Origins], [attention], ("axis", 0));
        DeclareAttention(body, attention);
        foreach (var (part, round) in Order)
        {
            body.Output(Present(part, round), Type, CacheShape);
        }

        return body;
    }

    private static void Attend(
        OnnxGraphBuilder body, string[] heads, string[] cache, string lengths, string[] tables, string[] outputs,
        (string Name, object Value)[] attributes) => body.Node(
            "GroupQueryAttention", OnnxGraphBuilder.MicrosoftDomain,
            [.. heads, .. cache, lengths, "total_sequence_length", .. tables], outputs, attributes);

    private void DeclareAttention(OnnxGraphBuilder body, string name) =>
        body.Output(name, Type, "batch", "new", shape.Heads * shape.KernelWidth);

    private object[] CacheShape => ["batch", shape.KeyValueHeads, "length", shape.KernelWidth];

    /// <summary>The order in which both branches give keys and values.</summary>
    private static IEnumerable<(string Part, int Round)> Order =>
        Enumerable.Range(0, AttentionRounds.Count).SelectMany(round => Parts.Select(part => (part, AttentionRounds.Count - 1 - round)));

    private static IEnumerable<string> Outputs(Func<string, int, string> name) => Order.Select(output => name(output.Part, output.Round));

    private string Cast(string input, TensorElementType type) => graph.Node("Cast", [input], ("to", (int)type));
}
