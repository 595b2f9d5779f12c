using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Quantization;

namespace Tollgate.Inference.Decoders;

/// <summary>Some rows of a matrix that a graph multiplies with.</summary>
/// <param name="Part">Rows of outputs.</param>
/// <param name="Order">For each row of the graph's matrix the part's; −1 for a row of zeros. Null: as they are.</param>
internal sealed record MatrixPart(TensorPart Part, int[]? Order = null)
{
    public GgufTensor Tensor => Part.Tensor;

    /// <summary>Width of the pieces of a row to which zeros are added; 0: none are.</summary>
    public int Piece { get; init; }

    /// <summary>Width of a piece with its zeros.</summary>
    public int Filled { get; init; }

    public int Columns => Piece == Filled ? Tensor.Columns : Tensor.Columns / Piece * Filled;

    /// <summary>The least form of blocks that holds its numbers; null where none does, or zeros are added in between.</summary>
    public BlockForm? StoredForm => Piece == Filled ? StoredBlocks.FormOf(Tensor.Encoding) : null;
}

/// <summary>Writes the matrices of a decoder into its graph, in one precision, with the nodes that use them.</summary>
internal sealed class MatrixWriter(OnnxGraphBuilder graph, DecoderWeights weights, WeightPrecision precision)
{
    /// <summary>Inputs are rounded to 8 bits, each row by itself. The kernels with inputs in float32 add in another order where there is
    /// one row only, so an answer would depend on who else runs.</summary>
    private const int RoundedInputs = 4;

    /// <summary>Blocks of a table that one kernel multiplies with. While ONNX Runtime packs them, it holds what it reads beside what it
    /// writes.</summary>
    private const int MostPieceBytes = 32 << 20;

    /// <summary>So many rows begin at a multiple of a page, whatever their width.</summary>
    private const int AlignedRows = 256;

    private readonly InputParts _inputs = new(graph);

    /// <summary>Multiplies with the parts' rows, one below the other.</summary>
    /// <param name="input"><c>[rows, new, columns]</c>.</param>
    public string Product(string name, string input, params ReadOnlySpan<MatrixPart> parts)
    {
        if (FormOf(parts, isTable: false) is not { } form)
        {
            return FloatProduct(name, input, parts);
        }

        var blocks = new BlockMatrix[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            blocks[i] = MakeBlocks(parts[i], form);
        }

        var matrix = blocks.Length == 1 ? blocks[0] : BlockMatrix.Stack(blocks);
        graph.Initializer($"{name}.blocks", new OnnxTensor(TensorElementType.UInt8, BlocksShape(matrix), matrix.Values));
        graph.Initializer($"{name}.scales", matrix.Scales, matrix.Rows, matrix.RowBlocks);
        var output = graph.NewName();
        string? raised = null;
        if (matrix.Minima is { } minima)
        {
            graph.Initializer($"{name}.minima", Transpose(minima, matrix.Rows, matrix.RowBlocks), matrix.RowBlocks, matrix.Rows);
            raised = graph.Node("MatMul", [_inputs.Sums(input, form.Length, matrix.Columns, isFlat: false), $"{name}.minima"]);
        }

        AddProduct(name, input, matrix, isFlat: false, raised, output);
        return output;
    }

    /// <summary>Adds a table with a row for each token: to look rows up in, to multiply with, or both.</summary>
    public TokenTable Table(string name, GgufTensor tensor)
    {
        var part = new MatrixPart(TensorPart.Whole(tensor));
        if (FormOf([part], isTable: true) is not { } form)
        {
            graph.Initializer(name, weights.Read(tensor), tensor.Rows, tensor.Columns);
            return new TokenTable(
                ids => graph.Node("Gather", [name, ids]), (rows, output) => graph.Node("Gemm", "", [rows, name], [output], ("transB", 1)));
        }

        var matrix = MakeBlocks(part, form);
        var pieces = Cut(matrix); // the two kernels want the same bytes in two shapes
        graph.Initializers(TensorElementType.UInt8, matrix.Values, [
            ($"{name}.rows", [matrix.Rows, matrix.RowBytes], 0),
            .. pieces.Select(piece => ($"{name}.{piece.First}.blocks", BlocksShape(piece.Matrix), (long)piece.First * matrix.RowBytes)),
        ]);
        graph.Initializers(TensorElementType.Float, MemoryMarshal.AsBytes(matrix.Scales.AsSpan()), [
            ($"{name}.scales", [matrix.Rows, matrix.RowBlocks], 0),
            .. pieces.Select(piece => ($"{name}.{piece.First}.scales", new long[] { piece.Matrix.Rows, matrix.RowBlocks },
                (long)piece.First * matrix.RowBlocks * sizeof(float))),
        ]);
        if (matrix.Minima is { } minima)
        {
            graph.Initializer($"{name}.minima", minima, matrix.Rows, matrix.RowBlocks);
        }

        var shape = WithoutNumbers(matrix); // they are written
        return new TokenTable(ids => Look(name, ids, shape), (rows, output) => Multiply(name, rows, shape, output));
    }

    private string Look(string name, string ids, BlockMatrix matrix)
    {
        var rows = graph.NewName();
        graph.Node(
            "GatherBlockQuantized", OnnxGraphBuilder.MicrosoftDomain, [$"{name}.rows", ids, $"{name}.scales"], [rows],
            ("bits", matrix.Form.Bits), ("block_size", matrix.Form.Length), ("gather_axis", 0), ("quantize_axis", 1));
        return matrix.Minima is null
            ? rows : _inputs.AddToBlocks(rows, graph.Node("Gather", [$"{name}.minima", ids]), matrix.Form.Length, matrix.Columns);
    }

    private void Multiply(string name, string rows, BlockMatrix matrix, string output)
    {
        var raised = matrix.Minima is null ? null : graph.Node(
            "Gemm", [_inputs.Sums(rows, matrix.Form.Length, matrix.Columns, isFlat: true), $"{name}.minima"], ("transB", 1));
        var pieces = Cut(matrix);
        if (pieces.Count == 1)
        {
            AddProduct($"{name}.0", rows, matrix, isFlat: true, raised, output);
            return;
        }

        var products = new List<string>();
        foreach (var (first, piece) in pieces)
        {
            products.Add(graph.NewName());
            AddProduct($"{name}.{first}", rows, piece, isFlat: true, raised: null, products[^1]);
        }

        var joined = raised is null ? output : graph.NewName();
        graph.Node("Concat", domain: "", [.. products], [joined], ("axis", -1));
        if (raised is not null)
        {
            graph.Node("Sum", domain: "", [joined, raised], [output]);
        }
    }

    /// <summary>Adds the product with blocks; of a file's own blocks it is that of float32.</summary>
    /// <param name="raised">What the minima add; null where there are none.</param>
    private void AddProduct(string name, string input, BlockMatrix matrix, bool isFlat, string? raised, string output)
    {
        if (precision != WeightPrecision.AsStored)
        {
            AddKernel(name, input, matrix, output);
            return;
        }

        var products = graph.NewName();
        AddKernel(name, _inputs.Split(input, matrix.Form.Length, matrix.Columns, isFlat), matrix, products);
        string[] parts = [.. Enumerable.Range(0, InputParts.Count).Select(_ => graph.NewName())];
        graph.Node("Split", domain: "", [products], parts, ("axis", 0));
        graph.Node("Sum", domain: "", raised is null ? parts : [.. parts, raised], [output]);
    }

    /// <summary>Rows of a table that are multiplied by one kernel, each piece with its first row and without numbers.</summary>
    private static List<(int First, BlockMatrix Matrix)> Cut(BlockMatrix matrix)
    {
        var most = Math.Max(1, MostPieceBytes / matrix.RowBytes / AlignedRows) * AlignedRows;
        return [.. Enumerable.Range(0, (matrix.Rows + most - 1) / most).Select(
            i => (i * most, WithoutNumbers(matrix) with { Rows = Math.Min(most, matrix.Rows - (i * most)) }))];
    }

    private static BlockMatrix WithoutNumbers(BlockMatrix matrix) =>
        matrix with { Values = [], Scales = [], Minima = matrix.Minima is null ? null : [] };

    private void AddKernel(string name, string input, BlockMatrix matrix, string output) => graph.Node(
        "MatMulNBits", OnnxGraphBuilder.MicrosoftDomain, [input, $"{name}.blocks", $"{name}.scales"], [output],
        ("K", matrix.Columns), ("N", matrix.Rows), ("bits", matrix.Form.Bits), ("block_size", matrix.Form.Length),
        ("accuracy_level", RoundedInputs));

    private string FloatProduct(string name, string input, ReadOnlySpan<MatrixPart> parts)
    {
        var columns = parts[0].Columns;
        var numbers = new List<float[]>();
        foreach (var part in parts)
        {
            numbers.Add(Numbers(part));
        }

        float[] all = numbers.Count == 1 ? numbers[0] : [.. numbers.SelectMany(part => part)];
        var rows = all.Length / columns;
        graph.Initializer(name, Transpose(all, rows, columns), columns, rows);
        return graph.Node("MatMul", [input, name]);
    }

    /// <summary>The form of the blocks; null for float32.</summary>
    private BlockForm? FormOf(ReadOnlySpan<MatrixPart> parts, bool isTable)
    {
        var (four, eight) = (new BlockForm(4, BlockForm.Longest, HasMinima: false), new BlockForm(8, BlockForm.Longest, HasMinima: false));
        var stored = parts[0].StoredForm;
        foreach (var part in parts)
        {
            if (part.Columns % BlockForm.Longest != 0)
            {
                return null;
            }

            stored = stored is { } all && part.StoredForm is { } own ? all.Join(own) : null;
        }

        return precision switch
        {
            WeightPrecision.AsStored => stored,
            WeightPrecision.Int8 => eight,
            WeightPrecision.Int4 => isTable && stored != four ? eight : four,
            _ => null,
        };
    }

    private BlockMatrix MakeBlocks(MatrixPart part, BlockForm form)
    {
        if (part.StoredForm is { } own && form.Holds(own) && weights.ReadEncoded(part.Part) is { } blocks)
        {
            var taken = BlockQuantizer.Take(part.Tensor.Encoding, blocks, part.Part.Rows, part.Tensor.Columns, form);
            return part.Order is null ? taken : taken.Arrange(part.Order);
        }

        var numbers = Numbers(part);
        return BlockQuantizer.Round(numbers, numbers.Length / part.Columns, part.Columns, form.Bits);
    }

    /// <summary>The rows of a part in the graph's order, with the zeros that fill them.</summary>
    private float[] Numbers(MatrixPart part)
    {
        var numbers = weights.Read(part.Part);
        var (from, to) = (part.Tensor.Columns, part.Columns);
        if (part.Order is null && from == to)
        {
            return numbers;
        }

        var rows = part.Order?.Length ?? part.Part.Rows;
        var arranged = new float[rows * to];
        for (var row = 0; row < rows; row++)
        {
            var source = part.Order is null ? row : part.Order[row];
            if (source < 0)
            {
                continue;
            }

            var old = numbers.AsSpan(source * from, from);
            var next = arranged.AsSpan(row * to, to);
            if (from == to)
            {
                old.CopyTo(next);
                continue;
            }

            for (var piece = 0; piece < from / part.Piece; piece++)
            {
                old.Slice(piece * part.Piece, part.Piece).CopyTo(next[(piece * part.Filled)..]);
            }
        }

        return arranged;
    }

    private static long[] BlocksShape(BlockMatrix matrix) =>
        [matrix.Rows, matrix.RowBlocks, matrix.RowBytes / matrix.RowBlocks];

    private static float[] Transpose(float[] matrix, int rows, int columns)
    {
        const int Tile = 64; // both sides of a tile stay in the first-level cache
        var transposed = GC.AllocateUninitializedArray<float>(matrix.Length);
        Parallel.For(0, (rows + Tile - 1) / Tile, tile =>
        {
            var lastRow = Math.Min((tile + 1) * Tile, rows);
            for (var firstColumn = 0; firstColumn < columns; firstColumn += Tile)
            {
                var lastColumn = Math.Min(firstColumn + Tile, columns);
                for (var row = tile * Tile; row < lastRow; row++)
                {
                    for (var column = firstColumn; column < lastColumn; column++)
                    {
                        transposed[(column * rows) + row] = matrix[(row * columns) + column];
                    }
                }
            }
        });
        return transposed;
    }
}

/// <summary>A table with a row for each token, in a graph.</summary>
/// <param name="Look">Adds the node that looks up the rows of ids; returns its output.</param>
/// <param name="Multiply">Adds the node that multiplies rows with the table, with the name of its output.</param>
internal sealed record TokenTable(Func<string, string> Look, Action<string, string> Multiply);
