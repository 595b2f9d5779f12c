using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Rewriting;

/// <summary>Replaces products with quantized weights by products with the float32 numbers that the weights stand for.</summary>
internal static class QuantizedProducts
{
    /// <exception cref="GradientException">A product has a form that is not known; the message names the node.</exception>
    public static void Replace(ModelGraph graph)
    {
        for (var i = 0; i < graph.Nodes.Count; i++)
        {
            graph.Nodes[i] = graph.Nodes[i].Operator switch
            {
                "MatMulNBits" => FromBlocks(graph, graph.Nodes[i]),
                "MatMulInteger" => FromIntegers(graph, graph.Nodes[i]),
                _ => graph.Nodes[i],
            };
        }

        RemoveQuantization(graph);
    }

    /// <summary>Removes what only quantized the other operand: products of scales, then the operators that found them.</summary>
    private static void RemoveQuantization(ModelGraph graph)
    {
        bool IsRead(ModelNode node) =>
            node.Outputs.Any(output => graph.Outputs.Contains(output) || graph.Nodes.Exists(other => other.Inputs.Contains(output)));
        var quantizers = graph.Nodes.Where(node => node.Operator == "DynamicQuantizeLinear").ToArray();
        var scales = quantizers.Select(node => node.Outputs[1]).ToHashSet(StringComparer.Ordinal);
        graph.Nodes.RemoveAll(node => node.Operator == "Mul" && node.Inputs.Any(scales.Contains) && !IsRead(node));
        graph.Nodes.RemoveAll(node => Array.IndexOf(quantizers, node) >= 0 && !IsRead(node));
    }

    /// <summary>ONNX Runtime's MatMulNBits: weights <c>[n, blocks, bytes]</c> with a scale for each block.</summary>
    private static ModelNode FromBlocks(ModelGraph graph, ModelNode node)
    {
        var (k, n) = ((int)node.Whole("K", 0), (int)node.Whole("N", 0));
        var (bits, size) = ((int)node.Whole("bits", 4), (int)node.Whole("block_size", 32));
        if (bits is not (4 or 8) || node.Input(4).Length > 0 || node.Input(5).Length > 0
            || graph.Initializers.GetValueOrDefault(node.Input(2)) is not { Type: TensorElementType.Float } scales)
        {
            throw new GradientException($"{node.Description} cannot be trained: only 4 and 8 bits with float32 scales are read.");
        }

        var weights = graph.Initializers[node.Inputs[1]].Data.Span;
        var zeros = node.Input(3).Length > 0 ? graph.Initializers[node.Inputs[3]].Data.Span : default;
        var blocks = (k + size - 1) / size;
        var (blockBytes, zeroBytes) = (size * bits / 8, ((blocks * bits) + 7) / 8);
        var result = new float[k * n];
        for (var column = 0; column < n; column++)
        {
            for (var row = 0; row < k; row++)
            {
                var (block, place) = (row / size, row % size);
                var number = Number(weights[(((column * blocks) + block) * blockBytes)..], place, bits);
                var zero = zeros.IsEmpty ? 1 << (bits - 1) : Number(zeros[(column * zeroBytes)..], block, bits);
                result[(row * n) + column] = (number - zero) * scales.Floats[(column * blocks) + block];
            }
        }

        var name = graph.NewName("weights");
        graph.Initializers[name] = OnnxTensor.Of(result, k, n);
        return new ModelNode("MatMul", "", [node.Inputs[0], name], node.Outputs) { Name = node.Name };
    }

    private static int Number(ReadOnlySpan<byte> bytes, int place, int bits) =>
        bits == 8 ? bytes[place] : (bytes[place / 2] >> (place % 2 * 4)) & 15;

    /// <summary>ONNX Runtime's dynamic quantization: DynamicQuantizeLinear, MatMulInteger, Cast, and Mul by the product of both scales.
    /// The last of them becomes the product.</summary>
    private static ModelNode FromIntegers(ModelGraph graph, ModelNode node)
    {
        var quantized = graph.Nodes.Find(other => other.Operator == "DynamicQuantizeLinear" && other.Outputs[0] == node.Inputs[0]);
        var cast = Reader(graph, node.Outputs[0], "Cast");
        var scaled = cast is null ? null : Reader(graph, cast.Outputs[0], "Mul");
        var scale = scaled is null ? null : graph.Nodes.Find(other =>
            other.Operator == "Mul" && scaled.Inputs.Contains(other.Outputs[0]) && other.Inputs.Contains(quantized?.Output(1)));
        var weightScale = scale?.Inputs.FirstOrDefault(graph.Initializers.ContainsKey);
        if (quantized is null || cast is null || scaled is null || weightScale is null
            || graph.Initializers.GetValueOrDefault(node.Inputs[1]) is not { Shape: [var rows, var columns] } weights)
        {
            throw new GradientException(
                $"{node.Description} cannot be trained: its result is not multiplied by the scales of one DynamicQuantizeLinear and of "
                + "constant weights.");
        }

        var zeros = node.Input(3).Length > 0 ? graph.Initializers[node.Inputs[3]] : null;
        var scales = graph.Initializers[weightScale].Floats;
        var result = new float[rows * columns];
        for (var i = 0; i < result.Length; i++)
        {
            var column = i % (int)columns;
            var zero = zeros is null ? 0 : Whole(zeros, zeros.Count == 1 ? 0 : column);
            result[i] = (Whole(weights, i) - zero) * scales[scales.Length == 1 ? 0 : column];
        }

        var name = graph.NewName("weights");
        graph.Initializers[name] = OnnxTensor.Of(result, rows, columns);
        graph.Nodes[graph.Nodes.IndexOf(cast)] = new ModelNode("Identity", "", [node.Outputs[0]], cast.Outputs);
        graph.Nodes[graph.Nodes.IndexOf(scaled)] = new ModelNode("Identity", "", [cast.Outputs[0]], scaled.Outputs);
        return new ModelNode("MatMul", "", [quantized.Inputs[0], name], node.Outputs) { Name = node.Name };
    }

    private static int Whole(OnnxTensor tensor, int index) => tensor.Type == TensorElementType.Int8
        ? MemoryMarshal.Cast<byte, sbyte>(tensor.Data.Span)[index]
        : tensor.Data.Span[index];

    private static ModelNode? Reader(ModelGraph graph, string tensor, string type) =>
        graph.Nodes.Find(node => node.Operator == type && node.Inputs.Contains(tensor));
}
