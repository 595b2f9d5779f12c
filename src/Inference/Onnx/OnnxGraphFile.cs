using Tollgate.Inference.Models;

namespace Tollgate.Inference.Onnx;

/// <summary>A stranger's ONNX graph, read and inspected once. What was inspected is what is installed: the source may change in
/// between.</summary>
internal sealed class OnnxGraphFile
{
    /// <summary>Name of the graph in the usual exporters' folders, and in a version's folder.</summary>
    public const string UsualName = "model.onnx";

    private const long MostBytes = 2_000_000_000;

    private readonly string _path;
    private readonly byte[] _model;

    private OnnxGraphFile(string path, byte[] model, OnnxInspection inspection) =>
        (_path, _model, Inspection) = (path, model, inspection);

    public OnnxInspection Inspection { get; }

    /// <summary>Reads and inspects a graph.</summary>
    /// <exception cref="ModelImportException">It is too large or unsound, or uses operators that ONNX Runtime does not have.</exception>
    public static async Task<OnnxGraphFile> ReadAsync(string path, CancellationToken cancellationToken)
    {
        if (new FileInfo(path).Length > MostBytes)
        {
            throw new ModelImportException($"{Name(path)} is larger than 2 GB; weights of that size belong in a file beside it.");
        }

        var model = await File.ReadAllBytesAsync(path, cancellationToken);
        var inspection = OnnxInspection.Read(model);
        var foreign = inspection.Domains.FirstOrDefault(domain => domain is not ("" or "ai.onnx" or "ai.onnx.ml" or "com.microsoft"));
        return foreign is not null
            ? throw new ModelImportException($"{Name(path)} uses operators of the domain '{foreign}', which ONNX Runtime does not have.")
            : new OnnxGraphFile(path, model, inspection);
    }

    /// <summary>The graph of an exporter's folder, in it or in its <c>onnx</c>; null where there is none.</summary>
    public static string? Find(string folder) =>
        Array.Find([Path.Combine(folder, UsualName), Path.Combine(folder, "onnx", UsualName)], File.Exists);

    /// <summary>Writes the graph into a folder, and copies the weights that lie beside it under their own names.</summary>
    /// <param name="name">The graph's name in <paramref name="folder"/>.</param>
    /// <param name="reserved">Further names in <paramref name="folder"/> that no file of weights may have.</param>
    /// <exception cref="ModelImportException">The weights are not beside the graph.</exception>
    public async Task CopyAsync(string folder, string name, IReadOnlyCollection<string> reserved, CancellationToken cancellationToken)
    {
        await File.WriteAllBytesAsync(Path.Combine(folder, name), _model, cancellationToken);
        foreach (var (file, bytes) in Inspection.ExternalFiles)
        {
            if (!ModelName.IsValid(file) || file == name || file == ModelManifest.FileName || reserved.Contains(file))
            {
                throw new ModelImportException(
                    $"{Name(_path)} keeps weights in '{file}', which is not a plain lower-case file name of its own beside it.");
            }

            TakeWeights(Path.GetDirectoryName(Path.GetFullPath(_path))!, folder, file, bytes);
        }
    }

    private static void TakeWeights(string source, string folder, string file, long leastBytes)
    {
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

    /// <summary>The graph with its folder, such as <c>unet/model.onnx</c>.</summary>
    private static string Name(string path)
    {
        var full = Path.GetFullPath(path);
        return $"'{Path.GetFileName(Path.GetDirectoryName(full))}/{Path.GetFileName(full)}'";
    }
}
