using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Tollgate.Learning.Sealing;

/// <summary>
/// Seals a content chunk by chunk with AES-256-GCM. The nonce of a chunk is its number and whether it is the last one, so chunks that are
/// missing, doubled, in another order or of another content do not open. The key must be of one content alone. Not thread-safe.
/// </summary>
/// <param name="key">32 bytes.</param>
/// <param name="blob">The content that the key is for.</param>
/// <remarks>The construction STREAM of Hoang, Reyhanitabar, Rogaway and Vizár (2015), with a key in place of a nonce's prefix.</remarks>
internal sealed class ChunkCipher(byte[] key, Guid blob) : IDisposable
{
    /// <summary>Plain bytes of a chunk; the last one has 0 to as many.</summary>
    public const int ChunkBytes = 64 * 1024;

    /// <summary>Sealed bytes of a full chunk.</summary>
    public const int SealedBytes = ChunkBytes + TagBytes;

    public const int TagBytes = 16;
    private const int NonceBytes = 12;
    private readonly AesGcm _aes = new(key, TagBytes);
    private readonly byte[] _bound = [.. "tollgate file 1"u8, .. blob.ToByteArray(bigEndian: true)];

    /// <summary>Seals a chunk into ciphertext and tag.</summary>
    /// <param name="number">From 0.</param>
    /// <param name="target">Receives as many bytes as <paramref name="plain"/> has, and <see cref="TagBytes"/> more.</param>
    public void Seal(long number, bool isLast, ReadOnlySpan<byte> plain, Span<byte> target)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        Write(nonce, number, isLast);
        _aes.Encrypt(nonce, plain, target[..plain.Length], target.Slice(plain.Length, TagBytes), _bound);
    }

    /// <summary>Opens a chunk.</summary>
    /// <param name="target">Receives the plain bytes: <see cref="TagBytes"/> fewer.</param>
    /// <exception cref="AuthenticationTagMismatchException">It is not that chunk of the content.</exception>
    public void Open(long number, bool isLast, ReadOnlySpan<byte> chunk, Span<byte> target)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        Write(nonce, number, isLast);
        _aes.Decrypt(nonce, chunk[..^TagBytes], chunk[^TagBytes..], target[..(chunk.Length - TagBytes)], _bound);
    }

    public void Dispose() => _aes.Dispose();

    private static void Write(Span<byte> nonce, long number, bool isLast)
    {
        nonce.Clear();
        nonce[3] = isLast ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt64BigEndian(nonce[4..], number);
    }
}
