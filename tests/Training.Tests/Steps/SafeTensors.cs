using System.Buffers.Binary;
using System.Text.Json.Nodes;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Onnx;

namespace Tollgate.Training.Tests.Steps;

/// <summary>Reads a .safetensors file: a length, a JSON head, and the tensors' bytes.</summary>
internal static class SafeTensors
{
    public static Dictionary<string, OnnxTensor> Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var start = 8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        var head = JsonNode.Parse(bytes.AsSpan(8, start - 8))!.AsObject();
        return head.Where(pair => pair.Key != "__metadata__").ToDictionary(
            pair => pair.Key,
            pair =>
            {
                int[] places = [.. pair.Value!["data_offsets"]!.AsArray().Select(place => (int)place!)];
                return new OnnxTensor(
                    (string)pair.Value["dtype"]! == "F32" ? TensorElementType.Float : TensorElementType.Int64,
                    [.. pair.Value["shape"]!.AsArray().Select(size => (long)size!)],
                    bytes.AsMemory()[(start + places[0])..(start + places[1])]);
            },
            StringComparer.Ordinal);
    }
}
