using Tollgate.Inference.Gguf;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Decoders;

/// <summary>The keys of a GGUF file that describe its architecture: <c>llama.context_length</c> and so on. A closed world, like the
/// tensors: a key that nothing reads may change what the model computes, so it is refused.</summary>
internal sealed class ArchitectureKeys(GgufMetadata metadata, string architecture)
{
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    public int Number(string key, int least, int most, int? otherwise = null) => metadata.Number(Name(key), least, most, otherwise);

    public double Real(string key, double otherwise) => metadata.Real(Name(key), otherwise);

    /// <summary>A real above 0, or <paramref name="otherwise"/> when the key is absent.</summary>
    public double Positive(string key, double otherwise)
    {
        if (!metadata.Values.ContainsKey(Name(key)))
        {
            return otherwise;
        }

        var real = metadata.Real(Name(key), 0);
        return real is > 0 and < 1e9
            ? real : throw new ModelImportException($"The GGUF key '{Name(key)}' is {real}; it must be above 0.");
    }

    public string? Text(string key) => metadata.Text(Name(key));

    /// <summary>One flag a layer; null when the key is absent or a number.</summary>
    public bool[]? Flags(string key, int count)
    {
        if (!metadata.Values.TryGetValue(Name(key), out var found) || found is not bool[] flags)
        {
            return null;
        }

        return flags.Length == count
            ? flags : throw new ModelImportException($"The GGUF key '{Name(key)}' has {flags.Length} flags for {count} layers.");
    }

    /// <summary>Takes the key with one value only.</summary>
    public void Require(string key, object value, string otherwise)
    {
        if (metadata.Values.TryGetValue(Name(key), out var found) && !found.Equals(value is int number ? (long)number : value))
        {
            throw new ModelImportException($"The GGUF key '{Name(key)}' is {found}: {otherwise}.");
        }
    }

    /// <summary>Takes the key with any value: it changes nothing.</summary>
    public void Ignore(string key) => Name(key);

    /// <exception cref="ModelImportException">The file has a key of this architecture that was not read.</exception>
    public void RefuseOthers()
    {
        var unknown = metadata.Values.Keys.FirstOrDefault(
            k => k.StartsWith(architecture + ".", StringComparison.Ordinal) && !_read.Contains(k));
        if (unknown is not null)
        {
            throw new ModelImportException(
                $"The GGUF key '{unknown}' is not known to the importer and may change what the model computes, "
                + "so the file is not taken.");
        }
    }

    /// <summary>The whole name of a key, which is thereby known.</summary>
    public string Name(string key)
    {
        var name = $"{architecture}.{key}";
        _read.Add(name);
        return name;
    }
}
