using System.Security.Cryptography;
using Tollgate.Learning.Sealing;

namespace Tollgate.Learning.Contents;

/// <summary>Seals contents that are small enough to lie in their row: the same chunks as in the store, one after the other.</summary>
internal sealed class SealedColumn(MasterKeys keys)
{
    private const int KeyBytes = 32;

    /// <summary>Seals a content under a key of its own.</summary>
    /// <param name="id">Of the row; the key and the sealed bytes open for no other one.</param>
    public (byte[] WrappedKey, byte[] Sealed) Seal(Guid id, ReadOnlySpan<byte> plain)
    {
        var key = RandomNumberGenerator.GetBytes(KeyBytes);
        using var cipher = new ChunkCipher(key, id);
        var last = Math.Max(0, (plain.Length - 1) / ChunkCipher.ChunkBytes);
        var bytes = new byte[plain.Length + ((last + 1) * ChunkCipher.TagBytes)];
        for (var chunk = 0; chunk <= last; chunk++)
        {
            var from = chunk * ChunkCipher.ChunkBytes;
            cipher.Seal(
                chunk, chunk == last, plain[from..Math.Min(plain.Length, from + ChunkCipher.ChunkBytes)],
                bytes.AsSpan(chunk * ChunkCipher.SealedBytes));
        }

        return (keys.Wrap(key, id), bytes);
    }

    /// <summary>Opens what <see cref="Seal"/> made.</summary>
    /// <exception cref="DamagedContentException">The content is cut off or changed, or its key does not open it.</exception>
    public byte[] Open(Guid id, byte[] wrappedKey, byte[] bytes)
    {
        var last = Math.Max(0, (bytes.Length - 1) / ChunkCipher.SealedBytes);
        try
        {
            using var cipher = new ChunkCipher(keys.Unwrap(wrappedKey, id), id);
            var plain = new byte[Math.Max(0, bytes.Length - ((last + 1) * ChunkCipher.TagBytes))];
            for (var chunk = 0; chunk <= last; chunk++)
            {
                var from = chunk * ChunkCipher.SealedBytes;
                cipher.Open(
                    chunk, chunk == last, bytes.AsSpan(from, Math.Min(bytes.Length - from, ChunkCipher.SealedBytes)),
                    plain.AsSpan(chunk * ChunkCipher.ChunkBytes));
            }

            return plain;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentOutOfRangeException)
        {
            throw new DamagedContentException(id, exception);
        }
    }
}
