namespace Tollgate.Learning.Storage;

/// <summary>
/// Keeps sealed contents by their ids: in a folder, or in a bucket of S3's protocol. It knows nothing of what they are. Thread-safe.
/// </summary>
internal interface IBlobStore
{
    /// <summary>Begins a content, which exists for nobody before <see cref="BlobWriter.CommitAsync"/>.</summary>
    Task<BlobWriter> CreateAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Reads a content from a byte on.</summary>
    /// <exception cref="BlobMissingException">The store has no such content.</exception>
    Task<Stream> OpenAsync(Guid id, long offset, CancellationToken cancellationToken);

    /// <summary>Removes a content; one that is not there counts as removed.</summary>
    Task DeleteAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>All contents that were committed before an instant.</summary>
    IAsyncEnumerable<Guid> ListAsync(DateTimeOffset before, CancellationToken cancellationToken);

    /// <summary>
    /// Removes contents that were begun and have neither been committed nor written to since an instant. Returns how many.
    /// </summary>
    Task<int> DiscardUnfinishedAsync(DateTimeOffset before, CancellationToken cancellationToken);
}

/// <summary>Writes one content in order. Dispose without a commit removes what was written.</summary>
internal abstract class BlobWriter : IAsyncDisposable
{
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Makes the content durable: when this returns, it outlives a loss of power.</summary>
    public abstract Task CommitAsync(CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();
}

/// <summary>The store has no content of an id.</summary>
internal sealed class BlobMissingException(Guid id, Exception? cause = null) : IOException($"The store has no content {id:N}.", cause);
