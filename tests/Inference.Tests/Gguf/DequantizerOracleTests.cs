using Tollgate.Inference.Gguf;

namespace Tollgate.Inference.Tests.Gguf;

/// <summary>Every block type against llama.cpp's own library, bit for bit.</summary>
public sealed class DequantizerOracleTests
{
    private const int Blocks = 500;

    public static TheoryData<string> BlockTypes =>
        [.. TensorEncodings.OfGguf.Select(encoding => $"{encoding}").Where(name => name is not ("F32" or "F16" or "BF16" or "F64"))];

    [Theory]
    [MemberData(nameof(BlockTypes))]
    public void Decode_equals_llama_cpp_bit_for_bit_on_random_bytes(string name)
    {
        var encoding = Enum.Parse<TensorEncoding>(name);
        var bytes = new byte[encoding.BlockBytes() * Blocks];
        new Random(7).NextBytes(bytes);
        var numbers = new float[encoding.BlockLength() * Blocks];

        Dequantizer.Decode(encoding, bytes, numbers);

        var expected = LlamaCpp.Decode(encoding, bytes);
        for (var i = 0; i < numbers.Length; i++)
        {
            // Random scales are sometimes no numbers; which of the many such bit patterns comes out is the processor's choice.
            Assert.True(
                float.IsNaN(expected[i]) ? float.IsNaN(numbers[i])
                    : BitConverter.SingleToUInt32Bits(expected[i]) == BitConverter.SingleToUInt32Bits(numbers[i]),
                $"{name}, number {i}: {numbers[i]} instead of {expected[i]}");
        }
    }

    [Fact]
    public void Sizes_and_names_are_those_of_llama_cpp()
    {
        foreach (var encoding in TensorEncodings.OfGguf)
        {
            Assert.Equal((encoding.BlockLength(), (nuint)encoding.BlockBytes()), LlamaCpp.Sizes((int)encoding));
            Assert.Equal(encoding.ToString(), LlamaCpp.Name((int)encoding), ignoreCase: true);
        }

        foreach (var type in Enumerable.Range(0, 43).Where(type => !TensorEncodings.IsKnown((uint)type)))
        {
            var name = TensorEncodings.Describe((uint)type);
            if (!name.Contains("withdrawn", StringComparison.Ordinal))
            {
                Assert.Equal(name, LlamaCpp.Name(type), ignoreCase: true);
            }
        }
    }
}
