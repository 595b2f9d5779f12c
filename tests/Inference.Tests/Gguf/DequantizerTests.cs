using System.Buffers.Binary;
using Tollgate.Inference.Gguf;

namespace Tollgate.Inference.Tests.Gguf;

public sealed class DequantizerTests
{
    [Fact]
    public void Decode_reads_half_and_brain_floats()
    {
        var half = new byte[4];
        BinaryPrimitives.WriteHalfLittleEndian(half, (Half)1.5f);
        BinaryPrimitives.WriteHalfLittleEndian(half.AsSpan(2), (Half)(-0.25f));
        var brain = new byte[] { 0xC0, 0x3F, 0x80, 0xBE }; // 1.5 and -0.25, upper halves of the floats

        Assert.Equal([1.5f, -0.25f], Decode(TensorEncoding.F16, half, 2));
        Assert.Equal([1.5f, -0.25f], Decode(TensorEncoding.BF16, brain, 2));
    }

    [Fact]
    public void Decode_reads_blocks_of_eight_and_four_bits()
    {
        var q8 = Block(34, 0.5f);
        (q8[2], q8[33]) = (200, 3); // 200 is -56 as a signed byte
        var q40 = Block(18, 2);
        (q40[2], q40[17]) = (0x9F, 0x08);
        var q41 = Block(20, 2, 10);
        (q41[4], q41[19]) = (0x9F, 0x08);

        var eight = Decode(TensorEncoding.Q8_0, q8, 32);
        var four = Decode(TensorEncoding.Q4_0, q40, 32);
        var withMinimum = Decode(TensorEncoding.Q4_1, q41, 32);

        Assert.Equal((-28f, 1.5f), (eight[0], eight[31]));
        Assert.Equal((14f, 2f, 0f, -16f), (four[0], four[16], four[15], four[31])); // (15-8)·2, (9-8)·2, (8-8)·2, (0-8)·2
        // 15·2+10, 9·2+10, 8·2+10, 10
        Assert.Equal((40f, 28f, 26f, 10f), (withMinimum[0], withMinimum[16], withMinimum[15], withMinimum[31]));
    }

    [Fact]
    public void Decode_reads_blocks_of_five_bits()
    {
        var q50 = Block(22, 1);
        (q50[2], q50[4], q50[6]) = (0b1, 0b1, 0x21); // fifth bits of numbers 0 and 16
        var q51 = Block(24, 1, 3);
        (q51[4], q51[6], q51[8]) = (0b1, 0b1, 0x21);

        var symmetric = Decode(TensorEncoding.Q5_0, q50, 32);
        var withMinimum = Decode(TensorEncoding.Q5_1, q51, 32);

        Assert.Equal((1f, 2f, -16f), (symmetric[0], symmetric[16], symmetric[1])); // 16+1-16, 16+2-16, 0-16
        Assert.Equal((20f, 21f, 3f), (withMinimum[0], withMinimum[16], withMinimum[1]));
    }

    [Fact]
    public void Decode_reads_super_blocks()
    {
        var q4 = Block(144, 0.5f, 0.25f);
        (q4[4], q4[8], q4[12]) = (0b11_000011, 0b01_000010, 0x21); // scale 3, minimum 2 of run 0; run 4: scale 1 + 3·16, minimum 2 + 1·16
        (q4[16], q4[16 + 64]) = (0x05, 0x07); // run 0 number 0 is 5; run 4 number 0 is 7
        var four = Decode(TensorEncoding.Q4_K, q4, 256);
        Assert.Equal((7f, 167f), (four[0], four[128])); // 0.5·3·5 − 0.25·2, 0.5·49·7 − 0.25·18

        var q5 = Block(176, 0.5f, 0.25f);
        (q5[4], q5[8], q5[16], q5[48]) = (3, 2, 1, 0x05);
        Assert.Equal(31f, Decode(TensorEncoding.Q5_K, q5, 256)[0]); // 0.5·3·(5 + 16) − 0.25·2

        var q6 = new byte[210];
        BinaryPrimitives.WriteHalfLittleEndian(q6.AsSpan(208), (Half)0.5f);
        (q6[0], q6[128], q6[192], q6[196]) = (0x35, 0b01_00_00_10, 3, 254); // low 5 and 3, high 2 and 0 and 0 and 1; scales 3 and −2
        var six = Decode(TensorEncoding.Q6_K, q6, 256);
        Assert.Equal(7.5f, six[0]); // 0.5·3·(5 + 2·16 − 32)
        Assert.Equal(29f, six[64]); // 0.5·−2·(3 + 0·16 − 32)
    }

    [Fact]
    public void Decode_refuses_lengths_that_do_not_fit() =>
        Assert.Throws<ArgumentException>(() => Decode(TensorEncoding.Q8_0, new byte[34], 64));

    private static float[] Decode(TensorEncoding encoding, byte[] source, int count)
    {
        var numbers = new float[count];
        Dequantizer.Decode(encoding, source, numbers);
        return numbers;
    }

    private static byte[] Block(int bytes, params float[] halves)
    {
        var block = new byte[bytes];
        for (var i = 0; i < halves.Length; i++)
        {
            BinaryPrimitives.WriteHalfLittleEndian(block.AsSpan(2 * i), (Half)halves[i]);
        }

        return block;
    }
}
