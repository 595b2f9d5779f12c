using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Rewriting;

/// <summary>Replaces ONNX's LSTM by a product for all inputs at once and a <c>Scan</c> over time that keeps gates and cells for the way
/// back.</summary>
internal static class LstmForm
{
    public static void Replace(ModelGraph graph)
    {
        foreach (var node in graph.Nodes.Where(node => node.Operator == "LSTM").ToArray())
        {
            var index = graph.Nodes.IndexOf(node);
            var after = graph.Nodes[(index + 1)..];
            graph.Nodes.RemoveRange(index, graph.Nodes.Count - index);
            Append(graph, node);
            graph.Nodes.AddRange(after);
        }
    }

    private static void Append(ModelGraph graph, ModelNode node)
    {
        Check(node);
        var direction = node.Text("direction", "forward");
        string[] directions = direction == "bidirectional" ? ["forward", "reverse"] : [direction];
        var hidden = node.Whole("hidden_size", 0);
        var states = new (string All, string Last, string Cell)[directions.Length];
        for (var i = 0; i < directions.Length; i++)
        {
            states[i] = AppendDirection(graph, node, i, directions[i] == "reverse", hidden);
        }

        string[] Together(Func<(string All, string Last, string Cell), string> part, long axis) =>
            [.. states.Select(state => graph.Add("Unsqueeze", [part(state), graph.Wholes(axis)]))];
        Output(graph, node, 0, Together(state => state.All, 1), 1);
        Output(graph, node, 1, Together(state => state.Last, 0), 0);
        Output(graph, node, 2, Together(state => state.Cell, 0), 0);
    }

    private static void Check(ModelNode node)
    {
        string[] usual = ["Sigmoid", "Tanh", "Tanh"];
        var reason =
            node.Input(4).Length > 0 ? "its sequences have lengths of their own (sequence_lens)"
            : node.Input(7).Length > 0 ? "it has peepholes"
            : node.Whole("layout", 0) != 0 ? "its layout has the batch first"
            : node.Whole("input_forget", 0) != 0 ? "it couples input and forget gates"
            : node.Attributes.ContainsKey("clip") ? "it clips its cells"
            : node.Attributes.GetValueOrDefault("activations") is string[] names
                && names.Where((name, i) => !name.Equals(usual[i % 3], StringComparison.OrdinalIgnoreCase)).Any()
                    ? "its activations are not sigmoid and hyperbolic tangent"
                    : null;
        if (reason is not null)
        {
            throw new GradientException($"{node.Description} cannot be trained: {reason}.");
        }
    }

    private static (string All, string Last, string Cell) AppendDirection(
        ModelGraph graph, ModelNode node, int direction, bool isReverse, long hidden)
    {
        string Own(string tensor) => graph.Add("Gather", [tensor, graph.Whole(direction)], ("axis", 0));
        var weights = Own(node.Inputs[2]);
        string Turned(string matrix) => graph.Add("Transpose", [matrix], ("perm", new long[] { 1, 0 }));
        var inputs = graph.Add("MatMul", [node.Inputs[0], Turned(Own(node.Inputs[1]))]);
        if (node.Input(3).Length > 0)
        {
            var biases = graph.Add("Reshape", [Own(node.Inputs[3]), graph.Wholes(2, 4 * hidden)]);
            inputs = graph.Add("Add", [inputs, graph.Add("ReduceSum", [biases, graph.Wholes(0)], ("keepdims", 0))]);
        }

        string First(int input) => node.Input(input).Length > 0
            ? Own(node.Inputs[input])
            : graph.Add(
                "ConstantOfShape",
                [graph.Add(
                    "Concat", [graph.Add("Shape", [node.Inputs[0]], ("start", 1), ("end", 2)), graph.Wholes(hidden)], ("axis", 0))],
                ("value", OnnxTensor.Of([0f], 1)));
        var (firstState, firstCell) = (First(5), First(6));
        var body = Body(graph, Turned(weights), hidden);
        string[] outputs = [.. Enumerable.Range(0, 7).Select(_ => graph.NewName("lstm"))];
        var way = isReverse ? 1L : 0L;
        graph.Nodes.Add(new ModelNode("Scan", "", [firstState, firstCell, inputs], outputs)
        {
            Name = node.Name,
            Attributes = new(StringComparer.Ordinal)
            {
                ["body"] = body,
                ["num_scan_inputs"] = 1L,
                ["scan_input_directions"] = new[] { way },
                ["scan_output_directions"] = Enumerable.Repeat(way, 5).ToArray(),
            },
            Recurrence = new LstmRecurrence(
                weights, inputs, firstState, firstCell, outputs[6], outputs[2], outputs[3], outputs[4], outputs[5], isReverse),
        });
        return (outputs[6], outputs[0], outputs[1]);
    }

    /// <summary>One step: state and cell, and what the inputs add to the gates, to the new state and cell.</summary>
    /// <remarks>Hochreiter and Schmidhuber, Long Short-Term Memory (1997), with forget gates; gates stand in ONNX's order.</remarks>
    private static ModelGraph Body(ModelGraph graph, string weights, long hidden)
    {
        var body = graph.NewBody();
        string Input(string name)
        {
            var made = body.NewName(name);
            body.Inputs.Add(new GraphInput(made, TensorElementType.DataTypeMax, []));
            return made;
        }

        var (state, cell, input) = (Input("state"), Input("cell"), Input("input"));
        var sums = body.Add("Gemm", [state, weights, input]);
        var halves = body.Add("Split", "", 2, [sums, body.Wholes(3 * hidden, hidden)], ("axis", 1));
        var (gates, candidate) = (body.Add("Sigmoid", [halves[0]]), body.Add("Tanh", [halves[1]]));
        var gate = body.Add("Split", "", 3, [gates, body.Wholes(hidden, hidden, hidden)], ("axis", 1)); // input, output, forget
        var next = body.Add("Add", [body.Add("Mul", [gate[2], cell]), body.Add("Mul", [gate[0], candidate])]);
        var tanh = body.Add("Tanh", [next]);
        var output = body.Add("Mul", [gate[1], tanh]);
        body.Outputs.AddRange([output, next, gates, candidate, body.Add("Identity", [next]), tanh, body.Add("Identity", [output])]);
        return body;
    }

    private static void Output(ModelGraph graph, ModelNode node, int output, string[] parts, long axis)
    {
        if (node.Output(output) is { Length: > 0 } name)
        {
            graph.Nodes.Add(new ModelNode(parts.Length == 1 ? "Identity" : "Concat", "", parts, [name])
            {
                Attributes = parts.Length == 1 ? [] : new(StringComparer.Ordinal) { ["axis"] = axis },
            });
        }
    }
}
