namespace Tollgate.Inference.Gguf;

/// <summary>How a GGUF tensor stores its numbers; the values are the format's own type ids.</summary>
internal enum TensorEncoding
{
    F32 = 0,
    F16 = 1,
    Q4_0 = 2,
    Q4_1 = 3,
    Q5_0 = 6,
    Q5_1 = 7,
    Q8_0 = 8,
    Q4_K = 12,
    Q5_K = 13,
    Q6_K = 14,
    BF16 = 30,
}

/// <summary>Sizes of the encodings.</summary>
internal static class TensorEncodings
{
    /// <summary>Whether the importer can read the encoding.</summary>
    public static bool IsKnown(uint id) => Enum.IsDefined((TensorEncoding)id);

    /// <summary>Numbers in a block; a row holds whole blocks.</summary>
    public static int BlockLength(this TensorEncoding encoding) => encoding switch
    {
        TensorEncoding.F32 or TensorEncoding.F16 or TensorEncoding.BF16 => 1,
        TensorEncoding.Q4_K or TensorEncoding.Q5_K or TensorEncoding.Q6_K => 256,
        _ => 32,
    };

    /// <summary>Bytes of a block.</summary>
    public static int BlockBytes(this TensorEncoding encoding) => encoding switch
    {
        TensorEncoding.F32 => 4,
        TensorEncoding.F16 or TensorEncoding.BF16 => 2,
        TensorEncoding.Q4_0 => 2 + 16,
        TensorEncoding.Q4_1 => 4 + 16,
        TensorEncoding.Q5_0 => 2 + 4 + 16,
        TensorEncoding.Q5_1 => 4 + 4 + 16,
        TensorEncoding.Q8_0 => 2 + 32,
        TensorEncoding.Q4_K => 4 + 12 + 128,
        TensorEncoding.Q5_K => 4 + 12 + 32 + 128,
        TensorEncoding.Q6_K => 128 + 64 + 16 + 2,
        _ => throw new ArgumentOutOfRangeException(nameof(encoding)),
    };

    public static long BytesFor(this TensorEncoding encoding, long elements) => elements / encoding.BlockLength() * encoding.BlockBytes();
}
