using System.Buffers.Binary;
using System.Numerics;
using Microsoft.Win32.SafeHandles;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Gguf;

/// <summary>An open GGUF file, versions 2 and 3, little endian. The head is read and
/// checked on opening, tensors are read on demand.</summary>
/// <remarks>
/// The file is a stranger's: every count, length, offset and size is checked before it is used, and every failure is a
/// <see cref="ModelImportException"/>. Safe for concurrent reads of tensors.
/// </remarks>
internal sealed class GgufFile : IWeightFile, IDisposable
{
    private const uint Magic = 0x46554747; // "GGUF"
    private const int MostTensors = 65_536;
    private const int MostKeys = 65_536;
    private const int MostArrayLength = 4_194_304;
    private const int MostStringBytes = 8_388_608;
    private const int MostNameBytes = 256;
    private const int MostColumns = 1 << 24;

    private readonly SafeFileHandle _file;
    private readonly Dictionary<string, GgufTensor> _tensors;

    private GgufFile(SafeFileHandle file, GgufMetadata metadata, Dictionary<string, GgufTensor> tensors)
    {
        _file = file;
        Metadata = metadata;
        _tensors = tensors;
    }

    public GgufMetadata Metadata { get; }

    public IReadOnlyDictionary<string, GgufTensor> Tensors => _tensors;

    /// <exception cref="ModelImportException">The file cannot be read or is not a sound GGUF file.</exception>
    public static GgufFile Open(string path)
    {
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            var length = RandomAccess.GetLength(file);
            var cursor = new GgufCursor(file, length);
            if (length < 24 || cursor.ReadUInt32() != Magic)
            {
                throw new ModelImportException("This is not a GGUF file.");
            }

            var version = cursor.ReadUInt32();
            if (BinaryPrimitives.ReverseEndianness(version) is 2 or 3)
            {
                throw new ModelImportException("This GGUF file is big-endian; files with the little end first are taken.");
            }

            if (version is not (2 or 3))
            {
                throw new ModelImportException($"GGUF version {version} is not supported; versions 2 and 3 are.");
            }

            // A tensor's entry takes at least 32 bytes, a key's at least 13.
            var tensorCount = cursor.ReadCount("tensors", 32, MostTensors);
            var keyCount = cursor.ReadCount("keys", 13, MostKeys);
            var metadata = ReadMetadata(cursor, keyCount);
            var tensors = ReadTensors(cursor, tensorCount, metadata, length);
            var opened = new GgufFile(file, metadata, tensors);
            file = null;
            return opened;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModelImportException($"The file cannot be read: {exception.Message}", exception);
        }
        finally
        {
            file?.Dispose();
        }
    }

    public float[] Read(GgufTensor tensor) => TensorReader.Read(_file, tensor, tensor.Name);

    /// <inheritdoc/>
    public byte[]? ReadEncoded(GgufTensor tensor, int firstRow, int rows) => TensorReader.ReadEncoded(_file, tensor, firstRow, rows);

    public void Dispose() => _file.Dispose();

    private static GgufMetadata ReadMetadata(GgufCursor cursor, int count)
    {
        var values = new Dictionary<string, object>(StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            var key = cursor.ReadString(MostNameBytes);
            if (!values.TryAdd(key, ReadValue(cursor, cursor.ReadUInt32())))
            {
                throw new ModelImportException($"The GGUF key '{key}' appears twice.");
            }
        }

        return new GgufMetadata(values);
    }

    private static object ReadValue(GgufCursor cursor, uint type) => type switch
    {
        0 => (long)cursor.ReadByte(),
        1 => (long)(sbyte)cursor.ReadByte(),
        2 => (long)cursor.ReadUInt16(),
        3 => (long)(short)cursor.ReadUInt16(),
        4 => (long)cursor.ReadUInt32(),
        5 => (long)(int)cursor.ReadUInt32(),
        6 => (double)cursor.ReadSingle(),
        7 => cursor.ReadByte() != 0,
        8 => cursor.ReadString(MostStringBytes),
        9 => ReadArray(cursor),
        10 => unchecked((long)cursor.ReadUInt64()),
        11 => unchecked((long)cursor.ReadUInt64()),
        12 => cursor.ReadDouble(),
        _ => throw new ModelImportException($"The GGUF file uses the unknown value type {type} at byte {cursor.Position}."),
    };

    private static object ReadArray(GgufCursor cursor)
    {
        var type = cursor.ReadUInt32();
        var leastBytes = type switch
        {
            0 or 1 or 7 => 1,
            2 or 3 => 2,
            4 or 5 or 6 => 4,
            8 or 10 or 11 or 12 => 8,
            _ => throw new ModelImportException($"The GGUF file holds an array of type {type}, which is not supported."),
        };
        var count = cursor.ReadCount("array elements", leastBytes, MostArrayLength);
        switch (type)
        {
            case 8:
                return Fill(count, () => cursor.ReadString(MostStringBytes));
            case 6:
                return Fill(count, () => (double)cursor.ReadSingle());
            case 12:
                return Fill(count, cursor.ReadDouble);
            case 7:
                return Fill(count, () => cursor.ReadByte() != 0);
            default:
                return Fill(count, () => (long)ReadValue(cursor, type));
        }
    }

    private static T[] Fill<T>(int count, Func<T> read)
    {
        var items = new T[count];
        for (var i = 0; i < count; i++)
        {
            items[i] = read();
        }

        return items;
    }

    private static Dictionary<string, GgufTensor> ReadTensors(GgufCursor cursor, int count, GgufMetadata metadata, long length)
    {
        var tensors = new Dictionary<string, GgufTensor>(StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            var tensor = ReadTensor(cursor);
            if (!tensors.TryAdd(tensor.Name, tensor))
            {
                throw new ModelImportException($"The GGUF tensor '{tensor.Name}' appears twice.");
            }
        }

        var alignment = metadata.Number("general.alignment", 1, 1 << 20, otherwise: 32);
        if (!BitOperations.IsPow2(alignment))
        {
            throw new ModelImportException($"The GGUF alignment {alignment} is not a power of two.");
        }

        var dataStart = (cursor.Position + alignment - 1) / alignment * alignment;
        var end = dataStart;
        foreach (var tensor in tensors.Values.OrderBy(t => t.Start).ToArray())
        {
            var room = length - dataStart;
            if (tensor.Start % alignment != 0 || tensor.Start > room || tensor.Bytes > room - tensor.Start)
            {
                throw new ModelImportException(
                    $"The GGUF tensor '{tensor.Name}' lies outside the file or is not aligned: the file is cut off or damaged.");
            }

            if (dataStart + tensor.Start < end)
            {
                throw new ModelImportException($"The GGUF tensor '{tensor.Name}' overlaps another one.");
            }

            tensors[tensor.Name] = tensor with { Start = dataStart + tensor.Start };
            end = dataStart + tensor.Start + tensor.Bytes;
        }

        return tensors;
    }

    private static GgufTensor ReadTensor(GgufCursor cursor)
    {
        var name = cursor.ReadString(MostNameBytes);
        var dimensions = cursor.ReadUInt32();
        if (dimensions is < 1 or > 4)
        {
            throw new ModelImportException($"The GGUF tensor '{name}' has {dimensions} dimensions.");
        }

        var columns = ReadDimension(cursor, name, MostColumns);
        long rows = 1;
        for (var i = 1; i < dimensions; i++)
        {
            rows *= ReadDimension(cursor, name, int.MaxValue);
            if (rows * columns > Array.MaxLength)
            {
                throw new ModelImportException($"The GGUF tensor '{name}' is larger than {Array.MaxLength} numbers.");
            }
        }

        var type = cursor.ReadUInt32();
        if (!TensorEncodings.IsKnown(type))
        {
            throw new ModelImportException(
                $"The GGUF tensor '{name}' is stored as {TensorEncodings.Describe(type)}, which is not supported. "
                + $"Supported: {string.Join(", ", TensorEncodings.OfGguf)}.");
        }

        var encoding = (TensorEncoding)type;
        if (columns % encoding.BlockLength() != 0)
        {
            throw new ModelImportException(
                $"The GGUF tensor '{name}' has rows of {columns} numbers, not a multiple of its block of {encoding.BlockLength()}.");
        }

        var start = cursor.ReadUInt64();
        return start <= long.MaxValue / 2
            ? new GgufTensor(name, (int)columns, (int)rows, encoding, (long)start)
            : throw new ModelImportException($"The GGUF tensor '{name}' lies outside the file.");
    }

    private static long ReadDimension(GgufCursor cursor, string name, int most)
    {
        var size = cursor.ReadUInt64();
        return size >= 1 && size <= (ulong)most
            ? (long)size
            : throw new ModelImportException($"The GGUF tensor '{name}' has a dimension of {size}.");
    }
}
