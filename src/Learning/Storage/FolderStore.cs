using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;

namespace Tollgate.Learning.Storage;

/// <summary>
/// Contents as files of a local folder: <c>incoming/ID</c> while they come, <c>xx/ID</c> once they are committed, where <c>xx</c> are the
/// last two digits of the id. File and folders are synced before a commit returns.
/// </summary>
internal sealed partial class FolderStore : IBlobStore
{
    private const string IdFormat = "N";
    private readonly string _root;
    private readonly string _incoming;

    public FolderStore(IOptions<StorageOptions> options)
    {
        _root = Directory.CreateDirectory(options.Value.Folder).FullName;
        _incoming = Directory.CreateDirectory(Path.Combine(_root, "incoming")).FullName;
    }

    public Task<BlobWriter> CreateAsync(Guid id, CancellationToken cancellationToken) =>
        Task.FromResult<BlobWriter>(new Writer(this, id));

    public Task<Stream> OpenAsync(Guid id, long offset, CancellationToken cancellationToken)
    {
        try
        {
            var file = new FileStream(
                PathOf(id),
                new FileStreamOptions { Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });
            file.Position = offset;
            return Task.FromResult<Stream>(file);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new BlobMissingException(id, exception);
        }
    }

    public Task DeleteAsync(Guid id, CancellationToken cancellationToken)
    {
        var path = PathOf(id);
        if (File.Exists(path))
        {
            File.Delete(path);
            SyncFolder(Path.GetDirectoryName(path)!);
        }

        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<Guid> ListAsync(DateTimeOffset before, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var folder in Directory.EnumerateDirectories(_root).Where(path => Path.GetFileName(path).Length == 2))
        {
            foreach (var file in new DirectoryInfo(folder).EnumerateFiles())
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Guid.TryParseExact(file.Name, IdFormat, out var id) && file.LastWriteTimeUtc < before.UtcDateTime)
                {
                    yield return id;
                }
            }
        }

        await Task.CompletedTask;
    }

    public Task<int> DiscardUnfinishedAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var old = new DirectoryInfo(_incoming).EnumerateFiles().Where(file => file.LastWriteTimeUtc < before.UtcDateTime).ToList();
        old.ForEach(file => file.Delete());
        return Task.FromResult(old.Count);
    }

    private string PathOf(Guid id)
    {
        var name = id.ToString(IdFormat);
        return Path.Combine(_root, name[^2..], name);
    }

    /// <summary>Makes what was created, renamed or removed in a folder outlive a loss of power.</summary>
    private static void SyncFolder(string path)
    {
        var folder = Open(path, 0);
        if (folder < 0)
        {
            throw new IOException($"{path} cannot be opened: error {Marshal.GetLastPInvokeError()}.");
        }

        try
        {
            if (Sync(folder) != 0)
            {
                throw new IOException($"{path} cannot be synced: error {Marshal.GetLastPInvokeError()}.");
            }
        }
        finally
        {
            _ = Close(folder);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int file);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);

    private sealed class Writer : BlobWriter
    {
        private readonly FolderStore _store;
        private readonly Guid _id;
        private readonly string _path;
        private readonly FileStream _file;
        private bool _committed;

        public Writer(FolderStore store, Guid id)
        {
            (_store, _id, _path) = (store, id, Path.Combine(store._incoming, id.ToString(IdFormat)));
            _file = new FileStream(
                _path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 });
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
            _file.WriteAsync(bytes, cancellationToken);

        public override async Task CommitAsync(CancellationToken cancellationToken)
        {
            await Task.Run(() => _file.Flush(flushToDisk: true), cancellationToken); // It blocks for as long as the disk takes.
            await _file.DisposeAsync();
            var path = _store.PathOf(_id);
            var folder = Path.GetDirectoryName(path)!;
            if (!Directory.Exists(folder))
            {
                Directory.CreateDirectory(folder);
                SyncFolder(_store._root);
            }

            File.Move(_path, path);
            _committed = true;
            SyncFolder(folder);
        }

        public override async ValueTask DisposeAsync()
        {
            await _file.DisposeAsync();
            if (!_committed)
            {
                File.Delete(_path);
            }
        }
    }
}
