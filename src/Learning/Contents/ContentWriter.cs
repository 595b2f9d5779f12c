using System.Buffers;
using System.Security.Cryptography;
using Tollgate.Learning.Sealing;
using Tollgate.Learning.Storage;

namespace Tollgate.Learning.Contents;

/// <summary>
/// Takes a content's plain bytes in order, holds at most one chunk of them, and writes them sealed. Dispose without
/// <see cref="FinishAsync"/> leaves nothing in the store. Not thread-safe.
/// </summary>
internal sealed class ContentWriter(BlobWriter target, ChunkCipher cipher, Guid blob, byte[] wrappedKey) : IAsyncDisposable
{
    private readonly byte[] _plain = ArrayPool<byte>.Shared.Rent(ChunkCipher.ChunkBytes);
    private readonly byte[] _sealed = ArrayPool<byte>.Shared.Rent(ChunkCipher.SealedBytes);
    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int _held;
    private long _chunk;

    /// <summary>Plain bytes so far.</summary>
    public long Bytes { get; private set; }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> plain, CancellationToken cancellationToken)
    {
        _sha256.AppendData(plain.Span);
        Bytes += plain.Length;
        while (!plain.IsEmpty)
        {
            if (_held == ChunkCipher.ChunkBytes)
            {
                await SealAsync(isLast: false, cancellationToken); // Only now is it known that this chunk is not the last one.
            }

            var taken = Math.Min(plain.Length, ChunkCipher.ChunkBytes - _held);
            plain[..taken].CopyTo(_plain.AsMemory(_held));
            _held += taken;
            plain = plain[taken..];
        }
    }

    /// <summary>Seals the last chunk and makes the content durable.</summary>
    public async Task<SealedContent> FinishAsync(CancellationToken cancellationToken)
    {
        await SealAsync(isLast: true, cancellationToken);
        await target.CommitAsync(cancellationToken);
        return new SealedContent(blob, wrappedKey, Bytes, _sha256.GetHashAndReset());
    }

    public async ValueTask DisposeAsync()
    {
        await target.DisposeAsync();
        cipher.Dispose();
        _sha256.Dispose();
        ArrayPool<byte>.Shared.Return(_plain, clearArray: true);
        ArrayPool<byte>.Shared.Return(_sealed);
    }

    private async ValueTask SealAsync(bool isLast, CancellationToken cancellationToken)
    {
        cipher.Seal(_chunk++, isLast, _plain.AsSpan(0, _held), _sealed);
        await target.WriteAsync(_sealed.AsMemory(0, _held + ChunkCipher.TagBytes), cancellationToken);
        _held = 0;
    }
}
