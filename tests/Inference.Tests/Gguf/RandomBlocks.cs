using System.Runtime.InteropServices;
using Tollgate.Inference.Gguf;

namespace Tollgate.Inference.Tests.Gguf;

/// <summary>Blocks of an encoding with any stored numbers about 0.</summary>
internal static class RandomBlocks
{
    /// <param name="deviation">Standard deviation of the numbers.</param>
    public static byte[] Draw(TensorEncoding encoding, int count, double deviation, Random random)
    {
        // By which deviation and middle whole numbers of random bits have, in units of the block's scale.
        var (widest, raised) = encoding switch
        {
            TensorEncoding.Q4_0 => (4.6, 0),
            TensorEncoding.Q4_1 => (4.6, -7.5),
            TensorEncoding.Q5_0 => (9.2, 0),
            TensorEncoding.Q5_1 => (9.2, -15.5),
            TensorEncoding.Q8_0 => (74, 0),
            TensorEncoding.Q4_K => (255, 7.5), // the format subtracts it
            TensorEncoding.Q5_K => (520, 15.5),
            TensorEncoding.Q6_K => (1370, 0),
            TensorEncoding.Q2_K => (14, 2),
            TensorEncoding.Q3_K => (42, 0),
            TensorEncoding.IQ4_NL => (65, 0),
            TensorEncoding.IQ4_XS => (1200, 0),
            _ => throw new ArgumentOutOfRangeException(nameof(encoding)),
        };
        var bytes = new byte[encoding.BytesFor(count)];
        random.NextBytes(bytes);
        for (var at = 0; at < bytes.Length; at += encoding.BlockBytes())
        {
            var scale = deviation / widest * (0.5 + random.NextDouble());
            var place = encoding switch
            {
                TensorEncoding.Q2_K => 80,
                TensorEncoding.Q3_K or TensorEncoding.Q6_K => encoding.BlockBytes() - 2,
                _ => 0,
            };
            MemoryMarshal.Write(bytes.AsSpan(at + place), (Half)scale);
            if (raised != 0)
            {
                MemoryMarshal.Write(bytes.AsSpan(at + place + 2), (Half)(scale * raised));
            }
        }

        return bytes;
    }
}
