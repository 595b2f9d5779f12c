using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Learning.Sealing;
using Tollgate.Learning.Storage;

namespace Tollgate.Learning.Contents;

/// <summary>A content that is durable in the store.</summary>
/// <param name="Blob">Its id in the store.</param>
/// <param name="WrappedKey">The key that opens it, see <see cref="MasterKeys.Wrap"/>.</param>
/// <param name="Bytes">Plain bytes.</param>
/// <param name="Sha256">Of the plain bytes.</param>
internal sealed record SealedContent(Guid Blob, byte[] WrappedKey, long Bytes, byte[] Sha256);

/// <summary>Seals contents into the store and opens them again. Thread-safe.</summary>
internal sealed class ContentStore(IBlobStore blobs, MasterKeys keys, TimeProvider clock)
{
    private const int KeyBytes = 32;

    /// <summary>Begins a content with a key of its own.</summary>
    public async Task<ContentWriter> CreateAsync(CancellationToken cancellationToken)
    {
        var blob = Guid.CreateVersion7(clock.GetUtcNow());
        var key = RandomNumberGenerator.GetBytes(KeyBytes);
        return new ContentWriter(await blobs.CreateAsync(blob, cancellationToken), new ChunkCipher(key, blob), blob, keys.Wrap(key, blob));
    }

    /// <summary>
    /// Opens a content from a byte on. The first chunk is read and checked before this returns; reading on throws
    /// <see cref="DamagedContentException"/> at a later one that is damaged.
    /// </summary>
    /// <param name="bytes">Plain bytes of the whole content.</param>
    /// <param name="offset">0 to <paramref name="bytes"/>.</param>
    /// <exception cref="DamagedContentException">The content is missing, cut off or changed, or its key does not open it.</exception>
    public async Task<ContentReader> OpenAsync(
        Guid blob, byte[] wrappedKey, long bytes, long offset, CancellationToken cancellationToken)
    {
        var first = offset / ChunkCipher.ChunkBytes;
        ContentReader? reader = null;
        try
        {
            var cipher = new ChunkCipher(keys.Unwrap(wrappedKey, blob), blob);
            var source = await blobs.OpenAsync(blob, first * ChunkCipher.SealedBytes, cancellationToken);
            reader = new ContentReader(source, cipher, blob, bytes, first);
            await reader.StartAsync((int)(offset % ChunkCipher.ChunkBytes), cancellationToken);
            return reader;
        }
        catch (Exception exception) when (exception is CryptographicException or BlobMissingException or DamagedContentException)
        {
            await (reader?.DisposeAsync() ?? ValueTask.CompletedTask);
            throw exception as DamagedContentException ?? new DamagedContentException(blob, exception);
        }
    }

    /// <summary>Removes a content; one that is not there counts as removed.</summary>
    public Task RemoveAsync(Guid blob, CancellationToken cancellationToken) => blobs.DeleteAsync(blob, cancellationToken);
}

/// <summary>A stored content does not open: it is missing, cut off or changed, or its key is of another master key.</summary>
internal sealed class DamagedContentException(Guid blob, Exception? cause = null)
    : IOException($"Content {blob:N} does not open. {cause?.Message}", cause);

/// <summary>Registers the contents.</summary>
internal static class ContentsSlice
{
    public static IServiceCollection AddContents(this IServiceCollection services) =>
        services.AddSingleton<ContentStore>().AddSingleton<SealedColumn>();
}
