using Tollgate.Inference.Models;

namespace Tollgate.Inference.Onnx;

/// <summary>Takes a stranger's ONNX graph and its files of weights into a version under construction.</summary>
internal static class OnnxGraphFile
{
    private const long MostBytes = 2_000_000_000;

    /// <summary>Reads and inspects a graph, and copies it with the weights that lie beside it. What was inspected is what is installed: the
    /// source may change in between.</summary>
    /// <param name="path">The graph.</param>
    /// <param name="folder">Receives the graph as <paramref name="name"/> and the weights under their own names.</param>
    /// <param name="reserved">Names in <paramref name="folder"/> that no file of weights may have.</param>
    /// <exception cref="ModelImportException">The graph is unsound, uses operators that ONNX Runtime does not have, or its weights are not
    /// beside it.</exception>
    public static async Task<OnnxInspection> TakeAsync(
        string path, string folder, string name, IReadOnlyCollection<string> reserved, CancellationToken cancellationToken)
    {
        if (new FileInfo(path).Length > MostBytes)
        {
            throw new ModelImportException("The ONNX file is larger than 2 GB; weights of that size belong in a file beside it.");
        }

        var model = await File.ReadAllBytesAsync(path, cancellationToken);
        var inspection = OnnxInspection.Read(model);
        if (inspection.Domains.FirstOrDefault(d => d is not ("" or "ai.onnx" or "ai.onnx.ml" or "com.microsoft")) is { } foreign)
        {
            throw new ModelImportException($"The model uses operators of the domain '{foreign}', which ONNX Runtime does not have.");
        }

        await File.WriteAllBytesAsync(Path.Combine(folder, name), model, cancellationToken);
        var source = Path.GetDirectoryName(Path.GetFullPath(path))!;
        foreach (var (file, bytes) in inspection.ExternalFiles)
        {
            if (file == name || reserved.Contains(file) || file == ModelManifest.FileName)
            {
                throw new ModelImportException($"The model keeps weights in '{file}', which is the name of another file of the model.");
            }

            TakeWeights(source, folder, file, bytes);
        }

        return inspection;
    }

    /// <summary>Copies a file of weights; only a plain name beside the graph is followed.</summary>
    private static void TakeWeights(string source, string folder, string file, long leastBytes)
    {
        if (!ModelName.IsValid(file))
        {
            throw new ModelImportException($"The model keeps weights in '{file}', which is not a plain lower-case file name beside it.");
        }

        var path = new FileInfo(Path.Combine(source, file));
        if (!path.Exists || path.LinkTarget is not null)
        {
            throw new ModelImportException($"The file of weights '{file}' is not beside the model.");
        }

        if (path.Length < leastBytes)
        {
            throw new ModelImportException(
                $"The file of weights '{file}' is shorter than the {leastBytes} bytes that the model uses of it.");
        }

        path.CopyTo(Path.Combine(folder, file));
    }
}
