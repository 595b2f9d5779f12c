using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Graphs;

namespace Tollgate.Inference.Gradients;

/// <summary>Gradient of an LSTM's steps in time. What does not depend on later steps is computed for all steps at once.</summary>
internal static class RecurrenceRules
{
    public static void Scan(GradientStep step)
    {
        var lstm = step.Node.Recurrence ?? throw step.Refuse("only LSTMs are differentiated through steps in time");
        var graph = step.Graph;
        var gates = graph.Add("Split", "", 3, [lstm.Gates], ("axis", 2)); // input, output, forget
        var (input, output, forget) = (gates[0], gates[1], gates[2]);
        var lastCells = Earlier(graph, lstm.Cells, lstm.FirstCell, lstm.IsReverse);

        // How far each gate's sum moves the cell, or the state for the output gate: [time, batch, 4·hidden].
        var slopes = graph.Add("Sub", [lstm.Gates, graph.Add("Mul", [lstm.Gates, lstm.Gates])]);
        var factors = graph.Add("Concat", [lstm.Candidates, lstm.CellTanhs, lastCells], ("axis", 2));
        var candidate = graph.Add("Mul", [input, OneMinusSquare(graph, lstm.Candidates)]);
        var slope = graph.Add("Concat", [graph.Add("Mul", [factors, slopes]), candidate], ("axis", 2));
        var toCell = graph.Add("Mul", [output, OneMinusSquare(graph, lstm.CellTanhs)]);

        var later = Backward(step, lstm, [step.OutputGradient(6) ?? step.Zeros(lstm.States), toCell, slope, forget]);
        var sums = later[2];
        if (step.Wants(lstm.Inputs))
        {
            step.Give(lstm.Inputs, sums);
        }

        if (step.Wants(lstm.Weights))
        {
            var states = Earlier(graph, lstm.States, lstm.FirstState, lstm.IsReverse);
            step.Give(lstm.Weights, MatrixRules.Gemm(
                step, MatrixRules.Rows(step, sums, step.Shape(lstm.Inputs)), MatrixRules.Rows(step, states, step.Shape(lstm.States)),
                transA: true, transB: false));
        }

        if (step.Wants(lstm.FirstState))
        {
            step.Give(lstm.FirstState, later[0]);
        }

        if (step.Wants(lstm.FirstCell))
        {
            step.Give(lstm.FirstCell, later[1]);
        }
    }

    /// <summary>The steps from last to first.</summary>
    /// <returns>Gradients of the first state, of the first cell, and of the gates' sums <c>[time, batch, 4·hidden]</c>.</returns>
    private static string[] Backward(GradientStep step, LstmRecurrence lstm, string[] sequences)
    {
        var graph = step.Graph;
        var body = graph.NewBody();
        string Input(string name)
        {
            var made = body.NewName(name);
            body.Inputs.Add(new GraphInput(made, TensorElementType.DataTypeMax, []));
            return made;
        }

        var (lastState, lastCell) = (Input("state"), Input("cell"));
        string[] slices = [.. sequences.Select(_ => Input("slice"))];
        var keep = step.Truncation > 0 ? Input("keep") : null;
        var state = body.Add("Add", [slices[0], lastState]);
        var cell = body.Add("Add", [body.Add("Mul", [state, slices[1]]), lastCell]);
        var sums = body.Add("Mul", [body.Add("Concat", [cell, state, cell, cell], ("axis", 1)), slices[2]]);
        var before = body.Add("MatMul", [sums, lstm.Weights]);
        var beforeCell = body.Add("Mul", [cell, slices[3]]);
        body.Outputs.AddRange(keep is null
            ? [before, beforeCell, sums]
            : [body.Add("Mul", [before, keep]), body.Add("Mul", [beforeCell, keep]), sums]);

        if (keep is not null)
        {
            sequences = [.. sequences, Kept(step, lstm)];
        }

        var direction = lstm.IsReverse ? 0L : 1L;
        return graph.Add(
            "Scan", "", 3,
            [step.OutputGradient(0) ?? step.Zeros(lstm.FirstState), step.OutputGradient(1) ?? step.Zeros(lstm.FirstCell), .. sequences],
            ("body", body), ("num_scan_inputs", sequences.Length),
            ("scan_input_directions", Enumerable.Repeat(direction, sequences.Length).ToArray()),
            ("scan_output_directions", new[] { direction }));
    }

    /// <summary>1 where the gradient goes on to the step before, 0 at every boundary: <c>[time]</c>.</summary>
    private static string Kept(GradientStep step, LstmRecurrence lstm)
    {
        var graph = step.Graph;
        var length = graph.Add("Squeeze", [graph.Add("Shape", [lstm.States], ("start", 0), ("end", 1))]);
        var times = graph.Add("Range", [graph.Whole(0), length, graph.Whole(1)]);
        if (lstm.IsReverse)
        {
            times = graph.Add("Sub", [graph.Add("Sub", [length, graph.Whole(1)]), times]); // Counted from the step that ran first.
        }

        var boundary = graph.Add("Equal", [graph.Add("Mod", [times, graph.Whole(step.Truncation)]), graph.Whole(0)]);
        return graph.Add("Where", [boundary, graph.Number(0), graph.Number(1)]);
    }

    private static string OneMinusSquare(ModelGraph graph, string tensor) =>
        graph.Add("Sub", [graph.Number(1), graph.Add("Mul", [tensor, tensor])]);

    /// <summary>What stood before each step: the sequence moved by one, with the first value in front.</summary>
    private static string Earlier(ModelGraph graph, string sequence, string first, bool isReverse)
    {
        var start = graph.Add("Unsqueeze", [first, graph.Wholes(0)]);
        var rest = isReverse
            ? graph.Add("Slice", [sequence, graph.Wholes(1), graph.Wholes(long.MaxValue), graph.Wholes(0)])
            : graph.Add("Slice", [sequence, graph.Wholes(0), graph.Wholes(-1), graph.Wholes(0)]);
        return graph.Add("Concat", isReverse ? [rest, start] : [start, rest], ("axis", 0));
    }
}
