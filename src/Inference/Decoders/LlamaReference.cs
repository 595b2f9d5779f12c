using System.Numerics.Tensors;
using Tollgate.Inference.Gguf;

namespace Tollgate.Inference.Decoders;

/// <summary>
/// The forward pass in plain C#, straight from the source's own weights and layout: what an imported graph is compared with.
/// Slow and simple on purpose; it shares no code with the converter but the reading of the file.
/// </summary>
internal static class LlamaReference
{
    /// <summary>Logits of the last position, <c>[vocabulary]</c>.</summary>
    public static float[] Logits(LlamaWeights weights, ReadOnlySpan<int> prompt)
    {
        var shape = weights.Shape;
        var frequencies = shape.RopeFrequencies(weights.RopeFactors);
        var embedding = weights.Read(weights.Embedding);
        var stream = new float[prompt.Length][];
        for (var t = 0; t < prompt.Length; t++)
        {
            stream[t] = embedding.AsSpan(prompt[t] * shape.Width, shape.Width).ToArray();
        }

        foreach (var layer in weights.Layers)
        {
            Attend(weights, layer, frequencies, stream);
            FeedForward(weights, layer, stream);
        }

        var last = Normalize(stream[^1], weights.Read(weights.OutputNorm), shape.NormEpsilon);
        var logits = Multiply(weights.Output is { } output ? weights.Read(output) : embedding, [last], bias: null)[0];
        Bend(logits, shape.LogitSoftcap);
        return logits;
    }

    private static void Attend(LlamaWeights weights, LlamaWeights.Layer layer, double[] frequencies, float[][] stream)
    {
        var shape = weights.Shape;
        var norm = weights.Read(layer.AttentionNorm);
        var input = stream.Select(x => Normalize(x, norm, shape.NormEpsilon)).ToArray();
        var queries = Multiply(weights.Read(layer.Query), input, ReadBias(weights, layer.QueryBias));
        var keys = Multiply(weights.Read(layer.Key), input, ReadBias(weights, layer.KeyBias));
        var values = Multiply(weights.Read(layer.Value), input, ReadBias(weights, layer.ValueBias));
        for (var t = 0; t < stream.Length; t++)
        {
            Rotate(queries[t], shape, frequencies, t);
            Rotate(keys[t], shape, frequencies, t);
        }

        var mixed = new float[stream.Length][];
        for (var t = 0; t < stream.Length; t++)
        {
            mixed[t] = Mix(shape, queries[t], keys, values, t + 1);
        }

        Add(stream, Multiply(weights.Read(layer.AttentionOutput), mixed, bias: null));
    }

    /// <summary>Softmax attention of one position over the first <paramref name="length"/> positions, or the last of them.</summary>
    private static float[] Mix(LlamaShape shape, float[] query, float[][] keys, float[][] values, int length)
    {
        var width = shape.HeadWidth;
        var mixed = new float[shape.Heads * width];
        var first = shape.Window is { } window ? Math.Max(length - window, 0) : 0;
        var scores = new float[length - first];
        for (var head = 0; head < shape.Heads; head++)
        {
            var shared = head / (shape.Heads / shape.KeyValueHeads) * width;
            for (var t = first; t < length; t++)
            {
                scores[t - first] =
                    TensorPrimitives.Dot(query.AsSpan(head * width, width), keys[t].AsSpan(shared, width)) * shape.AttentionScale;
            }

            Bend(scores, shape.AttentionSoftcap);
            TensorPrimitives.SoftMax(scores, scores);
            var target = mixed.AsSpan(head * width, width);
            for (var t = first; t < length; t++)
            {
                TensorPrimitives.MultiplyAdd(values[t].AsSpan(shared, width), scores[t - first], target, target);
            }
        }

        return mixed;
    }

    /// <summary>Bends numbers to ± a cap; 0 leaves them.</summary>
    private static void Bend(float[] numbers, float cap)
    {
        for (var i = 0; cap > 0 && i < numbers.Length; i++)
        {
            numbers[i] = cap * MathF.Tanh(numbers[i] / cap);
        }
    }

    private static void FeedForward(LlamaWeights weights, LlamaWeights.Layer layer, float[][] stream)
    {
        var norm = weights.Read(layer.FeedForwardNorm);
        var input = stream.Select(x => Normalize(x, norm, weights.Shape.NormEpsilon)).ToArray();
        var gate = Multiply(weights.Read(layer.Gate), input, bias: null);
        var up = Multiply(weights.Read(layer.Up), input, bias: null);
        for (var t = 0; t < stream.Length; t++)
        {
            for (var i = 0; i < gate[t].Length; i++)
            {
                gate[t][i] = gate[t][i] / (1 + MathF.Exp(-gate[t][i])) * up[t][i];
            }
        }

        Add(stream, Multiply(weights.Read(layer.Down), gate, bias: null));
    }

    private static void Rotate(float[] vector, LlamaShape shape, double[] frequencies, int position)
    {
        var half = shape.HeadWidth / 2;
        for (var start = 0; start < vector.Length; start += shape.HeadWidth)
        {
            for (var i = 0; i < half; i++)
            {
                var (first, second) = shape.RopePairsNeighbours ? (start + (2 * i), start + (2 * i) + 1) : (start + i, start + i + half);
                var (sin, cos) = Math.SinCos(position * frequencies[i]);
                var (x, y) = (vector[first], vector[second]);
                vector[first] = (float)((x * cos) - (y * sin));
                vector[second] = (float)((x * sin) + (y * cos));
            }
        }
    }

    private static float[] Normalize(float[] x, float[] weight, float epsilon)
    {
        var scale = 1 / MathF.Sqrt((TensorPrimitives.SumOfSquares<float>(x) / x.Length) + epsilon);
        var normal = new float[x.Length];
        TensorPrimitives.Multiply(x, scale, normal);
        TensorPrimitives.Multiply(normal, weight, normal);
        return normal;
    }

    /// <summary>Multiplies a matrix, stored as rows of outputs, with each vector.</summary>
    private static float[][] Multiply(float[] matrix, float[][] vectors, float[]? bias)
    {
        var columns = vectors[0].Length;
        var rows = matrix.Length / columns;
        var products = vectors.Select(_ => new float[rows]).ToArray();
        Parallel.For(0, rows, row =>
        {
            var weights = matrix.AsSpan(row * columns, columns);
            for (var t = 0; t < vectors.Length; t++)
            {
                products[t][row] = TensorPrimitives.Dot(weights, vectors[t]) + (bias is null ? 0 : bias[row]);
            }
        });
        return products;
    }

    private static float[]? ReadBias(LlamaWeights weights, GgufTensor? bias) => bias is null ? null : weights.Read(bias);

    private static void Add(float[][] stream, float[][] change)
    {
        for (var t = 0; t < stream.Length; t++)
        {
            TensorPrimitives.Add(stream[t], change[t], stream[t]);
        }
    }
}
