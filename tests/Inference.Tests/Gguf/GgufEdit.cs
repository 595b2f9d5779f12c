using System.Buffers.Binary;
using System.Text;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Gguf;

/// <summary>
/// tiny-assistant's file with some of its metadata replaced, so that a whole import meets another template or tokenizer flag.
/// </summary>
internal static class GgufEdit
{
    private const int NumberKind = 5;
    private const int TextKind = 8;
    private const int ListKind = 9;
    private static readonly int[] Widths = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];

    /// <param name="edits">Key → a text, a flag, a number, a list of texts or of numbers, or null to leave the key out.</param>
    public static async Task<string> WriteAsync(TemporaryFolder folder, params (string Key, object? Value)[] edits)
    {
        var source = await File.ReadAllBytesAsync(Path.Combine(ModelFiles.Defaults, "tiny-assistant", "tiny-assistant.gguf"));
        var path = folder.File($"{Guid.NewGuid():N}.gguf");
        await File.WriteAllBytesAsync(path, Edit(source, edits));
        return path;
    }

    private static byte[] Edit(byte[] source, (string Key, object? Value)[] edits)
    {
        var (tensors, count) = ((int)Number(source, 8, 8), (int)Number(source, 16, 8));
        var entries = new List<byte[]>();
        var at = 24;
        for (var i = 0; i < count; i++)
        {
            var end = SkipValue(source, AfterText(source, at) + 4, (int)Number(source, AfterText(source, at), 4));
            if (!edits.Any(edit => edit.Key == Text(source, at)))
            {
                entries.Add(source[at..end]);
            }

            at = end;
        }

        entries.AddRange(edits.Where(edit => edit.Value is not null).Select(edit => Entry(edit.Key, edit.Value!)));
        var infos = at;
        for (var i = 0; i < tensors; i++)
        {
            at = AfterText(source, at);
            at += 4 + (8 * (int)Number(source, at, 4)) + 12;
        }

        byte[] head =
            [.. source[..16], .. Bytes(entries.Count, 8), .. entries.SelectMany(entry => entry), .. source[infos..at]];
        return [.. head, .. new byte[Padding(head.Length)], .. source[(at + Padding(at))..]];
    }

    private static byte[] Entry(string key, object value) => value switch
    {
        bool flag => [.. Packed(key), .. Bytes(7, 4), flag ? (byte)1 : (byte)0],
        int number => [.. Packed(key), .. Bytes(4, 4), .. Bytes(number, 4)],
        string[] texts => [.. ListHead(key, TextKind, texts.Length), .. texts.SelectMany(Packed)],
        int[] numbers => [.. ListHead(key, NumberKind, numbers.Length), .. numbers.SelectMany(number => Bytes(number, 4))],
        _ => [.. Packed(key), .. Bytes(TextKind, 4), .. Packed((string)value)],
    };

    private static byte[] ListHead(string key, int kind, int length) =>
        [.. Packed(key), .. Bytes(ListKind, 4), .. Bytes(kind, 4), .. Bytes(length, 8)];

    private static int SkipValue(byte[] source, int at, int kind)
    {
        if (kind == TextKind)
        {
            return AfterText(source, at);
        }

        if (kind != ListKind)
        {
            return at + Widths[kind];
        }

        var (element, length) = ((int)Number(source, at, 4), Number(source, at + 4, 8));
        at += 12;
        for (var i = 0L; i < length; i++)
        {
            at = SkipValue(source, at, element);
        }

        return at;
    }

    private static int Padding(int length) => -length & 31;

    private static string Text(byte[] source, int at) => Encoding.UTF8.GetString(source, at + 8, (int)Number(source, at, 8));

    private static int AfterText(byte[] source, int at) => at + 8 + (int)Number(source, at, 8);

    private static long Number(byte[] source, int at, int width) => width == 8
        ? BinaryPrimitives.ReadInt64LittleEndian(source.AsSpan(at)) : BinaryPrimitives.ReadInt32LittleEndian(source.AsSpan(at));

    private static byte[] Bytes(long value, int width) => BitConverter.GetBytes(value)[..width];

    private static byte[] Packed(string text) => [.. Bytes(Encoding.UTF8.GetByteCount(text), 8), .. Encoding.UTF8.GetBytes(text)];
}
