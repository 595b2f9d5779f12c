using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Checkpoints;

/// <summary>A folder of a model as it is published on Hugging Face. It is a stranger's: only plain files directly in it are read, by names
/// without a path, and none beyond its limit.</summary>
internal sealed class CheckpointFolder(string path)
{
    public string Path => path;

    /// <summary>Whether a folder looks like one: a configuration beside weights, and no graph of another task's layout.</summary>
    public static bool Is(string path)
    {
        if (!Directory.Exists(path))
        {
            return false;
        }

        var names = NamesIn(path);
        return names.Contains(Checkpoint.ConfigName) && !names.Contains("model.json")
            && names.Any(name => IsWeights(name) || CheckpointShards.IsPickle(name))
            && (!names.Any(name => name.EndsWith(".onnx", StringComparison.Ordinal)) || Checkpoint.IsDecoder(path));
    }

    /// <summary>Whether it holds safetensors.</summary>
    public bool HasWeights() => NamesIn(path).Any(IsWeights);

    /// <summary>Whether a file is there, of whatever kind.</summary>
    public bool Has(string name) => File.Exists(System.IO.Path.Combine(path, name));

    /// <summary>Path and length of a plain file; null where there is none.</summary>
    /// <exception cref="ModelImportException">It is a link, or empty.</exception>
    public (string Path, long Bytes)? Find(string name)
    {
        var file = new FileInfo(System.IO.Path.Combine(path, name));
        if (file.LinkTarget is not null)
        {
            throw new ModelImportException(
                $"'{name}' is a symbolic link; links in a folder are not followed. Copy the folder with its files first (cp -rL).");
        }

        if (!file.Exists)
        {
            return null;
        }

        // A pipe has no length either, and to open one would wait for its writer.
        return file.Length > 0 ? (file.FullName, file.Length) : throw new ModelImportException($"'{name}' is empty, or no plain file.");
    }

    /// <summary>A small file whole; null where there is none.</summary>
    /// <exception cref="ModelImportException">It is longer than the limit, or cannot be read.</exception>
    public byte[]? Read(string name, int mostBytes)
    {
        if (Find(name) is not var (file, bytes))
        {
            return null;
        }

        if (bytes > mostBytes)
        {
            throw new ModelImportException($"'{name}' has {bytes} bytes; at most {mostBytes} are read.");
        }

        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModelImportException($"'{name}' cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>An object of JSON; null where there is no such file.</summary>
    /// <exception cref="ModelImportException">The file is too long, is no JSON, names a member twice, or is no object.</exception>
    public JsonDocument? ReadJson(string name, int mostBytes)
    {
        if (Read(name, mostBytes) is not { } json)
        {
            return null;
        }

        try
        {
            var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document : throw new ModelImportException($"'{name}' is no object of JSON.");
        }
        catch (JsonException exception)
        {
            throw new ModelImportException($"'{name}' is no sound JSON: {exception.Message}", exception);
        }
    }

    /// <summary>Opens a file of weights.</summary>
    /// <exception cref="ModelImportException">There is none, or it cannot be read.</exception>
    public SafeFileHandle Open(string name)
    {
        var (file, _) = Find(name) ?? throw new ModelImportException($"The file '{name}' is missing.");
        try
        {
            return File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModelImportException($"'{name}' cannot be read: {exception.Message}", exception);
        }
    }

    private static string[] NamesIn(string path) => [.. Directory.EnumerateFiles(path).Select(file => System.IO.Path.GetFileName(file))];

    private static bool IsWeights(string name) => name.EndsWith(".safetensors", StringComparison.Ordinal);
}
