using System.Runtime.InteropServices;
using System.Text;
using Tollgate.Inference.Gguf;

namespace Tollgate.Inference.Tests.Gguf;

/// <summary>Writes a GGUF file from its keys and tensors.</summary>
internal sealed class GgufWriter
{
    private const int Alignment = 32;
    private readonly List<(string Key, object Value)> _keys = [];
    private readonly List<(string Name, int Columns, int? Rows, uint Type, long Bytes, Func<byte[]> Make)> _tensors = [];

    /// <param name="value">An int, a float, a flag, a text, or an array of one of them.</param>
    public GgufWriter Key(string key, object value)
    {
        _keys.RemoveAll(entry => entry.Key == key);
        _keys.Add((key, value));
        return this;
    }

    /// <param name="rows">Null for a vector.</param>
    public GgufWriter Tensor(string name, int columns, int? rows, float[] numbers)
    {
        if (numbers.Length != columns * (rows ?? 1))
        {
            throw new ArgumentException($"'{name}' has {numbers.Length} numbers.", nameof(numbers));
        }

        return Tensor(name, columns, rows, (uint)TensorEncoding.F32, MemoryMarshal.AsBytes<float>(numbers).ToArray());
    }

    /// <param name="blocks">Rows of whole blocks.</param>
    public GgufWriter Tensor(string name, int columns, int rows, TensorEncoding encoding, byte[] blocks)
    {
        if (blocks.Length != encoding.BytesFor((long)columns * rows))
        {
            throw new ArgumentException($"'{name}' has {blocks.Length} bytes.", nameof(blocks));
        }

        return Tensor(name, columns, rows, (uint)encoding, blocks);
    }

    /// <param name="make">Makes rows of whole blocks, when the tensor is written: of large files one tensor is held at a time.</param>
    public GgufWriter Tensor(string name, int columns, int rows, TensorEncoding encoding, Func<byte[]> make)
    {
        _tensors.Add((name, columns, rows, (uint)encoding, encoding.BytesFor((long)columns * rows), make));
        return this;
    }

    /// <summary>A tensor of any type, whether there is one or not.</summary>
    public GgufWriter Tensor(string name, int columns, int? rows, uint type, byte[] bytes)
    {
        _tensors.Add((name, columns, rows, type, bytes.Length, () => bytes));
        return this;
    }

    public void Write(string path)
    {
        using var file = new BinaryWriter(File.Create(path));
        file.Write("GGUF"u8);
        file.Write(3u);
        file.Write((long)_tensors.Count);
        file.Write((long)_keys.Count);
        foreach (var (key, value) in _keys)
        {
            WriteText(file, key);
            WriteValue(file, value);
        }

        var at = 0L;
        foreach (var (name, columns, rows, type, bytes, _) in _tensors)
        {
            WriteText(file, name);
            file.Write(rows is null ? 1u : 2u);
            file.Write((long)columns);
            if (rows is { } count)
            {
                file.Write((long)count);
            }

            file.Write(type);
            file.Write(at);
            at += Padded(bytes);
        }

        Pad(file);
        foreach (var (_, _, _, _, _, make) in _tensors)
        {
            file.Write(make());
            Pad(file);
        }
    }

    private static long Padded(long length) => (length + Alignment - 1) / Alignment * Alignment;

    private static void Pad(BinaryWriter file)
    {
        file.Flush();
        file.Write(new byte[Padded(file.BaseStream.Position) - file.BaseStream.Position]);
    }

    private static void WriteValue(BinaryWriter file, object value)
    {
        if (value is Array items)
        {
            file.Write(9u);
            file.Write(items is int[] ? 5u : Kind(items.GetValue(0)!)); // converters write whole numbers without a sign but in arrays
            file.Write((long)items.Length);
            foreach (var item in items)
            {
                WriteItem(file, item);
            }
        }
        else
        {
            file.Write(Kind(value));
            WriteItem(file, value);
        }
    }

    private static uint Kind(object value) => value switch { int => 4, float => 6, bool => 7, _ => 8 };

    private static void WriteItem(BinaryWriter file, object value)
    {
        switch (value)
        {
            case int number:
                file.Write(number);
                break;
            case float real:
                file.Write(real);
                break;
            case bool flag:
                file.Write(flag);
                break;
            default:
                WriteText(file, (string)value);
                break;
        }
    }

    private static void WriteText(BinaryWriter file, string text)
    {
        file.Write((long)Encoding.UTF8.GetByteCount(text));
        file.Write(Encoding.UTF8.GetBytes(text));
    }
}
