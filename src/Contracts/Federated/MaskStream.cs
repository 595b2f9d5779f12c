using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Tollgate.Contracts.Federated;

/// <summary>Masks that follow from a key: AES-256 in counter mode, 8 bytes a number. Without the key they look uniform.</summary>
public static class MaskStream
{
    /// <summary>Bytes of a key.</summary>
    public const int KeyBytes = 32;

    private const int BlockBytes = 16;
    private const int BlocksAtOnce = 512;

    /// <summary>Adds the key's masks to a vector, or takes them away.</summary>
    /// <param name="key">Used for one vector only.</param>
    public static void Apply(byte[] key, Span<ulong> vector, bool adds)
    {
        using var aes = Aes.Create();
        aes.Key = key;
        var (counters, stream) = (new byte[BlocksAtOnce * BlockBytes], new byte[BlocksAtOnce * BlockBytes]);
        var done = 0;
        for (var block = 0UL; done < vector.Length; block += BlocksAtOnce)
        {
            for (var i = 0; i < BlocksAtOnce; i++)
            {
                BinaryPrimitives.WriteUInt64BigEndian(counters.AsSpan((i * BlockBytes) + sizeof(ulong)), block + (ulong)i);
            }

            aes.EncryptEcb(counters, stream, PaddingMode.None);
            for (var at = 0; at < stream.Length && done < vector.Length; at += RingVector.NumberBytes, done++)
            {
                var mask = BinaryPrimitives.ReadUInt64LittleEndian(stream.AsSpan(at));
                vector[done] = unchecked(adds ? vector[done] + mask : vector[done] - mask);
            }
        }
    }
}
