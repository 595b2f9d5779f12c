using System.Runtime.InteropServices;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Gguf;

/// <summary>llama.cpp's own library of tensor formats, from npm: what ours are compared with.</summary>
internal static class LlamaCpp
{
    private static readonly nint Library = NativeLibrary.Load(Path.Combine(
        Path.GetDirectoryName(ModelFiles.Defaults)!, "node_modules", "@node-llama-cpp", "linux-x64", "bins", "linux-x64",
        "libggml-base.so"));

    /// <summary>Decodes whole blocks.</summary>
    public static unsafe float[] Decode(TensorEncoding encoding, ReadOnlySpan<byte> source)
    {
        var numbers = new float[source.Length / encoding.BlockBytes() * encoding.BlockLength()];
        var name = $"dequantize_row_{Spell(encoding)}";
        var decode = (delegate* unmanaged[Cdecl]<byte*, float*, long, void>)NativeLibrary.GetExport(Library, name);
        fixed (byte* from = source)
        fixed (float* to = numbers)
        {
            decode(from, to, numbers.Length);
        }

        return numbers;
    }

    /// <summary>Encodes a matrix of whole blocks, as llama.cpp's quantizer does without importances.</summary>
    public static unsafe byte[] Encode(TensorEncoding encoding, ReadOnlySpan<float> numbers, int columns)
    {
        var encoded = new byte[encoding.BytesFor(numbers.Length)];
        var encode = (delegate* unmanaged[Cdecl]<int, float*, byte*, long, long, long, float*, nuint>)NativeLibrary.GetExport(
            Library, "ggml_quantize_chunk");
        fixed (float* from = numbers)
        fixed (byte* to = encoded)
        {
            var written = encode((int)encoding, from, to, 0, numbers.Length / columns, columns, null);
            Assert.Equal((nuint)encoded.Length, written);
        }

        return encoded;
    }

    /// <summary>Numbers and bytes of a block of any type of the format.</summary>
    public static unsafe (long Numbers, nuint Bytes) Sizes(int type) => (
        ((delegate* unmanaged[Cdecl]<int, long>)NativeLibrary.GetExport(Library, "ggml_blck_size"))(type),
        ((delegate* unmanaged[Cdecl]<int, nuint>)NativeLibrary.GetExport(Library, "ggml_type_size"))(type));

    /// <summary>Name of any type of the format.</summary>
    public static unsafe string Name(int type) => Marshal.PtrToStringUTF8(
        ((delegate* unmanaged[Cdecl]<int, nint>)NativeLibrary.GetExport(Library, "ggml_type_name"))(type))!;

    private static string Spell(TensorEncoding encoding)
    {
        var name = encoding.ToString().ToLowerInvariant();
        return name.EndsWith("_k", StringComparison.Ordinal) ? name[..^1] + "K" : name;
    }
}
