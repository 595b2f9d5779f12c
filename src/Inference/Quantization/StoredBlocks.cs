using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Tollgate.Inference.Gguf;

namespace Tollgate.Inference.Quantization;

/// <summary>Takes the blocks of GGUF apart: whole numbers, scales and minima, whose sums and products are the file's numbers.</summary>
internal static class StoredBlocks
{
    /// <summary>Most numbers of a file's block.</summary>
    public const int MostNumbers = 256;

    /// <summary>Most scales of a file's block.</summary>
    public const int MostScales = 16;

    /// <summary>The least form that holds every number of an encoding; null where none does.</summary>
    public static BlockForm? FormOf(TensorEncoding encoding) => encoding switch
    {
        TensorEncoding.Q4_0 => new(Bits: 4, Length: 32, HasMinima: false),
        TensorEncoding.Q4_1 or TensorEncoding.Q4_K => new(Bits: 4, Length: 32, HasMinima: true),
        TensorEncoding.Q3_K => new(Bits: 4, Length: 16, HasMinima: false),
        TensorEncoding.Q2_K => new(Bits: 4, Length: 16, HasMinima: true),
        TensorEncoding.Q5_0 or TensorEncoding.Q8_0 or TensorEncoding.IQ4_NL or TensorEncoding.IQ4_XS
            => new(Bits: 8, Length: 32, HasMinima: false),
        TensorEncoding.Q5_1 or TensorEncoding.Q5_K => new(Bits: 8, Length: 32, HasMinima: true),
        TensorEncoding.Q6_K => new(Bits: 8, Length: 16, HasMinima: false),
        TensorEncoding.Onnx4 => new(Bits: 4, Length: 32, HasMinima: false),
        TensorEncoding.Onnx4Raised => new(Bits: 4, Length: 32, HasMinima: true),
        TensorEncoding.Onnx8 => new(Bits: 8, Length: 32, HasMinima: false),
        TensorEncoding.Onnx8Raised => new(Bits: 8, Length: 32, HasMinima: true),
        _ => null,
    };

    /// <summary>Takes one block of a file apart.</summary>
    /// <param name="block">One block of an encoding that has a form.</param>
    /// <param name="wholes">As many as the encoding's block has numbers, in the range of the form's bits.</param>
    /// <param name="scales">One for each block of the form's length.</param>
    /// <param name="minima">As <paramref name="scales"/>; 0 where the form has none.</param>
    public static void Read(
        TensorEncoding encoding, ReadOnlySpan<byte> block, Span<sbyte> wholes, Span<float> scales, Span<float> minima)
    {
        minima.Clear();
        switch (encoding)
        {
            case TensorEncoding.Q8_0:
                scales[0] = Half(block);
                MemoryMarshal.Cast<byte, sbyte>(block[2..]).CopyTo(wholes);
                break;
            case TensorEncoding.Q4_0:
                scales[0] = Half(block);
                ReadSmall(block[2..], fifthBits: 0, centre: 8, wholes);
                break;
            case TensorEncoding.Q4_1:
                (scales[0], minima[0]) = (Half(block), Half(block[2..]));
                ReadSmall(block[4..], fifthBits: 0, centre: 0, wholes);
                Centre(wholes, scales, minima);
                break;
            case TensorEncoding.Q5_0:
                scales[0] = Half(block);
                ReadSmall(block[6..], BinaryPrimitives.ReadUInt32LittleEndian(block[2..]), centre: 16, wholes);
                break;
            case TensorEncoding.Q5_1:
                (scales[0], minima[0]) = (Half(block), Half(block[2..]));
                ReadSmall(block[8..], BinaryPrimitives.ReadUInt32LittleEndian(block[4..]), centre: 0, wholes);
                break;
            case TensorEncoding.Q4_K:
                ReadRuns(block, highBits: default, block[16..], wholes, scales, minima);
                Centre(wholes, scales, minima);
                break;
            case TensorEncoding.Q5_K:
                ReadRuns(block, block.Slice(16, 32), block[48..], wholes, scales, minima);
                break;
            case TensorEncoding.Q6_K:
                ReadSixBits(block, wholes, scales);
                break;
            case TensorEncoding.Q2_K:
                SuperBlocks.ReadTwoBits(block, wholes, scales, minima);
                break;
            case TensorEncoding.Q3_K:
                SuperBlocks.ReadThreeBits(block, wholes, scales);
                break;
            case TensorEncoding.IQ4_NL:
                scales[0] = Half(block);
                TableBlocks.ReadFourBits(block[2..], TableBlocks.Uneven, wholes);
                break;
            case TensorEncoding.IQ4_XS:
                TableBlocks.ReadScaledFourBits(block, wholes, scales);
                break;
            case TensorEncoding.Onnx4 or TensorEncoding.Onnx8:
                scales[0] = OnnxBlocks.Read(block, encoding == TensorEncoding.Onnx4 ? 4 : 8, isRaised: false, wholes).Scale;
                break;
            case TensorEncoding.Onnx4Raised or TensorEncoding.Onnx8Raised:
                (scales[0], minima[0]) = OnnxBlocks.Read(
                    block, encoding == TensorEncoding.Onnx4Raised ? 4 : 8, isRaised: true, wholes);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(encoding));
        }
    }

    /// <summary>Moves numbers from 0…15 to −8…7; the minima make up for it.</summary>
    private static void Centre(Span<sbyte> wholes, ReadOnlySpan<float> scales, Span<float> minima)
    {
        foreach (ref var whole in wholes)
        {
            whole -= 8;
        }

        for (var i = 0; i < minima.Length; i++)
        {
            minima[i] += 8 * scales[i];
        }
    }

    /// <summary>32 numbers of 4 or 5 bits. Low halves of the bytes are the first 16, high halves the last 16.</summary>
    private static void ReadSmall(ReadOnlySpan<byte> nibbles, uint fifthBits, int centre, Span<sbyte> wholes)
    {
        for (var i = 0; i < 32; i++)
        {
            var low = i < 16 ? nibbles[i] & 15 : nibbles[i - 16] >> 4;
            wholes[i] = (sbyte)((low | (int)(((fifthBits >> i) & 1) << 4)) - centre);
        }
    }

    /// <summary>Eight runs of 32 numbers, each with a 6-bit scale and minimum of its own (Q4_K, Q5_K).</summary>
    private static void ReadRuns(
        ReadOnlySpan<byte> block, ReadOnlySpan<byte> highBits, ReadOnlySpan<byte> nibbles, Span<sbyte> wholes, Span<float> scales,
        Span<float> minima)
    {
        var (scale, minimum) = (Half(block), Half(block[2..]));
        var packed = block.Slice(4, 12);
        for (var run = 0; run < 8; run++)
        {
            var (runScale, runMinimum) = run < 4
                ? (packed[run] & 63, packed[run + 4] & 63)
                : ((packed[run + 4] & 15) | ((packed[run - 4] >> 6) << 4), (packed[run + 4] >> 4) | ((packed[run] >> 6) << 4));
            (scales[run], minima[run]) = (scale * runScale, -(minimum * runMinimum));
            for (var i = 0; i < 32; i++)
            {
                var pair = nibbles[(run / 2 * 32) + i];
                var high = highBits.IsEmpty ? 0 : ((highBits[i] >> run) & 1) << 4;
                wholes[(run * 32) + i] = (sbyte)(((run & 1) == 0 ? pair & 15 : pair >> 4) | high);
            }
        }
    }

    /// <summary>Sixteen runs of 16 numbers with an 8-bit scale each (Q6_K).</summary>
    private static void ReadSixBits(ReadOnlySpan<byte> block, Span<sbyte> wholes, Span<float> scales)
    {
        var scale = Half(block[208..]);
        for (var run = 0; run < 16; run++)
        {
            scales[run] = scale * (sbyte)block[192 + run];
        }

        for (var i = 0; i < 256; i++)
        {
            var (half, within) = (i / 128, i % 128);
            var low = block[(half * 64) + (within % 64)];
            var high = block[128 + (half * 32) + (within % 32)];
            wholes[i] = (sbyte)(((within < 64 ? low & 15 : low >> 4) | (((high >> (within / 32 * 2)) & 3) << 4)) - 32);
        }
    }

    private static float Half(ReadOnlySpan<byte> bytes) => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes);
}
