namespace Tollgate.Inference.Gradients;

/// <summary>Gradients of operators that only move numbers.</summary>
internal static class ShapeRules
{
    public static (string Name, Action<GradientStep> Rule)[] All { get; } =
    [
        ("Reshape", Reshape), ("Flatten", Reshape), ("Squeeze", Reshape), ("Unsqueeze", Reshape), ("Transpose", Transpose),
        ("Expand", step => step.GiveReduced(0, step.Dy)), ("Concat", Concat), ("Split", Split),
    ];

    private static void Reshape(GradientStep step) => step.Give(0, step.ReshapeLike(step.Dy, step.X));

    private static void Transpose(GradientStep step)
    {
        var rank = step.Shape(step.X).Rank;
        var order = step.Node.Wholes("perm") ?? [.. Enumerable.Range(0, rank).Reverse().Select(i => (long)i)];
        var back = new long[rank];
        for (var i = 0; i < rank; i++)
        {
            back[order[i]] = i;
        }

        step.Give(0, step.Graph.Add("Transpose", [step.Dy], ("perm", back)));
    }

    private static void Concat(GradientStep step)
    {
        var axis = GradientStep.Axis(step.Node.Whole("axis", 0), step.Shape(step.Y).Rank);
        string[] lengths = [.. step.Node.Inputs.Select(input => step.Graph.Add("Shape", [input], ("start", axis), ("end", axis + 1)))];
        var parts = step.Graph.Add(
            "Split", "", lengths.Length, [step.Dy, step.Graph.Add("Concat", lengths, ("axis", 0))], ("axis", axis));
        for (var i = 0; i < parts.Length; i++)
        {
            if (step.Wants(i))
            {
                step.Give(i, parts[i]);
            }
        }
    }

    private static void Split(GradientStep step)
    {
        var parts = new string[step.Node.Outputs.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            parts[i] = step.OutputGradient(i) ?? step.Zeros(step.Node.Outputs[i]);
        }

        step.Give(0, step.Graph.Add("Concat", parts, ("axis", step.Node.Whole("axis", 0))));
    }
}
