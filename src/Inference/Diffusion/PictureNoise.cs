using System.Buffers.Binary;

namespace Tollgate.Inference.Diffusion;

/// <summary>
/// The noise of one picture: Philox4x32-10 (Salmon and others, Parallel Random Numbers: As Easy as 1, 2, 3, 2011) under the request's seed.
/// A number depends on the seed, the picture's index in the request, the draw and its place alone, so that a picture is the same whoever
/// else draws, and in whatever order.
/// </summary>
/// <param name="seed">The key, all 64 bits.</param>
/// <param name="picture">Index in the request: the third word of the counter. The fourth is the index of the draw: 0 for the start, n for
/// the noise after the n-th call of the denoiser. The first two count blocks of four numbers.</param>
internal sealed class PictureNoise(ulong seed, uint picture)
{
    private const int Rounds = 10;
    private const uint FirstMultiplier = 0xD2511F53;
    private const uint SecondMultiplier = 0xCD9E8D57;
    private const uint FirstWeyl = 0x9E3779B9;
    private const uint SecondWeyl = 0xBB67AE85;

    /// <summary>Fills with standard normal numbers: Box and Muller (1958), two from each pair of uniform ones, in double
    /// precision.</summary>
    public void Draw(uint draw, Span<float> normal)
    {
        Span<uint> block = stackalloc uint[4];
        for (var i = 0; i < normal.Length; i += 4)
        {
            MakeBlock((ulong)(i / 4), draw, block);
            for (var pair = 0; pair < 4 && i + pair < normal.Length; pair += 2)
            {
                // (0, 1], so that the logarithm is finite.
                var radius = Math.Sqrt(-2 * Math.Log((block[pair] + 1.0) / 4294967296.0));
                var (sine, cosine) = Math.SinCos(2 * Math.PI * (block[pair + 1] / 4294967296.0));
                normal[i + pair] = (float)(radius * cosine);
                if (i + pair + 1 < normal.Length)
                {
                    normal[i + pair + 1] = (float)(radius * sine);
                }
            }
        }
    }

    /// <summary>The seed of a request that names none.</summary>
    public static long ChooseSeed()
    {
        Span<byte> bytes = stackalloc byte[8];
        System.Security.Cryptography.RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes) & uint.MaxValue;
    }

    /// <summary>Ten rounds over one counter.</summary>
    internal static void Philox(Span<uint> counter, uint firstKey, uint secondKey)
    {
        for (var round = 0; round < Rounds; round++)
        {
            var first = (ulong)FirstMultiplier * counter[0];
            var second = (ulong)SecondMultiplier * counter[2];
            (counter[0], counter[1], counter[2], counter[3]) = (
                (uint)(second >> 32) ^ counter[1] ^ firstKey, (uint)second, (uint)(first >> 32) ^ counter[3] ^ secondKey, (uint)first);
            firstKey += FirstWeyl;
            secondKey += SecondWeyl;
        }
    }

    private void MakeBlock(ulong index, uint draw, Span<uint> block)
    {
        (block[0], block[1], block[2], block[3]) = ((uint)index, (uint)(index >> 32), picture, draw);
        Philox(block, (uint)seed, (uint)(seed >> 32));
    }
}
