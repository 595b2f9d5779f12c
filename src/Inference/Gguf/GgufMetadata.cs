using System.Diagnostics.CodeAnalysis;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Gguf;

/// <summary>The key-value part of a GGUF file. Integers are kept as <see cref="long"/>, arrays as typed arrays.</summary>
internal sealed class GgufMetadata(IReadOnlyDictionary<string, object> values)
{
    public IReadOnlyDictionary<string, object> Values => values;

    public bool TryGet<T>(string key, [NotNullWhen(true)] out T? value)
    {
        if (!values.TryGetValue(key, out var found))
        {
            value = default;
            return false;
        }

        value = found is T typed ? typed : throw new ModelImportException($"The GGUF key '{key}' has the wrong type.");
        return true;
    }

    public T Get<T>(string key) =>
        TryGet<T>(key, out var value) ? value : throw new ModelImportException($"The GGUF file does not hold the key '{key}'.");

    public string? Text(string key) => TryGet<string>(key, out var text) ? text : null;

    public bool Flag(string key, bool otherwise) => TryGet<bool>(key, out var flag) ? flag : otherwise;

    /// <summary>A whole number in a range; <paramref name="otherwise"/> when the key is
    /// absent, an exception when that is null too.</summary>
    public int Number(string key, int least, int most, int? otherwise = null)
    {
        if (!values.ContainsKey(key) && otherwise is { } value)
        {
            return value;
        }

        var number = Get<long>(key);
        return number >= least && number <= most
            ? (int)number
            : throw new ModelImportException($"The GGUF key '{key}' is {number}; it must be {least} to {most}.");
    }

    /// <summary>A finite float, or <paramref name="otherwise"/> when the key is absent.</summary>
    public double Real(string key, double otherwise)
    {
        if (!TryGet<double>(key, out var real))
        {
            return otherwise;
        }

        return double.IsFinite(real) ? real : throw new ModelImportException($"The GGUF key '{key}' is not a finite number.");
    }
}
