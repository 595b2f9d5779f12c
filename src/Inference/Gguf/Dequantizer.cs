using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Tollgate.Inference.Gguf;

/// <summary>Turns the block formats of GGUF into float32, bit for bit as llama.cpp does. The formulas are those of
/// the format: <c>scale × integer (+ minimum)</c>.</summary>
internal static class Dequantizer
{
    private static readonly Dictionary<TensorEncoding, BlockDecoder> Blocks = new()
    {
        [TensorEncoding.Q8_0] = DecodeEightBits,
        [TensorEncoding.Q4_0] = (block, numbers) => DecodeCentred(block[2..], fifthBits: 0, ReadHalf(block), centre: 8, numbers),
        [TensorEncoding.Q4_1] = (block, numbers) =>
            DecodeRaised(block[4..], fifthBits: 0, ReadHalf(block), ReadHalf(block[2..]), numbers),
        [TensorEncoding.Q5_0] = (block, numbers) => DecodeCentred(block[6..], ReadWord(block[2..]), ReadHalf(block), centre: 16, numbers),
        [TensorEncoding.Q5_1] = (block, numbers) =>
            DecodeRaised(block[8..], ReadWord(block[4..]), ReadHalf(block), ReadHalf(block[2..]), numbers),
        [TensorEncoding.Q2_K] = SuperBlocks.DecodeTwoBits,
        [TensorEncoding.Q3_K] = SuperBlocks.DecodeThreeBits,
        [TensorEncoding.Q4_K] = (block, numbers) =>
            SuperBlocks.DecodeFourOrFiveBits(block, highBits: default, block[16..], numbers),
        [TensorEncoding.Q5_K] = (block, numbers) => SuperBlocks.DecodeFourOrFiveBits(block, block.Slice(16, 32), block[48..], numbers),
        [TensorEncoding.Q6_K] = SuperBlocks.DecodeSixBits,
        [TensorEncoding.Q8_K] = SuperBlocks.DecodeEightBits,
        [TensorEncoding.IQ1_S] = GridBlocks.DecodeIq1S,
        [TensorEncoding.IQ1_M] = GridBlocks.DecodeIq1M,
        [TensorEncoding.IQ2_XXS] = GridBlocks.DecodeIq2Xxs,
        [TensorEncoding.IQ2_XS] = GridBlocks.DecodeIq2Xs,
        [TensorEncoding.IQ2_S] = GridBlocks.DecodeIq2S,
        [TensorEncoding.IQ3_XXS] = GridBlocks.DecodeIq3Xxs,
        [TensorEncoding.IQ3_S] = GridBlocks.DecodeIq3S,
        [TensorEncoding.IQ4_NL] = (block, numbers) =>
            TableBlocks.DecodeFourBits(block[2..], ReadHalf(block), TableBlocks.Uneven, numbers),
        [TensorEncoding.IQ4_XS] = TableBlocks.DecodeScaledFourBits,
        [TensorEncoding.MXFP4] = (block, numbers) =>
            TableBlocks.DecodeFourBits(block[1..], TableBlocks.HalfPower(block[0]), TableBlocks.FourBitFloats, numbers),
        [TensorEncoding.TQ1_0] = TableBlocks.DecodePackedTernary,
        [TensorEncoding.TQ2_0] = TableBlocks.DecodeTernary,
        [TensorEncoding.Q1_0] = TableBlocks.DecodeSigns,
        [TensorEncoding.Q2_0] = TableBlocks.DecodeFourSteps,
        [TensorEncoding.Onnx4] = (block, numbers) => OnnxBlocks.Decode(block, bits: 4, isRaised: false, numbers),
        [TensorEncoding.Onnx4Raised] = (block, numbers) => OnnxBlocks.Decode(block, bits: 4, isRaised: true, numbers),
        [TensorEncoding.Onnx8] = (block, numbers) => OnnxBlocks.Decode(block, bits: 8, isRaised: false, numbers),
        [TensorEncoding.Onnx8Raised] = (block, numbers) => OnnxBlocks.Decode(block, bits: 8, isRaised: true, numbers),
    };

    private delegate void BlockDecoder(ReadOnlySpan<byte> block, Span<float> numbers);

    /// <summary>Decodes whole blocks.</summary>
    /// <exception cref="ArgumentException">The lengths do not describe the same blocks.</exception>
    public static void Decode(TensorEncoding encoding, ReadOnlySpan<byte> source, Span<float> destination)
    {
        var length = encoding.BlockLength();
        var bytes = encoding.BlockBytes();
        if (destination.Length % length != 0 || source.Length != destination.Length / length * bytes)
        {
            throw new ArgumentException("Source and destination hold different numbers of blocks.", nameof(source));
        }

        switch (encoding)
        {
            case TensorEncoding.F32:
                MemoryMarshal.Cast<byte, float>(source).CopyTo(destination);
                return;
            case TensorEncoding.F16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), destination);
                return;
            case TensorEncoding.BF16:
                DecodeBFloat16(MemoryMarshal.Cast<byte, ushort>(source), destination);
                return;
            case TensorEncoding.F64:
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, double>(source), destination);
                return;
        }

        var decode = Blocks[encoding];
        for (var at = 0; at < destination.Length; at += length)
        {
            decode(source[..bytes], destination.Slice(at, length));
            source = source[bytes..];
        }
    }

    private static void DecodeBFloat16(ReadOnlySpan<ushort> source, Span<float> numbers)
    {
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
        }
    }

    private static void DecodeEightBits(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = ReadHalf(block);
        for (var i = 0; i < 32; i++)
        {
            numbers[i] = scale * (sbyte)block[2 + i];
        }
    }

    /// <summary>Integers around zero.</summary>
    private static void DecodeCentred(ReadOnlySpan<byte> nibbles, uint fifthBits, float scale, int centre, Span<float> numbers)
    {
        for (var i = 0; i < 32; i++)
        {
            numbers[i] = scale * (ReadSmall(nibbles, fifthBits, i) - centre);
        }
    }

    /// <summary>Integers above a minimum.</summary>
    private static void DecodeRaised(ReadOnlySpan<byte> nibbles, uint fifthBits, float scale, float minimum, Span<float> numbers)
    {
        for (var i = 0; i < 32; i++)
        {
            numbers[i] = (scale * ReadSmall(nibbles, fifthBits, i)) + minimum;
        }
    }

    /// <summary>An integer of four or five bits. Low halves of the bytes are the first 16, high halves the last 16.</summary>
    private static int ReadSmall(ReadOnlySpan<byte> nibbles, uint fifthBits, int i) =>
        (i < 16 ? nibbles[i] & 15 : nibbles[i - 16] >> 4) | ((int)((fifthBits >> i) & 1) << 4);

    private static uint ReadWord(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    internal static float ReadHalf(ReadOnlySpan<byte> bytes) => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes);
}
