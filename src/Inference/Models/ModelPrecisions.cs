namespace Tollgate.Inference.Models;

/// <summary>How the matrices of a decoder can be held, as operators and manifests write it.</summary>
public static class ModelPrecisions
{
    /// <summary>Chosen at import: blocks of a file stay blocks; numbers stay float32 unless memory or speed ask for int8.</summary>
    public const string Auto = "auto";

    public const string Float32 = "f32";

    /// <summary>Blocks as in the file, without loss. Never asked for; the choice of auto.</summary>
    public const string Stored = "stored";

    public const string Int8 = "int8";

    public const string Int4 = "int4";

    /// <summary>Numbers of 16 bits, computed with in half precision: for CUDA.</summary>
    public const string Float16 = "f16";

    /// <summary>As <see cref="Float16"/>, the matrices in blocks of 8 bits.</summary>
    public const string Float16Int8 = "f16-int8";

    /// <summary>As <see cref="Float16"/>, the matrices in blocks of 4 bits.</summary>
    public const string Float16Int4 = "f16-int4";

    /// <summary>Those that an operator may ask for.</summary>
    public static IReadOnlyList<string> Choices { get; } = [Auto, Float32, Int8, Int4, Float16, Float16Int8, Float16Int4];

    /// <summary>Whether a decoder of this precision computes in half precision.</summary>
    public static bool IsHalf(string? precision) => precision is Float16 or Float16Int8 or Float16Int4;
}
