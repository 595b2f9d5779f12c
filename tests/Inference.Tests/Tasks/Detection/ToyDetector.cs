using System.Text.Json.Nodes;
using Tollgate.Inference.Tests.TensorFlowJs;

namespace Tollgate.Inference.Tests.Tasks.Detection;

/// <summary>A detector that a test writes, in TF.js's format: it finds the same boxes in every picture of 8 × 8, and fails on
/// white.</summary>
internal static class ToyDetector
{
    private static readonly float[] Boxes =
    [
        1, 1, 5, 5, 0.9f, 0,
        1, 1, 5, 4, 0.85f, 0, // Shares 16 of 20 with the first, under its label.
        1, 1, 5, 4, 0.8f, 1, // The same box under another label.
        4, 4, 9, 8, 0.5f, 0, // Shares little, and reaches past the edge.
        0, 0, 2, 2, 0.1f, 1, // Below the usual threshold.
    ];

    public const string Config = """{"id2label":{"0":"cat","1":"dog"}}""";

    public static string Write(string folder, string config = Config, Action<JsonObject>? change = null)
    {
        var graph = new GraphFolder();
        graph.Input("images", 1, 8, 8, 3);
        graph.Integers("all", 1, 2, 3);
        graph.Node("light", "Mean", ["images", "all"]);

        // The root of a negative number for a picture that is lighter than 250; else 0 times a number.
        graph.Node("left", "Sqrt", [graph.Node("room", "Sub", [graph.Floats("limit", [], 250), "light"])]);
        graph.Node("nothing", "Mul", ["left", graph.Floats("zero", [], 0)]);
        graph.Node("column", "Reshape", ["nothing", graph.Integers("ones", 1, 1, 1)]);
        graph.Node("boxes", "Add", [graph.Floats("found", [1, 5, 6], Boxes), "column"]);
        graph.Write(folder, change, ("boxes", [1, 5, 6]));
        File.WriteAllText(Path.Combine(folder, "config.json"), config);
        return folder;
    }
}
