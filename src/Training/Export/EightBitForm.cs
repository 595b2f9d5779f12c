using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;

namespace Tollgate.Training.Export;

/// <summary>Stores the weights of products and tables in 8 bits. Activations stay float32, so the rows of a batch stay
/// independent.</summary>
internal static class EightBitForm
{
    private const int Block = 32;

    /// <summary>Smaller weights stay as they are: they save nothing.</summary>
    private const int FewestNumbers = 512;

    /// <returns>A new graph with the same inputs and outputs.</returns>
    public static ModelGraph Of(ModelGraph graph)
    {
        var made = new ModelGraph
        {
            Inputs = [.. graph.Inputs], Outputs = [.. graph.Outputs],
        };
        foreach (var (name, tensor) in graph.Initializers)
        {
            made.Initializers[name] = tensor;
        }

        foreach (var node in graph.Nodes)
        {
            Add(made, graph, node);
        }

        var read = made.Nodes.SelectMany(node => node.Reads).Concat(made.Outputs).ToHashSet(StringComparer.Ordinal);
        foreach (var name in made.Initializers.Keys.Where(name => !read.Contains(name) && IsLarge(graph, name)).ToArray())
        {
            made.Initializers.Remove(name);
        }

        return made;
    }

    private static void Add(ModelGraph made, ModelGraph graph, ModelNode node)
    {
        if (node is { Operator: "MatMul", Domain: "" } && IsLarge(graph, node.Inputs[1])
            && graph.Initializers[node.Inputs[1]].Shape[0] % Block == 0)
        {
            made.Nodes.Add(Product(made, graph.Initializers[node.Inputs[1]], node));
        }
        else if (node is { Operator: "Gather", Domain: "" } && IsLarge(graph, node.Inputs[0]) && node.Whole("axis", 0) == 0)
        {
            AddTable(made, graph.Initializers[node.Inputs[0]], node);
        }
        else
        {
            made.Nodes.Add(node);
        }
    }

    private static bool IsLarge(ModelGraph graph, string name) =>
        graph.Initializers.GetValueOrDefault(name) is { Type: TensorElementType.Float, Shape.Length: 2, Count: >= FewestNumbers };

    /// <summary>ONNX Runtime's MatMulNBits: 8 bits around 128, with a scale for each 32 numbers of a column.</summary>
    private static ModelNode Product(ModelGraph made, OnnxTensor weights, ModelNode node)
    {
        var (rows, columns) = ((int)weights.Shape[0], (int)weights.Shape[1]);
        var blocks = rows / Block;
        var (bytes, scales) = (new byte[rows * columns], new float[blocks * columns]);
        var numbers = weights.Floats;
        for (var column = 0; column < columns; column++)
        {
            for (var block = 0; block < blocks; block++)
            {
                var largest = 0f;
                for (var i = 0; i < Block; i++)
                {
                    largest = Math.Max(largest, Math.Abs(numbers[((((block * Block) + i) * columns) + column)]));
                }

                var scale = largest / 127;
                scales[(column * blocks) + block] = scale;
                for (var i = 0; i < Block; i++)
                {
                    var number = numbers[(((block * Block) + i) * columns) + column];
                    bytes[(column * rows) + (block * Block) + i] = (byte)(128 + (scale == 0 ? 0 : (int)MathF.Round(number / scale)));
                }
            }
        }

        var (weightsName, scalesName) = ($"{node.Inputs[1]}/bytes", $"{node.Inputs[1]}/scales");
        made.Initializers[weightsName] = new OnnxTensor(TensorElementType.UInt8, [columns, blocks, Block], bytes);
        made.Initializers[scalesName] = OnnxTensor.Of(scales, columns * blocks);
        return new ModelNode("MatMulNBits", OnnxGraphBuilder.MicrosoftDomain, [node.Inputs[0], weightsName, scalesName], node.Outputs)
        {
            Name = node.Name,
            Attributes = new(StringComparer.Ordinal)
            {
                ["K"] = (long)rows, ["N"] = (long)columns, ["bits"] = 8L, ["block_size"] = (long)Block,
            },
        };
    }

    /// <summary>Rows of a table in 8 bits, each with a scale; only those that are looked up become numbers.</summary>
    private static void AddTable(ModelGraph made, OnnxTensor table, ModelNode node)
    {
        var (rows, width) = ((int)table.Shape[0], (int)table.Shape[1]);
        var (bytes, scales) = (new byte[rows * width], new float[rows]);
        for (var row = 0; row < rows; row++)
        {
            var numbers = table.Floats.Slice(row * width, width);
            var largest = 0f;
            foreach (var number in numbers)
            {
                largest = Math.Max(largest, Math.Abs(number));
            }

            scales[row] = largest / 127;
            for (var i = 0; i < width; i++)
            {
                bytes[(row * width) + i] = (byte)(sbyte)(largest == 0 ? 0 : (int)MathF.Round(numbers[i] / scales[row]));
            }
        }

        var (tableName, scalesName) = ($"{node.Inputs[0]}/bytes", $"{node.Inputs[0]}/scales");
        made.Initializers[tableName] = new OnnxTensor(TensorElementType.Int8, [rows, width], bytes);
        made.Initializers[scalesName] = OnnxTensor.Of(scales, rows, 1);
        string Name(string part) => $"{node.Outputs[0]}/{part}";
        ModelNode Node(string type, string[] inputs, string output, params (string Name, object Value)[] attributes) =>
            new(type, "", inputs, [output]) { Attributes = attributes.ToDictionary(a => a.Name, a => a.Value, StringComparer.Ordinal) };
        made.Nodes.Add(Node("Gather", [tableName, node.Inputs[1]], Name("bytes"), ("axis", 0L)));
        made.Nodes.Add(Node("Cast", [Name("bytes")], Name("numbers"), ("to", (long)TensorElementType.Float)));
        made.Nodes.Add(Node("Gather", [scalesName, node.Inputs[1]], Name("scales"), ("axis", 0L)));
        made.Nodes.Add(Node("Mul", [Name("numbers"), Name("scales")], node.Outputs[0]));
    }
}
