namespace Tollgate.Inference.Gguf;

/// <summary>How a tensor stores its numbers; the values are the type ids of GGUF.</summary>
internal enum TensorEncoding
{
    F32 = 0,
    F16 = 1,
    Q4_0 = 2,
    Q4_1 = 3,
    Q5_0 = 6,
    Q5_1 = 7,
    Q8_0 = 8,
    Q2_K = 10,
    Q3_K = 11,
    Q4_K = 12,
    Q5_K = 13,
    Q6_K = 14,
    Q8_K = 15,
    IQ2_XXS = 16,
    IQ2_XS = 17,
    IQ3_XXS = 18,
    IQ1_S = 19,
    IQ4_NL = 20,
    IQ3_S = 21,
    IQ2_S = 22,
    IQ4_XS = 23,
    F64 = 28,
    IQ1_M = 29,
    BF16 = 30,
    TQ1_0 = 34,
    TQ2_0 = 35,
    MXFP4 = 39,
    Q1_0 = 41,
    Q2_0 = 42,

    /// <summary>Blocks of ONNX's exporters, never of GGUF: a scale in float32 and 32 numbers of 4 bits less 8, the first of two in the low
    /// half of a byte.</summary>
    Onnx4 = TensorEncodings.FirstOfOnnx,

    /// <summary>The same with a minimum in float32 behind the scale, which is added.</summary>
    Onnx4Raised,

    /// <summary>A scale in float32 and 32 bytes less 128.</summary>
    Onnx8,

    /// <summary>The same with a minimum in float32 behind the scale, which is added.</summary>
    Onnx8Raised,
}

/// <summary>Sizes and names of the encodings.</summary>
internal static class TensorEncodings
{
    /// <summary>Beyond every number that the format gives a type.</summary>
    public const int FirstOfOnnx = 1 << 16;

    /// <summary>Types of the format that the importer does not read, so that a refusal can name them.</summary>
    private static readonly Dictionary<uint, string> Others = new()
    {
        [4] = "Q4_2 (withdrawn from the format)",
        [5] = "Q4_3 (withdrawn from the format)",
        [9] = "Q8_1",
        [24] = "I8",
        [25] = "I16",
        [26] = "I32",
        [27] = "I64",
        [31] = "Q4_0_4_4 (withdrawn from the format)",
        [32] = "Q4_0_4_8 (withdrawn from the format)",
        [33] = "Q4_0_8_8 (withdrawn from the format)",
        [36] = "IQ4_NL_4_4 (withdrawn from the format)",
        [37] = "IQ4_NL_4_8 (withdrawn from the format)",
        [38] = "IQ4_NL_8_8 (withdrawn from the format)",
        [40] = "NVFP4",
    };

    /// <summary>Those that a GGUF file can have.</summary>
    public static IEnumerable<TensorEncoding> OfGguf => Enum.GetValues<TensorEncoding>().Where(encoding => (int)encoding < FirstOfOnnx);

    /// <summary>Whether a GGUF file can have the encoding and the importer reads it.</summary>
    public static bool IsKnown(uint id) => id < FirstOfOnnx && Enum.IsDefined((TensorEncoding)id);

    /// <summary>An encoding that is not read, in words: its name, or the number of one that the format did not have.</summary>
    public static string Describe(uint id) => Others.GetValueOrDefault(id) ?? $"the unknown type {id}";

    /// <summary>Numbers in a block; a row holds whole blocks.</summary>
    public static int BlockLength(this TensorEncoding encoding) => encoding switch
    {
        TensorEncoding.F32 or TensorEncoding.F16 or TensorEncoding.BF16 or TensorEncoding.F64 => 1,
        TensorEncoding.Q4_0 or TensorEncoding.Q4_1 or TensorEncoding.Q5_0 or TensorEncoding.Q5_1 or TensorEncoding.Q8_0
            or TensorEncoding.IQ4_NL or TensorEncoding.MXFP4 or TensorEncoding.Onnx4 or TensorEncoding.Onnx4Raised
            or TensorEncoding.Onnx8 or TensorEncoding.Onnx8Raised => 32,
        TensorEncoding.Q2_0 => 64,
        TensorEncoding.Q1_0 => 128,
        _ => 256,
    };

    /// <summary>Bytes of a block: the scale, or scale and minimum, and the packed numbers.</summary>
    public static int BlockBytes(this TensorEncoding encoding) => encoding switch
    {
        TensorEncoding.F64 => 8,
        TensorEncoding.F32 => 4,
        TensorEncoding.F16 or TensorEncoding.BF16 => 2,
        TensorEncoding.Q4_0 or TensorEncoding.IQ4_NL => 2 + 16,
        TensorEncoding.Q4_1 => 4 + 16,
        TensorEncoding.Q5_0 => 2 + 4 + 16,
        TensorEncoding.Q5_1 => 4 + 4 + 16,
        TensorEncoding.Q8_0 => 2 + 32,
        TensorEncoding.MXFP4 => 1 + 16,
        TensorEncoding.Q2_K => 16 + 64 + 4,
        TensorEncoding.Q3_K => 32 + 64 + 12 + 2,
        TensorEncoding.Q4_K => 4 + 12 + 128,
        TensorEncoding.Q5_K => 4 + 12 + 32 + 128,
        TensorEncoding.Q6_K => 128 + 64 + 16 + 2,
        TensorEncoding.Q8_K => 4 + 256 + 32, // the sums of 16 numbers each at its end repeat what the numbers say
        TensorEncoding.IQ4_XS => 2 + 2 + 4 + 128,
        TensorEncoding.IQ1_S => 2 + 32 + 16,
        TensorEncoding.IQ1_M => 32 + 16 + 8,
        TensorEncoding.IQ2_XXS => 2 + 64,
        TensorEncoding.IQ2_XS => 2 + 64 + 8,
        TensorEncoding.IQ2_S => 2 + 64 + 8 + 8,
        TensorEncoding.IQ3_XXS => 2 + 64 + 32,
        TensorEncoding.IQ3_S => 2 + 64 + 8 + 32 + 4,
        TensorEncoding.Q1_0 or TensorEncoding.Q2_0 => 2 + 16,
        TensorEncoding.TQ1_0 => 48 + 4 + 2,
        TensorEncoding.TQ2_0 => 64 + 2,
        TensorEncoding.Onnx4 => 4 + 16,
        TensorEncoding.Onnx4Raised => 4 + 4 + 16,
        TensorEncoding.Onnx8 => 4 + 32,
        TensorEncoding.Onnx8Raised => 4 + 4 + 32,
        _ => throw new ArgumentOutOfRangeException(nameof(encoding)),
    };

    public static long BytesFor(this TensorEncoding encoding, long elements) => elements / encoding.BlockLength() * encoding.BlockBytes();
}
