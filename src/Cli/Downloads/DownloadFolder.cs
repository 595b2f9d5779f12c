using System.Security.Cryptography;
using Tollgate.Cli.Commands;

namespace Tollgate.Cli.Downloads;

/// <summary>The folder of one download, on the disk of the models, so that files need not be copied. One process has it at a time, from
/// the first byte to the end of the import: two would empty it under each other's import. The claim is a lock on a file beside the folder,
/// which ends with its process, however that ends; what was fetched stays for the next call.</summary>
internal sealed class DownloadFolder : IDisposable
{
    /// <summary>Folder for downloads among the models; its name is that of no model.</summary>
    private const string Downloads = ".downloads";
    private const string Suffix = ".lock";

    private readonly FileStream _claim;

    private DownloadFolder(string path, FileStream claim) => (Path, _claim) = (path, claim);

    public string Path { get; }

    /// <summary>Takes the folder, which need not be there; disposal gives it back.</summary>
    /// <param name="name">A plain name that tells versions apart.</param>
    /// <exception cref="OperatorException">Another process has it, or its claim cannot be written.</exception>
    public static DownloadFolder Take(string modelsFolder, string name)
    {
        var path = System.IO.Path.Combine(modelsFolder, Downloads, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        try
        {
            while (true)
            {
                var claim = new FileStream(
                    path + Suffix, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
                if (IsStillNamed(claim))
                {
                    return new DownloadFolder(path, claim);
                }

                claim.Dispose();
            }
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new OperatorException($"'{name}' cannot be fetched: {exception.Message}", exception);
        }
        catch (IOException exception)
        {
            throw new OperatorException(
                $"'{name}' is being fetched or imported by another call: {exception.Message} Wait for it; the same command works then.",
                exception);
        }
    }

    /// <summary>Removes what was fetched: an import has its own files.</summary>
    public void Remove() => Directory.Delete(Path, recursive: true);

    /// <summary>Gives the folder back. Twice does nothing more.</summary>
    public void Dispose()
    {
        if (_claim.CanWrite)
        {
            File.Delete(_claim.Name); // while the lock is held, so that it is no later claim's file
            _claim.Dispose();
        }
    }

    /// <summary>Whether a locked file has its name still. Its last owner may have removed it between the opening and the lock, and then
    /// another process may lock a new one. A second opening would wait for the lock, so the file is known by a time that nobody else
    /// gives it.</summary>
    private static bool IsStillNamed(FileStream claim)
    {
        var mark = DateTime.UnixEpoch.AddSeconds(RandomNumberGenerator.GetInt32(int.MaxValue));
        File.SetLastWriteTimeUtc(claim.SafeFileHandle, mark);
        return File.GetLastWriteTimeUtc(claim.Name) == mark;
    }
}
