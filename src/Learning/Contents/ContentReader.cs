using System.Buffers;
using System.Security.Cryptography;
using Tollgate.Learning.Sealing;

namespace Tollgate.Learning.Contents;

/// <summary>The plain bytes of a content. Each chunk is checked before a byte of it is given out. Not thread-safe.</summary>
/// <param name="source">Sealed bytes from the chunk <paramref name="chunk"/> on.</param>
/// <param name="bytes">Plain bytes of the whole content.</param>
/// <param name="chunk">The first chunk to read.</param>
internal sealed class ContentReader(Stream source, ChunkCipher cipher, Guid blob, long bytes, long chunk) : ForwardStream
{
    private readonly byte[] _sealed = ArrayPool<byte>.Shared.Rent(ChunkCipher.SealedBytes);
    private readonly byte[] _plain = ArrayPool<byte>.Shared.Rent(ChunkCipher.ChunkBytes);
    private readonly long _last = Math.Max(0, (bytes - 1) / ChunkCipher.ChunkBytes);
    private long _chunk = chunk;
    private int _at;
    private int _end;
    private bool _disposed;

    /// <summary>Reads the first chunk and skips bytes of it.</summary>
    /// <exception cref="DamagedContentException">The chunk does not open.</exception>
    public async Task StartAsync(int skip, CancellationToken cancellationToken)
    {
        if (_chunk <= _last)
        {
            await FillAsync(cancellationToken);
            _at = Math.Min(skip, _end);
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_at == _end)
        {
            if (_chunk > _last)
            {
                return 0;
            }

            await FillAsync(cancellationToken);
        }

        var read = Math.Min(buffer.Length, _end - _at);
        _plain.AsMemory(_at, read).CopyTo(buffer);
        _at += read;
        return read;
    }

    public override async ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            await source.DisposeAsync();
            cipher.Dispose();
            ArrayPool<byte>.Shared.Return(_sealed);
            ArrayPool<byte>.Shared.Return(_plain, clearArray: true);
        }

        await base.DisposeAsync();
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        var isLast = _chunk == _last;
        var expected = (isLast ? (int)(bytes - (_last * ChunkCipher.ChunkBytes)) : ChunkCipher.ChunkBytes) + ChunkCipher.TagBytes;
        var read = await source.ReadAtLeastAsync(_sealed.AsMemory(0, expected), expected, throwOnEndOfStream: false, cancellationToken);
        try
        {
            if (read < expected)
            {
                throw new DamagedContentException(blob);
            }

            cipher.Open(_chunk, isLast, _sealed.AsSpan(0, expected), _plain);
        }
        catch (AuthenticationTagMismatchException exception)
        {
            throw new DamagedContentException(blob, exception);
        }

        (_at, _end) = (0, expected - ChunkCipher.TagBytes);
        _chunk++;
    }
}
