using System.Runtime.InteropServices;
using System.Text;

namespace Tollgate.Inference.Onnx;

/// <summary>
/// Makes the rows of a batch independent in a branch of a dynamically quantised graph. Such graphs take one scale from all rows of a run,
/// so that a row's numbers depend on the others. Here each row, <c>[1, tokens, width]</c>, gets the scale that it has alone. Whole numbers
/// are computed as before, so the results of one row stay the same bit for bit.
/// </summary>
/// <remarks>
/// <c>DynamicQuantizeLinear</c> by its definition in the ONNX operators, with minimum and maximum of each row.
/// Σ (a − z)·(w − v) = Σ a·(w − v) − z·Σ (w − v), where z is the row's zero point and the last sum a constant of the weights.
/// </remarks>
internal static class RowQuantization
{
    private const int Uint8 = 2;
    private const int Int32 = 6;
    private const string Prefix = "rows/";

    /// <param name="model">The file's bytes, inspected before.</param>
    /// <param name="branch">Attribute that holds the graph, such as <c>then_branch</c>.</param>
    /// <returns>The model with that branch rewritten; null where nothing in it is quantised like this, or its weights are stored in another
    /// way.</returns>
    public static byte[]? Rewrite(ReadOnlySpan<byte> model, string branch)
    {
        var weights = new WeightSums();
        var found = false;
        weights.ReadNames(Find(model, branch));
        if (weights.IsEmpty || !weights.TryRead(model))
        {
            return null;
        }

        var opset = ReadOpset(model);
        var rewritten = Replace(model, 7, graph => Replace(graph, 1, node => Replace(node, 5, attribute =>
        {
            if (!IsNamed(attribute, branch))
            {
                return null;
            }

            return Replace(attribute, 6, body =>
            {
                found = true;
                return RewriteGraph(body, weights, opset);
            });
        })));
        return found ? rewritten : null;
    }

    /// <summary>A change of one field; null keeps it.</summary>
    private delegate byte[]? Change(ReadOnlySpan<byte> field);

    /// <summary>Copies a message and changes its fields of one number.</summary>
    private static byte[] Replace(ReadOnlySpan<byte> message, int field, Change change)
    {
        var copy = new ProtoWriter();
        var fields = new ProtoReader(message);
        while (fields.Next())
        {
            if (fields.IsNumber)
            {
                copy.Number(fields.Field, (long)fields.Number);
            }
            else
            {
                copy.Bytes(fields.Field, fields.Field == field && change(fields.Bytes) is { } changed ? changed : fields.Bytes);
            }
        }

        return copy.Written.ToArray();
    }

    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> model, string branch)
    {
        var graph = ProtoReader.Find(model, 7);
        var nodes = new ProtoReader(graph);
        while (nodes.Next())
        {
            if (nodes.Field != 1)
            {
                continue;
            }

            var node = new ProtoReader(nodes.Bytes);
            while (node.Next())
            {
                if (node.Field == 5 && IsNamed(node.Bytes, branch))
                {
                    return ProtoReader.Find(node.Bytes, 6);
                }
            }
        }

        return default;
    }

    private static bool IsNamed(ReadOnlySpan<byte> attribute, string name) =>
        Encoding.UTF8.GetString(ProtoReader.Find(attribute, 1)) == name;

    private static long ReadOpset(ReadOnlySpan<byte> model)
    {
        var version = 0L;
        var fields = new ProtoReader(model);
        while (fields.Next())
        {
            if (fields.Field == 8 && ProtoReader.Find(fields.Bytes, 1).IsEmpty)
            {
                var set = new ProtoReader(fields.Bytes);
                while (set.Next())
                {
                    version = set.Field == 2 ? (long)set.Number : version;
                }
            }
        }

        return version;
    }

    private static byte[] RewriteGraph(ReadOnlySpan<byte> graph, WeightSums weights, long opset)
    {
        var copy = new GraphNodes(opset);
        var zeroPoints = new Dictionary<string, string>(StringComparer.Ordinal);
        var fields = new ProtoReader(graph);
        while (fields.Next())
        {
            var node = fields.Field == 1 ? GraphNode.Read(fields.Bytes) : null;
            if (node is { Operator: "DynamicQuantizeLinear", Inputs: [var input], Outputs: [var quantised, var scale, _] })
            {
                zeroPoints[quantised] = copy.Quantise(input, quantised, scale);
            }
            else if (node is { Operator: "MatMulInteger", Inputs: [var left, var right, _, ..], Outputs: [var product] }
                && zeroPoints.TryGetValue(left, out var zeroPoint) && weights.Find(right) is { } sums)
            {
                copy.Multiply(left, right, node.Inputs.ElementAtOrDefault(3) ?? "", zeroPoint, sums, product);
            }
            else
            {
                copy.Graph.Bytes(fields.Field, fields.Bytes);
            }
        }

        return copy.End();
    }

    /// <summary>Writes the nodes of the new graph.</summary>
    private sealed class GraphNodes(long opset)
    {
        private const int AxesAreInputs = 18; // of ReduceMax and ReduceMin
        private const float Levels = 255;
        private const float Least = 1.2e-38f; // a scale for rows of zeros alone

        private readonly HashSet<string> _sums = new(StringComparer.Ordinal);
        private int _next;

        public ProtoWriter Graph { get; } = new();

        /// <summary>Quantises each row.</summary>
        /// <returns>Name of the rows' zero points, <c>[rows, 1, 1]</c>, 32-bit.</returns>
        public string Quantise(string input, string quantised, string scale)
        {
            var most = Node("Max", [Reduce("ReduceMax", input), $"{Prefix}zero"]);
            var least = Node("Min", [Reduce("ReduceMin", input), $"{Prefix}zero"]);
            var step = Node("Div", [Node("Sub", [most, least]), $"{Prefix}levels"]);
            Node("Max", [step, $"{Prefix}least"], scale);
            var zero = Node("Round", [Node("Neg", [Node("Div", [least, scale])])]);
            var scales = Node("Reshape", [scale, $"{Prefix}flat"]);
            var zeros = Node("Reshape", [Cast(zero, Uint8), $"{Prefix}flat"]);
            Node("QuantizeLinear", [input, scales, zeros], quantised, Number("axis", 0));
            return Cast(zero, Int32);
        }

        public void Multiply(string left, string right, string rightZero, string zeroPoint, int[] sums, string product)
        {
            var name = $"{Prefix}{right}";
            if (_sums.Add(name))
            {
                Initializer(name, Int32, MemoryMarshal.AsBytes<int>(sums), sums.Length);
            }

            var raw = Node("MatMulInteger", rightZero.Length > 0 ? [left, right, "", rightZero] : [left, right]);
            Node("Sub", [raw, Node("Mul", [zeroPoint, name])], product);
        }

        public byte[] End()
        {
            Initializer($"{Prefix}zero", 1, MemoryMarshal.AsBytes<float>([0]));
            Initializer($"{Prefix}levels", 1, MemoryMarshal.AsBytes<float>([Levels]));
            Initializer($"{Prefix}least", 1, MemoryMarshal.AsBytes<float>([Least]));
            Initializer($"{Prefix}flat", 7, MemoryMarshal.AsBytes<long>([-1]), 1);
            Initializer($"{Prefix}axes", 7, MemoryMarshal.AsBytes<long>([1, 2]), 2);
            return Graph.Written.ToArray();
        }

        private string Reduce(string type, string input)
        {
            if (opset >= AxesAreInputs)
            {
                return Node(type, [input, $"{Prefix}axes"]);
            }

            var axes = new ProtoWriter();
            axes.Text(1, "axes");
            axes.Number(8, 1);
            axes.Number(8, 2);
            axes.Number(20, 7);
            return Node(type, [input], null, axes);
        }

        private string Cast(string input, int type) => Node("Cast", [input], null, Number("to", type));

        private string Node(string type, string[] inputs, string? output = null, ProtoWriter? attribute = null)
        {
            var node = new ProtoWriter();
            Array.ForEach(inputs, input => node.Text(1, input));
            output ??= $"{Prefix}v{_next}";
            node.Text(2, output);
            node.Text(3, $"{Prefix}{type}_{_next++}");
            node.Text(4, type);
            if (attribute is not null)
            {
                node.Message(5, attribute);
            }

            Graph.Message(1, node);
            return output;
        }

        private static ProtoWriter Number(string name, int value)
        {
            var attribute = new ProtoWriter();
            attribute.Text(1, name);
            attribute.Number(3, value);
            attribute.Number(20, 2);
            return attribute;
        }

        private void Initializer(string name, int type, ReadOnlySpan<byte> data, params ReadOnlySpan<long> shape)
        {
            var tensor = new ProtoWriter();
            foreach (var dimension in shape)
            {
                tensor.Number(1, dimension);
            }

            tensor.Number(2, type);
            tensor.Text(8, name);
            tensor.Bytes(9, data);
            Graph.Message(5, tensor);
        }
    }
}
