using Tollgate.Inference.Gguf;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Exported;

/// <summary>Follows the input of an operator back to the constant that it is: through operators that change how numbers are held or laid
/// out, and nothing else.</summary>
internal static class MatrixTracer
{
    private const int MostSteps = 16;
    private const int MostSize = 1 << 24;

    /// <summary>A matrix of real numbers, or of whole ones with scales; null where the input is not constant, or no matrix.</summary>
    /// <param name="turned">Whether the operator takes it as rows of inputs.</param>
    public static ExportedMatrix? FindMatrix(ExportedGraph graph, string input, bool turned)
    {
        var isTurned = turned;
        ExportedType? type = null;
        for (var step = 0; step < MostSteps; step++)
        {
            var (scope, constant, node) = graph.Find(input);
            if (constant is not null)
            {
                return constant.Type.IsReal() && constant.Shape.Count == 2 && constant.Count > 0
                    ? new RealMatrix(constant, isTurned, added: 0, type) : null;
            }

            switch (node?.Operator)
            {
                case "Identity":
                    break;
                case "Cast":
                    type ??= (ExportedType)node.Whole("to", 0);
                    break;
                case "Transpose" when node.Wholes("perm") is null or [1, 0]:
                    isTurned = !isTurned;
                    break;
                case "DequantizeLinear":
                    return FindLinear(scope, node, isTurned);
                default:
                    return null;
            }

            (graph, input) = (scope, node.Input(0));
        }

        return null;
    }

    /// <summary>A vector with more than one number; null where the input is not constant, or no vector.</summary>
    public static ExportedMatrix? FindVector(ExportedGraph graph, string input)
    {
        var added = 0f;
        ExportedType? type = null;
        for (var step = 0; step < MostSteps; step++)
        {
            var (scope, constant, node) = graph.Find(input);
            if (constant is not null)
            {
                return constant.Type.IsReal() && constant.Shape.Count == 1 && constant.Count > 1
                    ? new RealMatrix(constant, turned: false, added, type) : null;
            }

            switch (node?.Operator)
            {
                case "Identity":
                    (graph, input) = (scope, node.Input(0));
                    break;
                case "Cast":
                    (graph, input, type) = (scope, node.Input(0), type ?? (ExportedType)node.Whole("to", 0));
                    break;
                case "Add" when FindScalar(scope, node.Input(1)) is { } number:
                    (graph, input, added) = (scope, node.Input(0), added + number);
                    break;
                case "Add" when FindScalar(scope, node.Input(0)) is { } number:
                    (graph, input, added) = (scope, node.Input(1), added + number);
                    break;
                default:
                    return null;
            }
        }

        return null;
    }

    /// <summary>A single real number; null where the input is none.</summary>
    public static float? FindScalar(ExportedGraph graph, string input)
    {
        for (var step = 0; step < MostSteps; step++)
        {
            var (scope, constant, node) = graph.Find(input);
            if (constant is not null)
            {
                return constant.Type.IsReal() && constant.Count == 1 ? constant.ReadReals(0, 1)[0] : null;
            }

            if (node?.Operator is not ("Identity" or "Cast"))
            {
                return null;
            }

            (graph, input) = (scope, node.Input(0));
        }

        return null;
    }

    /// <summary>The matrix of a <c>MatMulNBits</c>.</summary>
    /// <exception cref="ModelImportException">It has inputs or attributes that are not read.</exception>
    public static ExportedMatrix FindProduct(ExportedGraph graph, ModelNode node)
    {
        var user = ExportedOperators.Describe(node);
        if (node.Input(4).Length > 0 || node.Input(5).Length > 0)
        {
            throw new ModelImportException($"{user} has an order of columns (g_idx) or a bias of its own, which is not supported.");
        }

        return Make(graph, node, ReadLayout(node, user, node.Whole("N", 0), node.Whole("K", 0)), user, values: 1, scales: 2, zeros: 3);
    }

    /// <summary>The table of a <c>GatherBlockQuantized</c>.</summary>
    /// <exception cref="ModelImportException">It has attributes that are not read.</exception>
    public static ExportedMatrix FindTable(ExportedGraph graph, ModelNode node)
    {
        var user = ExportedOperators.Describe(node);
        var scales = FindWholes(graph, node.Input(2), user);
        if (node.Whole("gather_axis", 0) != 0 || node.Whole("quantize_axis", 1) is not (1 or -1) || scales.Shape.Count == 0)
        {
            throw new ModelImportException($"{user} does not hold a row for each token, which is not supported.");
        }

        var values = FindWholes(graph, node.Input(0), user);
        var rows = scales.Shape.Count == 1 ? values.Shape.Count > 0 ? values.Shape[0] : 0 : scales.Shape[0];
        var bits = values.Type is ExportedType.UInt4 or ExportedType.Int4 ? 4 : node.Whole("bits", 4);
        var columns = rows == 0 || bits == 0 ? 0 : values.Bytes * 8 / bits / rows;
        var layout = ReadLayout(node, user, rows, columns, bits);
        var isSigned = values.Type is ExportedType.Int4 or ExportedType.Int8;
        return Make(
            graph, node, layout with { IsPadded = false, IsSigned = isSigned, Zero = layout.Centre }, user, values: 0, scales: 2, zeros: 3);
    }

    /// <summary>Whole numbers with scales as ONNX's own operator holds them.</summary>
    private static ExportedMatrix? FindLinear(ExportedGraph graph, ModelNode node, bool turned)
    {
        var user = ExportedOperators.Describe(node);
        var values = FindWholes(graph, node.Input(0), user);
        if (values.Shape.Count != 2)
        {
            return null;
        }

        var axis = node.Whole("axis", 1) is var stated && stated < 0 ? stated + 2 : stated;
        if (axis != (turned ? 0 : 1) || node.Whole("block_size", 0) == 0)
        {
            throw new ModelImportException(
                $"{user} has no scale for each block of a row of outputs, which is not supported: its axis is {stated}.");
        }

        var (rows, columns) = turned ? (values.Shape[1], values.Shape[0]) : (values.Shape[0], values.Shape[1]);
        var layout = ReadLayout(node, user, rows, columns, values.Type.Bits());
        var isSigned = values.Type is ExportedType.Int4 or ExportedType.Int8;
        layout = layout with { IsPadded = false, IsSigned = isSigned, Zero = isSigned ? layout.Centre : 0 };
        if (!turned)
        {
            return Make(graph, node, layout, user, values: 0, scales: 1, zeros: 2);
        }

        var (scales, zeros) = (FindWholes(graph, node.Input(1), user),
            node.Input(2).Length > 0 ? FindWholes(graph, node.Input(2), user) : null);
        return new TurnedBlocks(layout, values, scales, zeros, user);
    }

    private static BlockedMatrix Make(
        ExportedGraph graph, ModelNode node, BlockLayout layout, string user, int values, int scales, int zeros) => new(
            layout, FindWholes(graph, node.Input(values), user), FindWholes(graph, node.Input(scales), user),
            node.Input(zeros).Length > 0 ? FindWholes(graph, node.Input(zeros), user) : null, user);

    private static BlockLayout ReadLayout(ModelNode node, string user, long rows, long columns, long? bits = null)
    {
        var (width, block) = (bits ?? node.Whole("bits", 4), node.Whole("block_size", 0));
        return width is 4 or 8 && block is >= 16 and <= 1 << 16 && long.IsPow2(block) && rows is > 0 and <= MostSize
            && columns is > 0 and <= MostSize
            ? new BlockLayout((int)rows, (int)columns, (int)width, (int)block, IsPadded: true, IsSigned: false)
            {
                Zero = OnnxBlocks.Centre((int)width),
            }
            : throw new ModelImportException(
                $"{user} has {rows} rows of {columns} numbers of {width} bits in blocks of {block}. Read are 4 and 8 bits in blocks of a "
                + "power of two, 16 or more.");
    }

    /// <summary>A constant, as it is held or in another shape.</summary>
    private static ExportedConstant FindWholes(ExportedGraph graph, string input, string user)
    {
        var name = input;
        for (var step = 0; step < MostSteps; step++)
        {
            var (scope, constant, node) = graph.Find(input);
            if (constant is not null)
            {
                return constant;
            }

            if (node?.Operator is not ("Identity" or "Reshape"))
            {
                break;
            }

            (graph, input) = (scope, node.Input(0));
        }

        throw new ModelImportException($"'{ExportedGraphReader.Shorten(name)}' of {user} is no constant of the graph.");
    }
}
