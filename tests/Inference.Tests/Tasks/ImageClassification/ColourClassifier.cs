using System.Text.Json.Nodes;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Tests.Tasks.ImageClassification;

/// <summary>A classifier that a test writes: its labels are red, green and blue, its logits the means of the three channels.</summary>
internal static class ColourClassifier
{
    public const string Processor =
        """
        {"image_processor_type":"ViTImageProcessor","do_resize":true,"size":{"height":8,"width":8},"resample":3,"do_rescale":true,
         "rescale_factor":0.00392156862745098,"do_normalize":false}
        """;

    public const string Config = """{"id2label":{"0":"red","1":"green","2":"blue"}}""";

    /// <summary>Writes the folder of an exporter.</summary>
    /// <param name="failsOnWhite">Whether a picture without a dark pixel gives numbers that are not finite.</param>
    /// <param name="batch">The first dimension: a name, or 1 for a graph that takes one picture.</param>
    public static string Write(
        string folder, string processor = Processor, string config = Config, bool failsOnWhite = false, object? batch = null)
    {
        Directory.CreateDirectory(folder);
        using var graph = new OnnxGraphBuilder(weightsPath: null);
        graph.Input("pixel_values", typeof(float), batch ?? "batch", 3, "height", "width");
        graph.Initializer("scale", [10f, 10f, 10f], 3);
        graph.Initializer("limit", [0.9f]);
        var means = graph.Node("Flatten", [graph.Node("GlobalAveragePool", ["pixel_values"])], ("axis", 1));
        if (failsOnWhite)
        {
            // The root of a negative number, where the mean of a channel is above 0.9.
            means = graph.Node("Sub", [means, graph.Node("Sqrt", [graph.Node("Sub", ["limit", means])])]);
        }

        graph.Node("Mul", domain: "", [means, "scale"], ["logits"]);
        graph.Output("logits", typeof(float), batch ?? "batch", 3);
        graph.Write(Path.Combine(folder, "model.onnx"));
        File.WriteAllText(Path.Combine(folder, "preprocessor_config.json"), processor);
        File.WriteAllText(Path.Combine(folder, "config.json"), config);
        return folder;
    }

    /// <summary>A configuration with changed members; null removes one.</summary>
    public static string Change(string config, string member, string? json)
    {
        var changed = JsonNode.Parse(config)!.AsObject();
        changed.Remove(member);
        if (json is not null)
        {
            changed[member] = JsonNode.Parse(json);
        }

        return changed.ToJsonString();
    }
}
