using Microsoft.Win32.SafeHandles;
using Tollgate.Inference.Checkpoints;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Exported;

/// <summary>The files of an exported graph, open for the import: the graph and the files of numbers beside it.</summary>
internal sealed class ExportedFiles(CheckpointFolder folder) : IDisposable
{
    private readonly Dictionary<string, SafeFileHandle> _files = new(StringComparer.Ordinal);

    /// <summary>Opens a file of the folder, once.</summary>
    /// <param name="tensor">The constant whose numbers lie in it, for errors.</param>
    /// <exception cref="ModelImportException">It is no plain file directly in the folder.</exception>
    public SafeFileHandle Open(string name, string tensor)
    {
        if (Path.GetFileName(name) != name || name.Contains('\\', StringComparison.Ordinal) || name is "" or "." or "..")
        {
            throw new ModelImportException(
                $"The constant '{ExportedGraphReader.Shorten(tensor)}' lies in '{ExportedGraphReader.Shorten(name)}', which is not the "
                + "name of a file beside the graph.");
        }

        if (!_files.TryGetValue(name, out var file))
        {
            _files[name] = file = folder.Open(name);
        }

        return file;
    }

    public void Dispose()
    {
        foreach (var file in _files.Values)
        {
            file.Dispose();
        }
    }
}
