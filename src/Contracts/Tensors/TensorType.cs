using System.Collections.Immutable;

namespace Tollgate.Contracts.Tensors;

/// <summary>A datatype of the Open Inference Protocol.</summary>
/// <param name="Name">As the protocol writes it.</param>
/// <param name="Bytes">Bytes of an element, little-endian; 0 for <see cref="Text"/>, whose elements differ in length.</param>
public sealed record TensorType(string Name, int Bytes)
{
    /// <summary>One byte, 0 or 1.</summary>
    public static readonly TensorType Bool = new("BOOL", 1);

    public static readonly TensorType UInt8 = new("UINT8", 1);

    public static readonly TensorType UInt16 = new("UINT16", 2);

    public static readonly TensorType UInt32 = new("UINT32", 4);

    public static readonly TensorType UInt64 = new("UINT64", 8);

    public static readonly TensorType Int8 = new("INT8", 1);

    public static readonly TensorType Int16 = new("INT16", 2);

    public static readonly TensorType Int32 = new("INT32", 4);

    public static readonly TensorType Int64 = new("INT64", 8);

    /// <summary>IEEE 754 binary16. It has no form in JSON.</summary>
    public static readonly TensorType Fp16 = new("FP16", 2);

    /// <summary>The upper half of a binary32. It has no form in JSON.</summary>
    public static readonly TensorType Bf16 = new("BF16", 2);

    public static readonly TensorType Fp32 = new("FP32", 4);

    public static readonly TensorType Fp64 = new("FP64", 8);

    /// <summary>Strings of bytes. In binary form the length of each, four bytes, stands before it.</summary>
    public static readonly TensorType Text = new("BYTES", 0);

    public static readonly ImmutableArray<TensorType> All =
        [Bool, UInt8, UInt16, UInt32, UInt64, Int8, Int16, Int32, Int64, Fp16, Bf16, Fp32, Fp64, Text];

    /// <summary>Whether elements can stand in JSON.</summary>
    public bool HasJson => this != Fp16 && this != Bf16;

    /// <summary>The datatype of a name; null for any other text.</summary>
    public static TensorType? Find(string name)
    {
        foreach (var type in All)
        {
            if (type.Name == name)
            {
                return type;
            }
        }

        return null;
    }
}
