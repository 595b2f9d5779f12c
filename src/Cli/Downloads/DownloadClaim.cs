using Tollgate.Cli.Commands;

namespace Tollgate.Cli.Downloads;

/// <summary>The right to fetch one thing into a folder of models and to import it, which one process has at a time. Two that fetch into one
/// folder would empty it under each other's import. Ends with its process, however that ends.</summary>
internal static class DownloadClaim
{
    private const string Suffix = ".lock";

    /// <summary>Takes the claim; disposal gives it back.</summary>
    /// <param name="name">A plain name of what is fetched.</param>
    /// <exception cref="OperatorException">Another process has it.</exception>
    public static IDisposable Take(string modelsFolder, string name)
    {
        var path = Download.FolderIn(modelsFolder, name + Suffix);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 0,
                FileOptions.DeleteOnClose);
        }
        catch (IOException exception)
        {
            throw new OperatorException(
                $"'{name}' is being installed by another call: {exception.Message} Wait for it; the same command works then.", exception);
        }
    }
}
