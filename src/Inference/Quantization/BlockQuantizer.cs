using System.Numerics.Tensors;
using Tollgate.Inference.Gguf;

namespace Tollgate.Inference.Quantization;

/// <summary>Makes blocks of 8 or 4 bits of a matrix: without loss where they hold the file's own blocks, else each block rounded to the
/// scale that fits it.</summary>
internal static class BlockQuantizer
{
    /// <summary>A scale for 4 bits is looked for among these shares of the one that holds the whole block.</summary>
    private static readonly float[] Shares = [1, 0.95f, 0.9f, 0.85f, 0.8f, 0.75f];

    /// <summary>Takes over the blocks of a file.</summary>
    /// <param name="bytes">Rows of whole blocks.</param>
    /// <param name="form">One that holds the encoding's.</param>
    public static BlockMatrix Take(TensorEncoding encoding, ReadOnlyMemory<byte> bytes, int rows, int columns, BlockForm form)
    {
        if (StoredBlocks.FormOf(encoding) is not { } own || !form.Holds(own))
        {
            throw new ArgumentException($"Blocks of {form} do not hold {encoding}.", nameof(form));
        }

        var matrix = BlockMatrix.Make(form, rows, columns);
        var (length, blockBytes) = (encoding.BlockLength(), encoding.BlockBytes());
        Parallel.For(0, rows, row =>
        {
            Span<sbyte> wholes = (stackalloc sbyte[StoredBlocks.MostNumbers])[..length];
            Span<float> scales = (stackalloc float[StoredBlocks.MostScales])[..(length / own.Length)];
            Span<float> minima = (stackalloc float[StoredBlocks.MostScales])[..(length / own.Length)];
            for (var first = 0; first < columns; first += length)
            {
                var source = bytes.Span.Slice(((row * columns) + first) / length * blockBytes, blockBytes);
                StoredBlocks.Read(encoding, source, wholes, scales, minima);
                for (var i = 0; i < length; i += form.Length)
                {
                    var at = (row * matrix.RowBlocks) + ((first + i) / form.Length);
                    matrix.Scales[at] = scales[i / own.Length];
                    if (matrix.Minima is not null)
                    {
                        matrix.Minima[at] = minima[i / own.Length];
                    }

                    Write(matrix, at, wholes.Slice(i, form.Length));
                }
            }
        });
        return matrix;
    }

    /// <summary>Rounds numbers to blocks.</summary>
    /// <param name="numbers"><c>[rows, columns]</c>.</param>
    public static BlockMatrix Round(ReadOnlyMemory<float> numbers, int rows, int columns, int bits)
    {
        var form = new BlockForm(bits, BlockForm.Longest, HasMinima: false);
        var matrix = BlockMatrix.Make(form, rows, columns);
        Parallel.For(0, rows, row =>
        {
            Span<sbyte> rounded = stackalloc sbyte[BlockForm.Longest];
            for (var block = 0; block < matrix.RowBlocks; block++)
            {
                var at = (row * matrix.RowBlocks) + block;
                var source = numbers.Span.Slice(at * form.Length, form.Length);
                matrix.Scales[at] = bits == 8
                    ? RoundBlock(source, MathF.Abs(TensorPrimitives.MaxMagnitude(source)) / 127, -127, 127, rounded)
                    : RoundToFour(source, rounded);
                Write(matrix, at, rounded);
            }
        });
        return matrix;
    }

    /// <summary>Tries scales of both signs, since one end of the range is a step longer than the other, and keeps the one with the smallest
    /// sum of squared errors.</summary>
    private static float RoundToFour(ReadOnlySpan<float> source, Span<sbyte> rounded)
    {
        var widest = TensorPrimitives.MaxMagnitude(source); // with its sign
        var (best, bestError) = (0f, float.PositiveInfinity);
        foreach (var share in Shares)
        {
            foreach (var end in (ReadOnlySpan<float>)[-8, 7])
            {
                var scale = RoundBlock(source, widest * share / end, -8, 7, rounded);
                var error = ErrorOf(source, scale, rounded);
                if (error < bestError)
                {
                    (best, bestError) = (scale, error);
                }
            }
        }

        return RoundBlock(source, best, -8, 7, rounded);
    }

    private static float RoundBlock(ReadOnlySpan<float> source, float scale, int least, int most, Span<sbyte> rounded)
    {
        scale = MathF.Abs(scale) < 1e-30f ? 0 : scale; // its inverse would not be finite
        var inverse = scale == 0 ? 0 : 1 / scale;
        for (var i = 0; i < source.Length; i++)
        {
            rounded[i] = (sbyte)Math.Clamp(MathF.Round(source[i] * inverse), least, most);
        }

        return scale;
    }

    private static float ErrorOf(ReadOnlySpan<float> source, float scale, ReadOnlySpan<sbyte> rounded)
    {
        var sum = 0f;
        for (var i = 0; i < source.Length; i++)
        {
            var error = source[i] - (scale * rounded[i]);
            sum += error * error;
        }

        return sum;
    }

    private static void Write(BlockMatrix matrix, int block, ReadOnlySpan<sbyte> numbers)
    {
        if (matrix.Form.Bits == 8)
        {
            var bytes = matrix.Values.AsSpan(block * numbers.Length, numbers.Length);
            for (var i = 0; i < numbers.Length; i++)
            {
                bytes[i] = (byte)(numbers[i] + 128);
            }

            return;
        }

        var halves = matrix.Values.AsSpan(block * numbers.Length / 2, numbers.Length / 2);
        for (var i = 0; i < halves.Length; i++)
        {
            halves[i] = (byte)((numbers[2 * i] + 8) | ((numbers[(2 * i) + 1] + 8) << 4));
        }
    }
}
