namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>
/// An exclusive lock between processes on a file of a local file system. The kernel frees it at the end of the process that holds it, a
/// kill included.
/// </summary>
public static class FileLock
{
    private const int HeldByAnother = 11; // EWOULDBLOCK, as flock reports it.

    /// <summary>Takes the lock until the stream is disposed, and creates the file. Null while another process has it.</summary>
    /// <exception cref="IOException">The file cannot be created or opened.</exception>
    public static FileStream? TryTake(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (exception.HResult == HeldByAnother)
        {
            return null;
        }
    }
}
