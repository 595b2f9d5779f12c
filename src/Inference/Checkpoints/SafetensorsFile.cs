using System.Buffers.Binary;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Checkpoints;

/// <summary>An open safetensors file: eight bytes with the length of a header, the header in JSON, the numbers. The header is read and
/// checked on opening, tensors are read on demand.</summary>
/// <remarks>The file is a stranger's: every length, offset and size is checked before it is used. As the format demands, the tensors cover
/// the rest of the file without gap or overlap. Safe for concurrent reads.</remarks>
internal sealed class SafetensorsFile : IDisposable
{
    /// <summary>A thousand layers of a hundred tensors take a tenth of it.</summary>
    private const int MostHeaderBytes = 16 << 20;

    private const int MostTensors = 65_536;
    private const int MostDimensions = 8;

    /// <summary>Bytes of a number in each type of the format.</summary>
    private static readonly Dictionary<string, int> Widths = new(StringComparer.Ordinal)
    {
        ["BOOL"] = 1, ["U8"] = 1, ["I8"] = 1, ["F8_E4M3"] = 1, ["F8_E5M2"] = 1, ["F8_E8M0"] = 1, ["U16"] = 2, ["I16"] = 2, ["F16"] = 2,
        ["BF16"] = 2, ["U32"] = 4, ["I32"] = 4, ["F32"] = 4, ["U64"] = 8, ["I64"] = 8, ["F64"] = 8,
    };

    private readonly Dictionary<string, SafetensorsTensor> _tensors;

    private SafetensorsFile(string name, SafeFileHandle handle, Dictionary<string, SafetensorsTensor> tensors) =>
        (Name, Handle, _tensors) = (name, handle, tensors);

    public string Name { get; }

    public SafeFileHandle Handle { get; }

    public IReadOnlyDictionary<string, SafetensorsTensor> Tensors => _tensors;

    /// <exception cref="ModelImportException">The file is missing, cannot be read, or is not sound.</exception>
    public static SafetensorsFile Open(CheckpointFolder folder, string name)
    {
        var handle = folder.Open(name);
        try
        {
            var length = RandomAccess.GetLength(handle);
            var header = ReadHeader(handle, length, name);
            var tensors = new Dictionary<string, SafetensorsTensor>(StringComparer.Ordinal);
            var ends = new Dictionary<string, long>(StringComparer.Ordinal);
            Parse(header, name, tensors, ends);
            CheckCoverage(tensors, ends, sizeof(ulong) + header.LongLength, length, name);
            return new SafetensorsFile(name, handle, tensors);
        }
        catch (Exception exception)
        {
            handle.Dispose();
            throw exception switch
            {
                IOException => new ModelImportException($"'{name}' cannot be read: {exception.Message}", exception),
                // What the reader throws where a value has another kind or is out of range.
                JsonException or InvalidOperationException or FormatException =>
                    new ModelImportException($"The header of '{name}' is not sound: {exception.Message}", exception),
                _ => new ModelImportException(exception.Message, exception),
            };
        }
    }

    public void Dispose() => Handle.Dispose();

    private static byte[] ReadHeader(SafeFileHandle handle, long length, string name)
    {
        Span<byte> size = stackalloc byte[sizeof(ulong)];
        if (length < sizeof(ulong) || RandomAccess.Read(handle, size, 0) < size.Length)
        {
            throw new ModelImportException($"'{name}' is too short for a safetensors file.");
        }

        var stated = BinaryPrimitives.ReadUInt64LittleEndian(size);
        if (stated > MostHeaderBytes || (long)stated > length - size.Length)
        {
            throw new ModelImportException(
                $"'{name}' states a header of {stated} bytes; that is more than the file has, or than the {MostHeaderBytes} that are "
                + "read.");
        }

        var header = new byte[stated];
        for (var read = 0; read < header.Length;)
        {
            var more = RandomAccess.Read(handle, header.AsSpan(read), size.Length + read);
            read += more > 0 ? more : throw new ModelImportException($"'{name}' ends within its header: it is cut off.");
        }

        return header;
    }

    private static void Parse(
        byte[] header, string file, Dictionary<string, SafetensorsTensor> tensors, Dictionary<string, long> ends)
    {
        var reader = new Utf8JsonReader(header, new JsonReaderOptions { MaxDepth = 4 });
        Expect(ref reader, JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (name == "__metadata__")
            {
                reader.Skip(); // words about the file, such as the program that wrote it
                continue;
            }

            var (tensor, end) = ParseTensor(ref reader, name, file);
            if (!tensors.TryAdd(name, tensor) || tensors.Count > MostTensors)
            {
                throw new ModelImportException(tensors.Count > MostTensors
                    ? $"'{file}' holds more than {MostTensors} tensors." : $"'{file}' holds the tensor '{name}' twice.");
            }

            ends.Add(name, end);
        }

        while (reader.Read())
        {
            // What follows the object can be white space only; anything else makes the reader throw.
        }
    }

    private static (SafetensorsTensor Tensor, long End) ParseTensor(ref Utf8JsonReader reader, string name, string file)
    {
        string? type = null;
        List<long>? shape = null, offsets = null;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new ModelImportException($"The tensor '{name}' of '{file}' is not described by an object.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var member = reader.GetString();
            reader.Read();
            switch (member)
            {
                case "dtype" when type is null:
                    type = reader.GetString();
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(ref reader, MostDimensions, name);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(ref reader, 2, name);
                    break;
                default:
                    throw new ModelImportException($"The tensor '{name}' of '{file}' has the member '{member}', which is not known.");
            }
        }

        if (type is null || shape is null || offsets is not [var start, var end])
        {
            throw new ModelImportException($"The tensor '{name}' of '{file}' lacks its type, shape or offsets.");
        }

        var bytes = CountElements(shape, name) * WidthOf(type, name);
        return end - start == bytes && start >= 0
            ? (new SafetensorsTensor(name, type, [.. shape.Select(size => (int)size)], start), end)
            : throw new ModelImportException(
                $"The tensor '{name}' of '{file}' has {bytes} bytes by its shape and {end - start} by its offsets.");
    }

    private static List<long> ReadNumbers(ref Utf8JsonReader reader, int most, string name)
    {
        var numbers = new List<long>();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new ModelImportException($"The shape or the offsets of the tensor '{name}' are no list.");
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number) || number < 0 || numbers.Count == most)
            {
                throw new ModelImportException($"The tensor '{name}' has a shape or offsets that are no whole numbers, or too many.");
            }

            numbers.Add(number);
        }

        return numbers;
    }

    private static long CountElements(List<long> shape, string name)
    {
        long elements = 1;
        foreach (var size in shape)
        {
            if (size < 1 || size > Array.MaxLength / elements)
            {
                throw new ModelImportException($"The tensor '{name}' has the shape [{string.Join(", ", shape)}]; "
                    + $"tensors of 1 to {Array.MaxLength} numbers are read.");
            }

            elements *= size;
        }

        return elements;
    }

    private static int WidthOf(string type, string name) => Widths.TryGetValue(type, out var width) ? width
        : throw new ModelImportException($"The tensor '{name}' is stored as '{type}', which is not a type that is known.");

    /// <summary>Checks that the tensors cover the data, and moves their starts behind the header.</summary>
    private static void CheckCoverage(
        Dictionary<string, SafetensorsTensor> tensors, Dictionary<string, long> ends, long dataStart, long length, string file)
    {
        var covered = 0L;
        foreach (var tensor in tensors.Values.OrderBy(tensor => tensor.Start).ToArray())
        {
            if (ends[tensor.Name] > length - dataStart)
            {
                throw new ModelImportException($"The tensor '{tensor.Name}' lies outside '{file}': the file is cut off or damaged.");
            }

            if (tensor.Start != covered)
            {
                throw new ModelImportException($"The tensor '{tensor.Name}' of '{file}' "
                    + (tensor.Start < covered ? "overlaps another one." : "leaves a gap before it, which the format does not have."));
            }

            covered = ends[tensor.Name];
            tensors[tensor.Name] = tensor with { Start = dataStart + tensor.Start };
        }

        if (covered != length - dataStart)
        {
            throw new ModelImportException($"'{file}' has {length - dataStart - covered} bytes that belong to no tensor.");
        }
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type)
    {
        if (!reader.Read() || reader.TokenType != type)
        {
            throw new JsonException("it does not begin with an object.");
        }
    }
}
