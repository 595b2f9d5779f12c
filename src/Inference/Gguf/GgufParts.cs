using System.Globalization;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Gguf;

/// <summary>A GGUF model in one file, or in the parts <c>NAME-00001-of-00003.gguf</c> and so on, presented as one.</summary>
internal sealed class GgufParts : IWeightFile, IDisposable
{
    private const int MostParts = 512;
    private const string Number = "split.no";
    private const string Count = "split.count";
    private const string TensorCount = "split.tensors.count";

    private readonly IReadOnlyList<GgufFile> _files;
    private readonly Dictionary<string, GgufFile> _fileOf = new(StringComparer.Ordinal);
    private readonly Dictionary<string, GgufTensor> _tensors = new(StringComparer.Ordinal);

    private GgufParts(IReadOnlyList<string> paths, IReadOnlyList<GgufFile> files)
    {
        (Paths, _files) = (paths, files);
        for (var i = 0; i < files.Count; i++)
        {
            foreach (var tensor in files[i].Tensors.Values)
            {
                if (!_tensors.TryAdd(tensor.Name, tensor))
                {
                    throw new ModelImportException(
                        $"'{Path.GetFileName(paths[i])}' holds the tensor '{tensor.Name}', which another part holds too.");
                }

                _fileOf[tensor.Name] = files[i];
            }
        }

        // What the parts are parts of is checked here and says nothing of the model.
        Metadata = new GgufMetadata(files[0].Metadata.Values.Where(key => !key.Key.StartsWith("split.", StringComparison.Ordinal))
            .ToDictionary(StringComparer.Ordinal));
    }

    /// <summary>The files, in the order of their parts.</summary>
    public IReadOnlyList<string> Paths { get; }

    public GgufMetadata Metadata { get; }

    public IReadOnlyDictionary<string, GgufTensor> Tensors => _tensors;

    /// <summary>Whether a folder holds GGUF files.</summary>
    public static bool IsFolder(string path) => Directory.Exists(path) && FilesOf(path).Length > 0;

    /// <summary>Opens a whole model.</summary>
    /// <param name="path">A file, any part of several, or a folder that holds one model.</param>
    /// <exception cref="ModelImportException">A file is missing, unsound or no part of this model, or the folder holds several
    /// models.</exception>
    public static GgufParts Open(string path)
    {
        var paths = PartsOf(Directory.Exists(path) ? FindFirst(path) : path);
        var files = new List<GgufFile>();
        try
        {
            foreach (var part in paths)
            {
                files.Add(OpenPart(part, paths.Length > 1));
                CheckPart(files[^1].Metadata, part, files.Count - 1, paths.Length);
            }

            if (paths.Length > 1)
            {
                CheckTogether(paths, files);
            }

            return new GgufParts(paths, files);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    public float[] Read(GgufTensor tensor) => _fileOf[tensor.Name].Read(tensor);

    public byte[]? ReadEncoded(GgufTensor tensor, int firstRow, int rows) => _fileOf[tensor.Name].ReadEncoded(tensor, firstRow, rows);

    public void Dispose()
    {
        foreach (var file in _files)
        {
            file.Dispose();
        }
    }

    private static GgufFile OpenPart(string path, bool several)
    {
        try
        {
            return GgufFile.Open(path);
        }
        catch (ModelImportException exception) when (several)
        {
            throw new ModelImportException($"'{Path.GetFileName(path)}': {exception.Message}", exception);
        }
    }

    /// <summary>The part of a folder's only model that stands first.</summary>
    private static string FindFirst(string folder)
    {
        var files = FilesOf(folder);
        if (files.FirstOrDefault(file => new FileInfo(file).LinkTarget is not null) is { } link)
        {
            throw new ModelImportException($"'{Path.GetFileName(link)}' is a symbolic link; links in a folder are not followed.");
        }

        var firsts = files.DistinctBy(file => GgufPartName.ModelOf(Path.GetFileName(file))).ToArray();
        return firsts.Length == 1 ? firsts[0] : throw new ModelImportException(
            $"The folder '{ModelFolder.NameOf(folder)}' holds several models: {string.Join(", ", firsts.Select(Path.GetFileName))}. "
            + "Name the file of one.");
    }

    private static string[] FilesOf(string folder) =>
    [
        .. Directory.EnumerateFiles(folder)
            .Where(file => Path.GetExtension(file).Equals(".gguf", StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal),
    ];

    /// <summary>All files of the model that a file is a part of, in their order; the file alone where its name is that of no
    /// part.</summary>
    private static string[] PartsOf(string path)
    {
        var name = GgufPartName.Match(Path.GetFileName(path));
        if (!name.Success)
        {
            return [path];
        }

        var count = int.Parse(name.Groups["count"].ValueSpan, CultureInfo.InvariantCulture);
        if (count is < 1 or > MostParts)
        {
            throw new ModelImportException($"'{Path.GetFileName(path)}' is one of {count} parts; 1 to {MostParts} are taken.");
        }

        var paths = Enumerable.Range(1, count).Select(number => Path.Combine(
            Path.GetDirectoryName(path)!,
            $"{name.Groups["stem"].Value}-{number:D5}-of-{count:D5}{Path.GetExtension(path)}")).ToArray();
        return Array.Find(paths, part => !File.Exists(part)) is { } missing
            ? throw new ModelImportException($"The part '{Path.GetFileName(missing)}' is missing beside '{Path.GetFileName(path)}'.")
            : paths;
    }

    private static void CheckPart(GgufMetadata metadata, string path, int number, int count)
    {
        var name = Path.GetFileName(path);
        var (foundCount, foundNumber) = (metadata.Number(Count, 0, ushort.MaxValue, otherwise: 0),
            metadata.Number(Number, 0, ushort.MaxValue, otherwise: 0));
        if (count == 1 && foundCount > 1)
        {
            throw new ModelImportException(
                $"'{name}' is part {foundNumber + 1} of {foundCount}. The parts are found by their names, such as "
                + $"'model-00001-of-{foundCount:D5}.gguf': give it its name back.");
        }

        if (count > 1 && (foundCount != count || foundNumber != number))
        {
            throw new ModelImportException(foundCount == 0
                ? $"'{name}' is no part of a model in {count} parts: it has no key '{Count}'."
                : $"'{name}' is not the part that its name says: by its keys it is part {foundNumber + 1} of {foundCount}.");
        }
    }

    private static void CheckTogether(string[] paths, List<GgufFile> files)
    {
        var first = files[0].Metadata;
        var total = first.Number(TensorCount, 0, int.MaxValue);
        for (var i = 1; i < files.Count; i++)
        {
            foreach (var (key, value) in files[i].Metadata.Values.Where(k => k.Key != Number))
            {
                // Parts after the first repeat few keys or none, so what they do repeat must agree.
                var same = first.Values.TryGetValue(key, out var expected)
                    && (value is Array ? expected is Array : Equals(expected, value));
                if (!same)
                {
                    throw new ModelImportException(
                        $"'{Path.GetFileName(paths[i])}' is a part of another model: its key '{key}' differs from that of the first part.");
                }
            }
        }

        var found = files.Sum(file => file.Tensors.Count);
        if (found != total)
        {
            throw new ModelImportException(
                $"The {files.Count} parts hold {found} tensors together; by '{TensorCount}' they should hold {total}. "
                + "One of them is of another model.");
        }
    }
}
