using System.Buffers.Binary;
using System.Text;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Gguf;

/// <summary>Writes copies of tiny-assistant's file with further keys.</summary>
internal static class ChangedGguf
{
    private const int HeadBytes = 24;
    private const int Alignment = 32;

    /// <param name="keys">Keys that the file does not have; values are int, float, bool or string.</param>
    public static void Write(string path, params ReadOnlySpan<(string Key, object Value)> keys) =>
        Write(Path.Combine(ModelFiles.Defaults, "tiny-assistant", "tiny-assistant.gguf"), path, keys);

    public static void Write(string source, string path, params ReadOnlySpan<(string Key, object Value)> keys)
    {
        var whole = File.ReadAllBytes(source);
        using var added = new MemoryStream();
        using var writer = new BinaryWriter(added);
        foreach (var (key, value) in keys)
        {
            WriteKey(writer, key, value);
        }

        // The head grows by a multiple of the alignment, so that the tensors stay where their offsets say.
        var padding = (int)((Alignment - ((added.Length + Entry("general.padding", "").Length) % Alignment)) % Alignment);
        writer.Write(Entry("general.padding", new string('x', padding)));
        BinaryPrimitives.WriteUInt64LittleEndian(
            whole.AsSpan(16), BinaryPrimitives.ReadUInt64LittleEndian(whole.AsSpan(16)) + (ulong)keys.Length + 1);
        File.WriteAllBytes(path, [.. whole[..HeadBytes], .. added.ToArray(), .. whole[HeadBytes..]]);
    }

    private static byte[] Entry(string key, object value)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        WriteKey(writer, key, value);
        return stream.ToArray();
    }

    private static void WriteKey(BinaryWriter writer, string key, object value)
    {
        WriteText(writer, key);
        switch (value)
        {
            case int number:
                writer.Write(4u);
                writer.Write(number);
                break;
            case float real:
                writer.Write(6u);
                writer.Write(real);
                break;
            case bool flag:
                writer.Write(7u);
                writer.Write(flag);
                break;
            default:
                writer.Write(8u);
                WriteText(writer, (string)value);
                break;
        }
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        writer.Write((ulong)Encoding.UTF8.GetByteCount(text));
        writer.Write(Encoding.UTF8.GetBytes(text));
    }
}
