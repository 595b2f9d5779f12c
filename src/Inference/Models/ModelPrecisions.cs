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

    /// <summary>Those that an operator may ask for.</summary>
    public static IReadOnlyList<string> Choices { get; } = [Auto, Float32, Int8, Int4];
}
