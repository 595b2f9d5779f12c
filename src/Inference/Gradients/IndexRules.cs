namespace Tollgate.Inference.Gradients;

/// <summary>Gradients of operators that pick numbers: what was not picked gets zero, what was picked twice the sum.</summary>
internal static class IndexRules
{
    public static (string Name, Action<GradientStep> Rule)[] All { get; } =
        [("Gather", Gather), ("GatherElements", GatherElements), ("Slice", Slice)];

    private static void Gather(GradientStep step)
    {
        var (data, indices) = (step.X, step.Node.Inputs[1]);
        var (rank, places) = (step.Shape(data).Rank, step.Shape(indices).Rank);
        var axis = GradientStep.Axis(step.Node.Whole("axis", 0), rank);
        if (places == 0 && axis > 0)
        {
            step.Give(0, OnePlace(step, data, indices, axis, rank));
            return;
        }

        // The picked axis in front: [places …, the other axes].
        var dy = step.Dy;
        var yRank = rank - 1 + places;
        int[] order = [.. Enumerable.Range(axis, places), .. Enumerable.Range(0, yRank).Where(i => i < axis || i >= axis + places)];
        if (axis > 0)
        {
            dy = step.Graph.Add("Transpose", [dy], ("perm", Array.ConvertAll(order, i => (long)i)));
        }

        int[] front = [axis, .. Enumerable.Range(0, rank).Where(i => i != axis)];
        var shape = axis == 0
            ? step.Op("Shape", data)
            : step.Op("Gather", step.Op("Shape", data), step.Graph.Wholes(Array.ConvertAll(front, i => (long)i)));
        var sum = Scatter(step, shape, indices, dy);
        if (axis > 0)
        {
            var back = new long[rank];
            for (var i = 0; i < rank; i++)
            {
                back[front[i]] = i;
            }

            sum = step.Graph.Add("Transpose", [sum], ("perm", back));
        }

        step.Give(0, sum);
    }

    /// <summary>One place of an axis: a product with 1 there and 0 elsewhere.</summary>
    private static string OnePlace(GradientStep step, string data, string index, int axis, int rank)
    {
        var length = step.Graph.Add("Shape", [data], ("start", axis), ("end", axis + 1));
        var places = step.Op("Range", step.Graph.Whole(0), step.Op("Squeeze", length), step.Graph.Whole(1));
        index = step.Graph.Add("Cast", [index], ("to", 7));
        var isFromEnd = step.Op("Less", index, step.Graph.Whole(0));
        var counted = step.Op("Where", isFromEnd, step.Op("Add", index, step.Op("Squeeze", length)), index);
        var chosen = step.Graph.Add("Cast", [step.Op("Equal", places, counted)], ("to", 1));
        var shape = Enumerable.Repeat(1L, rank).ToArray();
        shape[axis] = -1;
        return step.Mul(
            step.Op("Unsqueeze", step.Dy, step.Graph.Wholes(axis)), step.Op("Reshape", chosen, step.Graph.Wholes(shape)));
    }

    private static string Scatter(GradientStep step, string shape, string indices, string gradient)
    {
        var zeros = step.Graph.Add("ConstantOfShape", [shape]);
        var rows = step.Op("Reshape", indices, step.Graph.Wholes(-1, 1));
        var length = step.Graph.Add("Shape", [rows], ("start", 0), ("end", 1));
        var rest = step.Op("Slice", shape, step.Graph.Wholes(1), step.Graph.Wholes(long.MaxValue));
        var updates = step.Op("Reshape", gradient, step.Graph.Add("Concat", [length, rest], ("axis", 0)));
        return step.Graph.Add("ScatterND", [zeros, rows, updates], ("reduction", "add"));
    }

    private static void GatherElements(GradientStep step) => step.Give(0, step.Graph.Add(
        "ScatterElements", [step.Zeros(step.X), step.Node.Inputs[1], step.Dy], ("axis", step.Node.Whole("axis", 0)), ("reduction", "add")));

    private static void Slice(GradientStep step)
    {
        var rank = step.Shape(step.X).Rank;
        var axes = step.Wholes(3);
        var count = (int)step.Shape(step.Node.Inputs[1]).First[0];
        axes ??= [.. Enumerable.Range(0, count).Select(i => (long)i)];
        if (step.Wholes(4) is { } steps && Array.Exists(steps, size => size != 1))
        {
            throw step.Refuse("steps other than 1 are not supported");
        }

        var zero = step.Graph.Wholes(0);
        var (before, after) = (Enumerable.Repeat(zero, rank).ToArray(), Enumerable.Repeat(zero, rank).ToArray());
        for (var i = 0; i < count; i++)
        {
            var axis = GradientStep.Axis(axes[i], rank);
            var (place, next) = (step.Graph.Wholes(i), step.Graph.Wholes(i + 1));
            var length = step.Graph.Add("Shape", [step.X], ("start", axis), ("end", axis + 1));
            var all = step.Op("Range", step.Graph.Whole(0), step.Op("Squeeze", length), step.Graph.Whole(1));
            var kept = step.Op(
                "Slice", all, step.Op("Slice", step.Node.Inputs[1], place, next), step.Op("Slice", step.Node.Inputs[2], place, next));
            before[axis] = step.Op("Slice", kept, step.Graph.Wholes(0), step.Graph.Wholes(1));
            after[axis] = step.Op(
                "Sub", step.Op("Sub", length, before[axis]), step.Graph.Add("Shape", [step.Y], ("start", axis), ("end", axis + 1)));
        }

        var pads = step.Graph.Add("Concat", [.. before, .. after], ("axis", 0));
        step.Give(0, step.Op("Pad", step.Dy, pads));
    }
}
