using Tollgate.Inference.Models;

namespace Tollgate.Inference.Onnx;

/// <summary>The fields of one protobuf message of onnx.proto3 that an import takes, each with its wire type; every other one is
/// refused.</summary>
/// <param name="message">The message's name in onnx.proto3, for the refusal.</param>
/// <param name="numbers">Fields of whole numbers and enumerations; repeated ones may be packed.</param>
/// <param name="lengths">Fields with a length: text, bytes, messages, packed numbers.</param>
internal sealed class OnnxFields(string message, int[] numbers, int[] lengths)
{
    /// <summary>Fields that are known and refused, by message and number.</summary>
    private static readonly Dictionary<(string, int), string> Refused = new()
    {
        [("ModelProto", 20)] = "training information",
        [("ModelProto", 25)] = "local functions",
        [("GraphProto", 15)] = "sparse initializers",
        [("NodeProto", 8)] = "overloaded functions",
        [("AttributeProto", 21)] = "references to attributes of functions",
        [("AttributeProto", 22)] = "sparse tensors",
        [("AttributeProto", 23)] = "sparse tensors",
        [("TensorProto", 3)] = "tensors in segments",
        [("TypeProto", 5)] = "maps",
        [("TypeProto", 7)] = "opaque types",
        [("TypeProto", 8)] = "sparse tensors",
    };

    public static OnnxFields Model { get; } = new("ModelProto", [1, 5], [2, 3, 4, 6, 7, 8, 14]);

    public static OnnxFields OperatorSet { get; } = new("OperatorSetIdProto", [2], [1]);

    public static OnnxFields Graph { get; } = new("GraphProto", [], [1, 2, 5, 10, 11, 12, 13, 14, 16]);

    public static OnnxFields Annotation { get; } = new("TensorAnnotation", [], [1, 2]);

    public static OnnxFields Node { get; } = new("NodeProto", [], [1, 2, 3, 4, 5, 6, 7, 9]);

    public static OnnxFields Attribute { get; } = new("AttributeProto", [3, 8, 20], [1, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15])
    {
        Reals = [2, 7],
    };

    public static OnnxFields Tensor { get; } = new("TensorProto", [1, 2, 5, 7, 11, 14], [1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16])
    {
        Reals = [4, 10],
    };

    public static OnnxFields Value { get; } = new("ValueInfoProto", [], [1, 2, 3, 4]);

    public static OnnxFields Type { get; } = new("TypeProto", [], [1, 4, 6, 9]);

    public static OnnxFields TensorType { get; } = new("TypeProto.Tensor", [1], [2]);

    /// <summary>A sequence or an optional value.</summary>
    public static OnnxFields Container { get; } = new("TypeProto.Sequence", [], [1]);

    public static OnnxFields Shape { get; } = new("TensorShapeProto", [], [1]);

    public static OnnxFields Dimension { get; } = new("TensorShapeProto.Dimension", [1], [2, 3]);

    public static OnnxFields Entry { get; } = new("StringStringEntryProto", [], [1, 2]);

    /// <summary>Fields of reals, which have 4 or 8 bytes where they are not packed.</summary>
    private int[] Reals { get; init; } = [];

    /// <summary>Goes to the next field.</summary>
    /// <exception cref="ModelImportException">The field is not one of these, or of another wire type.</exception>
    public bool Next(ref ProtoReader fields)
    {
        if (!fields.Next())
        {
            return false;
        }

        var allowed = fields.IsNumber ? numbers : fields.HasLength ? lengths : Reals;
        if (Array.IndexOf(allowed, fields.Field) >= 0)
        {
            return true;
        }

        var what = Refused.GetValueOrDefault((message, fields.Field)) ?? $"the field {fields.Field} of {message}";
        throw new ModelImportException($"The ONNX model uses {what}, which is not supported.");
    }
}
