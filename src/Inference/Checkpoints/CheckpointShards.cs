using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Checkpoints;

/// <summary>The weights of a folder: <c>model.safetensors</c>, or the files that <c>model.safetensors.index.json</c> names.</summary>
internal sealed class CheckpointShards : IDisposable
{
    public const string Whole = "model.safetensors";
    public const string Index = "model.safetensors.index.json";

    private const int MostIndexBytes = 16 << 20;
    private const int MostShards = 512;

    private readonly Dictionary<string, SafetensorsFile> _files = new(StringComparer.Ordinal);

    private CheckpointShards()
    {
    }

    public IEnumerable<SafetensorsFile> Files => _files.Values;

    /// <summary>Whether a file is one of those that Python unpickles: programs that could do anything.</summary>
    public static bool IsPickle(string name) => Path.GetExtension(name) is ".pt" or ".pth" or ".ckpt" or ".pkl"
        || (name.StartsWith("pytorch_model", StringComparison.Ordinal) && name.EndsWith(".bin", StringComparison.Ordinal));

    /// <exception cref="ModelImportException">There are no such weights, or they are not sound or do not fit together.</exception>
    public static CheckpointShards Open(CheckpointFolder folder)
    {
        var shards = new CheckpointShards();
        try
        {
            if (folder.Has(Whole))
            {
                shards._files.Add(Whole, SafetensorsFile.Open(folder, Whole));
                return shards;
            }

            using var index = folder.ReadJson(Index, MostIndexBytes) ?? throw new ModelImportException(ExplainMissing(folder));
            shards.OpenAll(folder, ReadMap(index.RootElement));
            return shards;
        }
        catch
        {
            shards.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var file in _files.Values)
        {
            file.Dispose();
        }
    }

    private void OpenAll(CheckpointFolder folder, Dictionary<string, string> map)
    {
        foreach (var name in map.Values.Distinct(StringComparer.Ordinal))
        {
            _files.Add(name, _files.Count < MostShards ? SafetensorsFile.Open(folder, name)
                : throw new ModelImportException($"'{Index}' names more than {MostShards} files."));
        }

        foreach (var (tensor, name) in map)
        {
            if (!_files[name].Tensors.ContainsKey(tensor))
            {
                throw new ModelImportException($"'{name}' lacks the tensor '{tensor}', which '{Index}' places there.");
            }
        }

        foreach (var file in _files.Values)
        {
            var other = file.Tensors.Keys.FirstOrDefault(tensor => map.GetValueOrDefault(tensor) != file.Name);
            if (other is not null)
            {
                throw new ModelImportException($"'{file.Name}' holds the tensor '{other}', which '{Index}' does not place there.");
            }
        }
    }

    private static Dictionary<string, string> ReadMap(JsonElement index)
    {
        if (!index.TryGetProperty("weight_map", out var map) || map.ValueKind != JsonValueKind.Object)
        {
            throw new ModelImportException($"'{Index}' has no 'weight_map'.");
        }

        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var member in map.EnumerateObject())
        {
            var file = member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : "";
            if (Path.GetFileName(file) != file || file.Contains('\\', StringComparison.Ordinal)
                || Path.GetExtension(file) != ".safetensors")
            {
                throw new ModelImportException($"'{Index}' places the tensor '{member.Name}' in '{file}', "
                    + "which is not the name of a .safetensors file of the folder.");
            }

            files.Add(member.Name, file);
        }

        return files.Count > 0 ? files : throw new ModelImportException($"'{Index}' names no tensor.");
    }

    private static string ExplainMissing(CheckpointFolder folder)
    {
        var names = Directory.EnumerateFiles(folder.Path).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal).ToArray();
        var missing = $"There is neither '{Whole}' nor '{Index}' in the folder.";
        return Array.Find(names, IsPickle) is { } pickle
            ? $"{missing} '{pickle}' is a pickle, a program of Python that is not run: save the model as safetensors with "
                + "transformers' save_pretrained, or take a GGUF file of it."
            : names.Contains("adapter_model.safetensors") ? $"{missing} It holds an adapter; merge it into its model first."
            : missing;
    }
}
