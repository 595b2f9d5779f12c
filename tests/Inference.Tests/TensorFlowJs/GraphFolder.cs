using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;

namespace Tollgate.Inference.Tests.TensorFlowJs;

/// <summary>A TF.js graph model that a test writes.</summary>
internal sealed class GraphFolder
{
    private readonly JsonArray _nodes = [];
    private readonly JsonArray _weights = [];
    private readonly List<byte> _bytes = [];
    private readonly Random _random = new(7);

    /// <summary>An input with pictures; −1 is a free size.</summary>
    public string Input(string name, params int[] shape)
    {
        return Node(name, "Placeholder", [], ("shape", new JsonObject { ["shape"] = Shape(shape) }), Type("dtype", "DT_FLOAT"));
    }

    public string Node(string name, string operation, string[] inputs, params (string Name, JsonNode Value)[] attributes)
    {
        _nodes.Add(new JsonObject
        {
            ["name"] = name,
            ["op"] = operation,
            ["input"] = new JsonArray([.. inputs]),
            ["attr"] = new JsonObject(
                attributes.Select(attribute => KeyValuePair.Create(attribute.Name, (JsonNode?)attribute.Value.DeepClone()))),
        });
        return name;
    }

    /// <summary>Random weights between two bounds.</summary>
    public string Random(string name, int[] shape, float low = -1, float high = 1) =>
        Floats(
            name, shape,
            [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => low + ((high - low) * _random.NextSingle()))]);

    public string Floats(string name, int[] shape, params float[] numbers)
    {
        Weight(name, shape, "float32", MemoryMarshal.AsBytes(numbers.AsSpan()));
        return Node(name, "Const", []);
    }

    public string Integers(string name, params int[] numbers) => Integers(name, [numbers.Length], numbers);

    public string Integer(string name, int number) => Integers(name, [], [number]);

    public string Integers(string name, int[] shape, int[] numbers)
    {
        Weight(name, shape, "int32", MemoryMarshal.AsBytes(numbers.AsSpan()));
        return Node(name, "Const", []);
    }

    /// <summary>Weights of a type, with <c>quantization</c> where that is given.</summary>
    public void Weight(string name, int[] shape, string type, ReadOnlySpan<byte> bytes, JsonObject? quantization = null)
    {
        var entry = new JsonObject { ["name"] = name, ["shape"] = new JsonArray([.. shape]), ["dtype"] = type };
        if (quantization is not null)
        {
            entry["quantization"] = quantization;
        }

        _weights.Add(entry);
        _bytes.AddRange(bytes);
    }

    /// <summary>Writes <c>model.json</c> and <c>weights.bin</c>; returns the folder.</summary>
    /// <param name="change">Damages the JSON before it is written.</param>
    public string Write(string folder, Action<JsonObject>? change = null, params (string Name, int[] Shape)[] outputs)
    {
        Directory.CreateDirectory(folder);
        var signed = new JsonObject();
        foreach (var (name, shape) in outputs)
        {
            signed[name] = new JsonObject
            {
                ["name"] = name,
                ["tensorShape"] = Shape(shape),
            };
        }

        var json = new JsonObject
        {
            ["format"] = "graph-model",
            ["signature"] = new JsonObject { ["inputs"] = new JsonObject(), ["outputs"] = signed },
            ["modelTopology"] = new JsonObject
            {
                ["node"] = _nodes.DeepClone(),
                ["versions"] = new JsonObject { ["producer"] = 27, ["minConsumer"] = 12 }, // TF.js reads them.
            },
            ["weightsManifest"] = new JsonArray(
                new JsonObject { ["paths"] = new JsonArray("weights.bin"), ["weights"] = _weights.DeepClone() }),
        };
        change?.Invoke(json);
        File.WriteAllText(Path.Combine(folder, "model.json"), json.ToJsonString());
        File.WriteAllBytes(Path.Combine(folder, "weights.bin"), [.. _bytes]);
        return folder;
    }

    public static (string, JsonNode) Text(string name, string text) => (name, new JsonObject { ["s"] = Base64(text) });

    public static (string, JsonNode) Texts(string name, params string[] texts) =>
        (name, new JsonObject { ["list"] = new JsonObject { ["s"] = new JsonArray([.. texts.Select(text => Base64(text))]) } });

    public static (string, JsonNode) Type(string name, string type) => (name, new JsonObject { ["type"] = type });

    public static (string, JsonNode) Whole(string name, int number) => (name, new JsonObject { ["i"] = $"{number}" });

    public static (string, JsonNode) Real(string name, float number) => (name, new JsonObject { ["f"] = number });

    public static (string, JsonNode) Flag(string name, bool flag = true) => (name, new JsonObject { ["b"] = flag });

    public static (string, JsonNode) Wholes(string name, params int[] numbers) =>
        (name, new JsonObject { ["list"] = new JsonObject { ["i"] = new JsonArray([.. numbers.Select(number => $"{number}")]) } });

    private static JsonObject Shape(int[] sizes) =>
        new() { ["dim"] = new JsonArray([.. sizes.Select(size => new JsonObject { ["size"] = $"{size}" })]) };

    private static string Base64(string text) => Convert.ToBase64String(Encoding.ASCII.GetBytes(text));
}
