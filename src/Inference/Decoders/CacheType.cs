using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Tollgate.Inference.Decoders;

/// <summary>The type of a decoder's keys and values, which its graph states.</summary>
internal static class CacheType
{
    /// <summary>Float32 for a graph without layers.</summary>
    public static TensorElementType Of(InferenceSession session) =>
        session.InputMetadata.TryGetValue("past_key_values.0.key", out var key) ? key.ElementDataType : TensorElementType.Float;

    /// <summary>Bytes of one number.</summary>
    public static int Bytes(TensorElementType type) => type == TensorElementType.Float16 ? sizeof(ushort) : sizeof(float);
}
