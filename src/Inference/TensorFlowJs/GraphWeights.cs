using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.TensorFlowJs;

/// <summary>Reads the weights of a TF.js model: one or more groups, each a run of tensors over the bytes of its files, one after the
/// other.</summary>
/// <remarks>Quantised weights as TF.js's <c>decodeWeights</c> reads them: <c>q × scale + min</c> of 8 or 16 bits, or float16.</remarks>
internal sealed class GraphWeights
{
    /// <summary>Most bytes of all files, and most bytes of all tensors once they are decoded.</summary>
    private const long MostBytes = 1L << 30;

    private const int MostTensors = 100_000;
    private const int MostRank = 8;

    private readonly string _folder;
    private readonly Dictionary<string, GraphTensor> _tensors = new(StringComparer.Ordinal);
    private long _fileBytes;
    private long _elements;

    private GraphWeights(string folder) => _folder = folder;

    /// <summary>Reads every tensor of a <c>weightsManifest</c>.</summary>
    /// <param name="folder">Where the files are.</param>
    /// <param name="hash">Receives their bytes.</param>
    /// <exception cref="ModelImportException">A file is missing, or its bytes are not what the manifest states.</exception>
    public static async Task<IReadOnlyDictionary<string, GraphTensor>> ReadAsync(
        JsonElement manifest, string folder, IncrementalHash hash, CancellationToken cancellationToken)
    {
        if (manifest.ValueKind != JsonValueKind.Array)
        {
            throw Refuse("is not a list");
        }

        var weights = new GraphWeights(folder);
        foreach (var group in manifest.EnumerateArray())
        {
            var (paths, entries) = (Member(group, "paths"), Member(group, "weights"));
            if (paths is not { ValueKind: JsonValueKind.Array } files || entries is not { ValueKind: JsonValueKind.Array } tensors)
            {
                throw Refuse("has a group without paths or weights");
            }

            var bytes = await weights.JoinAsync(files, cancellationToken);
            hash.AppendData(bytes);
            weights.ReadGroup(bytes, tensors);
        }

        return weights._tensors;
    }

    private async Task<byte[]> JoinAsync(JsonElement files, CancellationToken cancellationToken)
    {
        var paths = new List<FileInfo>();
        foreach (var file in files.EnumerateArray())
        {
            var name = file.ValueKind == JsonValueKind.String ? file.GetString()! : "";
            if (name.Length is 0 or > 255 || name is "." or ".." || name.AsSpan().ContainsAny("/\\\0"))
            {
                throw Refuse("names a file of weights that is not a plain name beside the model");
            }

            var path = new FileInfo(Path.Combine(_folder, name));
            if (!path.Exists || path.LinkTarget is not null)
            {
                throw new ModelImportException($"The file of weights '{name}' is not beside the model.");
            }

            _fileBytes += path.Length;
            if (_fileBytes > MostBytes)
            {
                throw new ModelImportException($"The files of weights have more than {MostBytes} bytes.");
            }

            paths.Add(path);
        }

        var joined = new byte[paths.Sum(path => path.Length)];
        var at = 0;
        foreach (var path in paths)
        {
            await using var stream = path.OpenRead();
            await stream.ReadExactlyAsync(joined.AsMemory(at, (int)path.Length), cancellationToken);
            at += (int)path.Length;
        }

        return joined;
    }

    private void ReadGroup(ReadOnlySpan<byte> bytes, JsonElement tensors)
    {
        foreach (var entry in tensors.EnumerateArray())
        {
            if (Member(entry, "name") is not { ValueKind: JsonValueKind.String } named || _tensors.Count == MostTensors
                || !_tensors.TryAdd(named.GetString()!, Read(named.GetString()!, entry, ref bytes)))
            {
                throw Refuse($"has a tensor without a name, two of one name, or more than {MostTensors}");
            }
        }

        if (bytes.Length > 0)
        {
            throw new ModelImportException($"The files of weights have {bytes.Length} bytes more than their tensors.");
        }
    }

    private GraphTensor Read(string name, JsonElement entry, ref ReadOnlySpan<byte> bytes)
    {
        var shape = ReadShape(name, entry);
        var count = CountOf(name, shape);
        var type = TextOf(entry, "dtype");
        var quantization = Member(entry, "quantization");
        var stored = quantization is { } how ? TextOf(how, "dtype") : type;
        var width = stored switch
        {
            "float32" or "int32" => 4,
            "float16" or "uint16" => 2,
            "uint8" or "bool" => 1,
            _ => throw Refuse($"stores '{name}' as '{stored}', which is not supported"),
        };
        if (count * width > bytes.Length)
        {
            throw new ModelImportException(
                $"The files of weights are cut off, or the shape of '{name}' is wrong: it takes {count * width} bytes, and {bytes.Length} "
                + "are left.");
        }

        var data = bytes[..(int)(count * width)];
        bytes = bytes[(int)(count * width)..];
        return (type, stored) switch
        {
            ("float32", "float32") when quantization is null => OfFloats(shape, Decode(data, 4, BinaryPrimitives.ReadSingleLittleEndian)),
            ("float32", "float16") => OfFloats(shape, Decode(data, 2, half => (float)BinaryPrimitives.ReadHalfLittleEndian(half))),
            ("float32", "uint8" or "uint16") => OfFloats(
                shape, Array.ConvertAll(Scaled(name, data, width, quantization!.Value), value => (float)value)),
            ("int32", "int32") when quantization is null => OfIntegers(
                TensorKind.Integer, shape, Decode(data, 4, four => (long)BinaryPrimitives.ReadInt32LittleEndian(four))),
            ("int32", "uint8" or "uint16") => OfIntegers(
                TensorKind.Integer, shape,
                Array.ConvertAll(Scaled(name, data, width, quantization!.Value), value => (long)Math.Floor(value + 0.5))),
            ("bool", "bool") when quantization is null => OfIntegers(
                TensorKind.Boolean, shape, Decode(data, 1, one => one[0] == 0 ? 0L : 1L)),
            _ => throw Refuse($"stores '{name}' of type '{type}' as '{stored}', which is not supported"),
        };
    }

    private static int[] ReadShape(string name, JsonElement entry)
    {
        if (Member(entry, "shape") is not { ValueKind: JsonValueKind.Array } sizes || sizes.GetArrayLength() > MostRank
            || !sizes.EnumerateArray().All(size => size.ValueKind == JsonValueKind.Number && size.TryGetInt32(out var n) && n >= 0))
        {
            throw Refuse($"has no shape of up to {MostRank} sizes for '{name}'");
        }

        return [.. sizes.EnumerateArray().Select(size => size.GetInt32())];
    }

    private long CountOf(string name, int[] shape)
    {
        var count = 1L;
        foreach (var size in shape)
        {
            count *= size; // At most 2^59: the check below keeps the last product under 2^28.
            if (_elements + count > MostBytes / sizeof(float))
            {
                throw new ModelImportException(
                    $"The weights have more than {MostBytes} bytes with the tensor '{name}' of the shape {string.Join(" x ", shape)}.");
            }
        }

        _elements += count;
        return count;
    }

    private static double[] Scaled(string name, ReadOnlySpan<byte> data, int width, JsonElement quantization)
    {
        var (scale, min) = (NumberOf(name, quantization, "scale"), NumberOf(name, quantization, "min"));
        return Decode(
            data, width, bytes => ((width == 1 ? bytes[0] : BinaryPrimitives.ReadUInt16LittleEndian(bytes)) * scale) + min);
    }

    private static double NumberOf(string name, JsonElement quantization, string member) =>
        Member(quantization, member) is { ValueKind: JsonValueKind.Number } number && float.IsFinite((float)number.GetDouble())
            ? number.GetDouble() : throw Refuse($"has no usable '{member}' for '{name}'");

    private static T[] Decode<T>(ReadOnlySpan<byte> data, int width, Decoder<T> decode)
    {
        var numbers = new T[data.Length / width];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = decode(data.Slice(i * width, width));
        }

        return numbers;
    }

    private static GraphTensor OfFloats(int[] shape, float[] numbers) => new(TensorKind.Float, shape, numbers, []);

    private static GraphTensor OfIntegers(TensorKind kind, int[] shape, long[] numbers) => new(kind, shape, [], numbers);

    private static JsonElement? Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;

    private static string TextOf(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.String } text && text.GetString() is { Length: < 100 } value ? value : "";

    private static ModelImportException Refuse(string what) => new($"The model's weightsManifest {what}.");

    private delegate T Decoder<T>(ReadOnlySpan<byte> bytes);
}
