using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Quantization;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tests.Gguf;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Quantization;

public sealed class BlockQuantizerTests
{
    private const int Rows = 6;
    private const int Columns = 256;

    public static TheoryData<int, int, bool, bool> Forms => new()
    {
        { 8, 32, false, false }, { 4, 32, false, true }, { 8, 32, true, true }, { 4, 32, true, false }, { 8, 16, false, true },
        { 8, 16, true, false }, { 4, 16, true, false },
    };

    [Theory]
    [InlineData(TensorEncoding.Q4_0)]
    [InlineData(TensorEncoding.Q5_0)]
    [InlineData(TensorEncoding.Q8_0)]
    [InlineData(TensorEncoding.Q6_K)]
    [InlineData(TensorEncoding.Q3_K)]
    [InlineData(TensorEncoding.IQ4_NL)]
    [InlineData(TensorEncoding.IQ4_XS)]
    internal void Take_keeps_every_number_of_a_file_exactly(TensorEncoding encoding)
    {
        var (bytes, expected) = RandomNumbers(encoding);
        foreach (var form in FormsFor(encoding))
        {
            var matrix = BlockQuantizer.Take(encoding, bytes, Rows, Columns, form);

            Assert.Equal(expected, Enumerable.Range(0, Rows).SelectMany(matrix.Row));
        }
    }

    /// <summary>The sum with a minimum is rounded once by the file's formula too, but the minimum is another one.</summary>
    [Theory]
    [InlineData(TensorEncoding.Q4_1)]
    [InlineData(TensorEncoding.Q5_1)]
    [InlineData(TensorEncoding.Q4_K)]
    [InlineData(TensorEncoding.Q5_K)]
    [InlineData(TensorEncoding.Q2_K)]
    internal void Take_keeps_every_number_above_a_minimum_to_the_last_bit_of_the_minimum(TensorEncoding encoding)
    {
        var (bytes, expected) = RandomNumbers(encoding);
        foreach (var form in FormsFor(encoding))
        {
            var matrix = BlockQuantizer.Take(encoding, bytes, Rows, Columns, form);

            for (var row = 0; row < Rows; row++)
            {
                var numbers = matrix.Row(row);
                for (var i = 0; i < Columns; i++)
                {
                    var block = (row * matrix.RowBlocks) + (i / form.Length);
                    var widest = (8 * matrix.Scales[block]) + MathF.Abs(matrix.Minima![block]);
                    Assert.Equal(expected[(row * Columns) + i], numbers[i], MathF.BitIncrement(widest) - widest);
                }
            }
        }
    }

    [Fact]
    public void Take_refuses_an_encoding_that_its_blocks_do_not_hold()
    {
        Assert.Throws<ArgumentException>(
            () => BlockQuantizer.Take(TensorEncoding.Q8_0, new byte[34], 1, 32, new(4, 32, HasMinima: false)));
        Assert.Throws<ArgumentException>(
            () => BlockQuantizer.Take(TensorEncoding.Q4_1, new byte[20], 1, 32, new(8, 32, HasMinima: false)));
        Assert.Throws<ArgumentException>(
            () => BlockQuantizer.Take(TensorEncoding.Q6_K, new byte[210], 1, 256, new(8, 32, HasMinima: true)));
        Assert.Throws<ArgumentException>(
            () => BlockQuantizer.Take(TensorEncoding.F16, new byte[64], 1, 32, new(8, 16, HasMinima: true)));
    }

    [Fact]
    public void Arrange_and_Stack_move_rows_with_their_scales_and_minima()
    {
        var matrix = RandomMatrix(new BlockForm(8, 16, HasMinima: true));

        var moved = BlockMatrix.Stack(matrix.Arrange([3, -1, 0]), matrix);

        Assert.Equal(matrix.Row(3), moved.Row(0));
        Assert.Equal(new float[Columns], moved.Row(1));
        Assert.Equal(matrix.Row(0), moved.Row(2));
        Assert.Equal(matrix.Row(5), moved.Row(8));
    }

    [Theory]
    [InlineData(8, 0.5 / 127)]
    [InlineData(4, 0.5 / 5.5)] // a scale that cuts the widest number is taken only where the sum of errors is smaller
    public void Round_keeps_signs_and_is_half_a_step_off_at_most_where_nothing_is_cut(int bits, double most)
    {
        var random = new Random(5);
        var numbers = Enumerable.Range(0, Rows * Columns).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray();

        var matrix = BlockQuantizer.Round(numbers, Rows, Columns, bits);

        var rounded = Enumerable.Range(0, Rows).SelectMany(matrix.Row).ToArray();
        for (var block = 0; block < numbers.Length; block += BlockForm.Longest)
        {
            var widest = numbers.AsSpan(block, BlockForm.Longest).ToArray().Max(MathF.Abs);
            var errors = Enumerable.Range(block, BlockForm.Longest).Select(i => Math.Abs(numbers[i] - rounded[i])).ToArray();
            Assert.All(
                Enumerable.Range(block, BlockForm.Longest),
                i => Assert.True(rounded[i] * numbers[i] >= 0, $"{numbers[i]} became {rounded[i]}"));
            Assert.True(errors.Order().ElementAt(errors.Length / 2) <= most * widest, $"{errors.Max()} of {widest}");
        }
    }

    [Theory]
    [InlineData(8)]
    [InlineData(4)]
    public void Round_of_zeros_tiny_numbers_and_single_spikes_is_finite(int bits)
    {
        var numbers = new float[3 * BlockForm.Longest];
        numbers[40] = float.Epsilon;
        numbers[70] = -3e38f;

        var matrix = BlockQuantizer.Round(numbers, 1, numbers.Length, bits);

        var rounded = matrix.Row(0);
        Assert.All(rounded, number => Assert.True(float.IsFinite(number)));
        Assert.Equal(0, rounded[40]);
        Assert.InRange(rounded[70] / -3e38f, 0.7, 1.1);
    }

    /// <summary>With weights in a file of their own, and in the model.</summary>
    [Theory]
    [MemberData(nameof(Forms))]
    public void The_runtimes_kernels_read_the_blocks_as_Row_does(int bits, int length, bool hasMinima, bool outside)
    {
        var matrix = RandomMatrix(new BlockForm(bits, length, hasMinima));
        using var folder = new TemporaryFolder();
        using (var graph = new OnnxGraphBuilder(outside ? folder.File("weights.bin") : null))
        {
            graph.Input("ids", typeof(long), "batch", "new");
            graph.Initializers(
                TensorElementType.UInt8, matrix.Values,
                ("rows", [Rows, matrix.RowBytes], 0), ("blocks", [Rows, matrix.RowBlocks, matrix.RowBytes / matrix.RowBlocks], 0));
            graph.Initializer("scales", matrix.Scales, Rows, matrix.RowBlocks);
            graph.Node(
                "GatherBlockQuantized", OnnxGraphBuilder.MicrosoftDomain, ["rows", "ids", "scales"], ["row"],
                ("bits", bits), ("block_size", length), ("gather_axis", 0), ("quantize_axis", 1));
            var parts = new InputParts(graph).Split("row", length, Columns, isFlat: false);
            graph.Node(
                "MatMulNBits", OnnxGraphBuilder.MicrosoftDomain, [parts, "blocks", "scales"], ["products"],
                ("K", Columns), ("N", Rows), ("bits", bits), ("block_size", length), ("accuracy_level", 4));
            graph.Output("row", typeof(float), "batch", "new", Columns);
            graph.Output("products", typeof(float), "parts", "new", Rows);
            graph.Write(folder.File("model.onnx"));
        }

        using var session = new SessionFactory(ExecutionProvider.Cpu).Open(folder.File("model.onnx"));
        using var ids = OrtValue.CreateTensorValueFromMemory(new long[] { 4, 1 }, [1, 2]);
        using var options = new RunOptions();
        using var outputs = session.Run(options, ["ids"], [ids], ["row", "products"]);

        var centred = matrix with { Form = matrix.Form with { HasMinima = false }, Minima = null };
        Assert.Equal([.. centred.Row(4), .. centred.Row(1)], outputs[0].GetTensorDataAsSpan<float>().ToArray());
        var products = outputs[1].GetTensorDataAsSpan<float>().ToArray();
        for (var i = 0; i < 2 * Rows; i++)
        {
            var expected = centred.Row(i < Rows ? 4 : 1).Zip(centred.Row(i % Rows), (a, b) => (double)a * b).Sum();
            var found = Enumerable.Range(0, InputParts.Count).Sum(part => (double)products[(part * 2 * Rows) + i]);
            Assert.Equal(expected, found, 2e-6 * centred.Row(4).Sum(a => (double)a * a));
        }
    }

    /// <summary>Every form that holds an encoding.</summary>
    private static IEnumerable<BlockForm> FormsFor(TensorEncoding encoding) =>
        from bits in (int[])[4, 8]
        from length in (int[])[16, 32]
        from hasMinima in (bool[])[false, true]
        let form = new BlockForm(bits, length, hasMinima)
        where form.Holds(StoredBlocks.FormOf(encoding)!.Value)
        select form;

    private static (byte[] Bytes, float[] Numbers) RandomNumbers(TensorEncoding encoding)
    {
        var bytes = RandomBlocks.Draw(encoding, Rows * Columns, deviation: 0.3, new Random(4));
        var numbers = new float[Rows * Columns];
        Dequantizer.Decode(encoding, bytes, numbers);
        return (bytes, numbers);
    }

    private static BlockMatrix RandomMatrix(BlockForm form)
    {
        var random = new Random(6);
        var matrix = BlockMatrix.Make(form, Rows, Columns);
        random.NextBytes(matrix.Values);
        for (var i = 0; i < matrix.Scales.Length; i++)
        {
            matrix.Scales[i] = (float)(random.NextDouble() - 0.5) / (1 << (form.Bits - 1));
            if (matrix.Minima is not null)
            {
                matrix.Minima[i] = (float)(random.NextDouble() - 0.5);
            }
        }

        return matrix;
    }
}
