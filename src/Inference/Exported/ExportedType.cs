namespace Tollgate.Inference.Exported;

/// <summary>Types of numbers in an exported graph; the values are those of onnx.proto3.</summary>
internal enum ExportedType
{
    Float32 = 1,
    UInt8 = 2,
    Int8 = 3,
    UInt16 = 4,
    Int16 = 5,
    Int32 = 6,
    Int64 = 7,
    Bool = 9,
    Float16 = 10,
    Float64 = 11,
    UInt32 = 12,
    UInt64 = 13,
    BFloat16 = 16,
    UInt4 = 21,
    Int4 = 22,
}

/// <summary>Sizes and kinds of the types.</summary>
internal static class ExportedTypes
{
    /// <summary>Bits of a number; numbers of 4 bits lie two in a byte.</summary>
    public static int Bits(this ExportedType type) => type switch
    {
        ExportedType.UInt4 or ExportedType.Int4 => 4,
        ExportedType.UInt8 or ExportedType.Int8 or ExportedType.Bool => 8,
        ExportedType.UInt16 or ExportedType.Int16 or ExportedType.Float16 or ExportedType.BFloat16 => 16,
        ExportedType.Float32 or ExportedType.Int32 or ExportedType.UInt32 => 32,
        _ => 64,
    };

    /// <summary>Whether weights of norms, biases and plain matrices can have the type.</summary>
    public static bool IsReal(this ExportedType type) =>
        type is ExportedType.Float32 or ExportedType.Float16 or ExportedType.BFloat16 or ExportedType.Float64;
}
