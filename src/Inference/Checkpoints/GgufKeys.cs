using Tollgate.Inference.Gguf;

namespace Tollgate.Inference.Checkpoints;

/// <summary>Keys, and tensors that are computed and not stored, of the GGUF that a folder is presented as.</summary>
internal sealed class GgufKeys
{
    private readonly Dictionary<string, object> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, float[]> _computed = new(StringComparer.Ordinal);
    private readonly string _architecture;

    public GgufKeys(string architecture)
    {
        _architecture = architecture;
        _values["general.architecture"] = architecture;
    }

    public IReadOnlyDictionary<string, float[]> Computed => _computed;

    public GgufMetadata ToMetadata() => new(_values);

    /// <summary>A key of the architecture.</summary>
    public void Set(string key, int value) => _values[$"{_architecture}.{key}"] = (long)value;

    /// <summary>A key of the architecture, in the precision that the format gives it.</summary>
    public void Set(string key, double value) => _values[$"{_architecture}.{key}"] = (double)(float)value;

    public void Set(string key, string value) => _values[$"{_architecture}.{key}"] = value;

    /// <summary>A key of the tokenizer or of the file, by its whole name.</summary>
    /// <param name="value">As <see cref="GgufMetadata"/> holds values: a text, a flag, a <see cref="long"/>, an array.</param>
    public void SetWhole(string key, object value) => _values[key] = value;

    /// <summary>A vector that the file would hold.</summary>
    public void Compute(string tensor, IEnumerable<double> numbers) => _computed[tensor] = [.. numbers.Select(number => (float)number)];
}
