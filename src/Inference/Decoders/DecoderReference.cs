using System.Numerics.Tensors;
using Tollgate.Inference.Gguf;

namespace Tollgate.Inference.Decoders;

/// <summary>
/// The forward pass in plain C#, straight from the source's own weights and layout: what an imported graph is compared with.
/// Slow and simple on purpose; it shares no code with the converter but the reading of the file.
/// </summary>
internal static class DecoderReference
{
    /// <summary>Rows of a table of tokens that are in memory at once.</summary>
    private const int PieceRows = 8192;

    /// <summary>Logits of the last position, <c>[vocabulary]</c>.</summary>
    public static float[] Logits(DecoderWeights weights, ReadOnlySpan<int> prompt) => Run(weights, prompt, last: 1)[0];

    /// <summary>Logits of every position, <c>[tokens][vocabulary]</c>.</summary>
    public static float[][] AllLogits(DecoderWeights weights, ReadOnlySpan<int> prompt) => Run(weights, prompt, prompt.Length);

    /// <param name="last">Positions at the end whose logits are wanted.</param>
    private static float[][] Run(DecoderWeights weights, ReadOnlySpan<int> prompt, int last)
    {
        var shape = weights.Shape;
        var embedding = new Table(weights, weights.Embedding);
        var positions = weights.Positions is { } learned ? weights.Read(learned) : null;
        var stream = new float[prompt.Length][];
        for (var t = 0; t < prompt.Length; t++)
        {
            stream[t] = embedding.Read(prompt[t], 1);
            TensorPrimitives.Multiply(stream[t], shape.EmbeddingScale, stream[t]);
            if (positions is not null)
            {
                TensorPrimitives.Add(stream[t], positions.AsSpan(t * shape.Width, shape.Width), stream[t]);
            }
        }

        for (var i = 0; i < shape.Layers.Count; i++)
        {
            Attend(weights, weights.Layers[i], shape.Layers[i], stream);
            FeedForward(weights, weights.Layers[i], stream);
        }

        var ends = Normalize(weights, weights.OutputNorm, stream[^last..]);
        var logits = Multiply(weights.Output is { } output ? new Table(weights, output) : embedding, ends);
        foreach (var one in logits)
        {
            Bend(one, shape.LogitSoftcap);
        }

        return logits;
    }

    private static void Attend(DecoderWeights weights, DecoderWeights.Layer layer, LayerShape kind, float[][] stream)
    {
        var shape = weights.Shape;
        var input = Normalize(weights, layer.AttentionNorm, stream);
        var queries = NormalizeHeads(weights, layer.QueryNorm, Multiply(weights, layer.Query, input));
        var keys = NormalizeHeads(weights, layer.KeyNorm, Multiply(weights, layer.Key, input));
        var values = Multiply(weights, layer.Value, input);
        for (var t = 0; t < stream.Length; t++)
        {
            if (kind.Rotation is not null)
            {
                Rotate(queries[t], shape, kind.Rotation, t);
                Rotate(keys[t], shape, kind.Rotation, t);
            }

            TensorPrimitives.Multiply(queries[t], shape.QueryGrowth?.At(t) ?? 1, queries[t]);
        }

        var mixed = new float[stream.Length][];
        for (var t = 0; t < stream.Length; t++)
        {
            mixed[t] = Mix(shape, kind.Window, queries[t], keys, values, t + 1);
        }

        Add(stream, Normalize(weights, layer.AttentionPostNorm, Multiply(weights, layer.AttentionOutput, mixed)));
    }

    /// <summary>Softmax attention of one position over the first <paramref name="length"/> positions, or the last of them.</summary>
    private static float[] Mix(DecoderShape shape, int? window, float[] query, float[][] keys, float[][] values, int length)
    {
        var width = shape.HeadWidth;
        var mixed = new float[shape.Heads * width];
        var first = window is { } most ? Math.Max(length - most, 0) : 0;
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
            TensorPrimitives.Subtract(scores, TensorPrimitives.Max<float>(scores), scores); // else the exponential of a large one overflows
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

    private static void FeedForward(DecoderWeights weights, DecoderWeights.Layer layer, float[][] stream)
    {
        var input = Normalize(weights, layer.FeedForwardNorm, stream);
        var up = Multiply(weights, layer.Up, input);
        var gate = layer.Gate is null ? up : Multiply(weights, layer.Gate, input);
        for (var t = 0; t < stream.Length; t++)
        {
            for (var i = 0; i < gate[t].Length; i++)
            {
                gate[t][i] = weights.Shape.Family.FeedForward switch
                {
                    FeedForwardForm.GatedSilu => gate[t][i] / (1 + MathF.Exp(-gate[t][i])) * up[t][i],
                    FeedForwardForm.GatedGelu => Gelu(gate[t][i]) * up[t][i],
                    _ => Gelu(gate[t][i]),
                };
            }
        }

        Add(stream, Normalize(weights, layer.FeedForwardPostNorm, Multiply(weights, layer.Down, gate)));
    }

    private static float Gelu(float x) => x / 2 * (1 + MathF.Tanh(MathF.Sqrt(2 / MathF.PI) * (x + (0.044715f * x * x * x))));

    private static void Rotate(float[] vector, DecoderShape shape, Rotation rotation, int position)
    {
        var half = rotation.Width / 2;
        var neighbours = shape.Family.Positions == PositionForm.RotatedNeighbours;
        for (var start = 0; start < vector.Length; start += shape.HeadWidth)
        {
            for (var i = 0; i < half; i++)
            {
                var (first, second) = neighbours ? (start + (2 * i), start + (2 * i) + 1) : (start + i, start + i + half);
                var (sin, cos) = Math.SinCos(position * rotation.Frequencies[i]);
                var (x, y) = (vector[first] * rotation.Magnitude, vector[second] * rotation.Magnitude);
                vector[first] = (float)((x * cos) - (y * sin));
                vector[second] = (float)((x * sin) + (y * cos));
            }
        }
    }

    /// <summary>Normalises each vector; without a norm they stay.</summary>
    private static float[][] Normalize(DecoderWeights weights, NormWeights? norm, float[][] vectors)
    {
        if (norm is null)
        {
            return vectors;
        }

        var (factors, bias) = (weights.Read(norm.Weight), norm.Bias is null ? null : weights.Read(norm.Bias));
        return [.. vectors.Select(vector =>
        {
            var normal = vector.ToArray();
            if (weights.Shape.Family.Norm == NormForm.Centred)
            {
                TensorPrimitives.Subtract(normal, TensorPrimitives.Sum<float>(normal) / normal.Length, normal);
            }

            var scale = 1 / MathF.Sqrt((TensorPrimitives.SumOfSquares<float>(normal) / normal.Length) + weights.Shape.NormEpsilon);
            TensorPrimitives.Multiply(normal, scale, normal);
            TensorPrimitives.Multiply(normal, factors, normal);
            if (bias is not null)
            {
                TensorPrimitives.Add(normal, bias, normal);
            }

            return normal;
        })];
    }

    /// <summary>Normalises each head of each vector.</summary>
    private static float[][] NormalizeHeads(DecoderWeights weights, NormWeights? norm, float[][] vectors) =>
        norm is null ? vectors : [.. vectors.Select(
            vector => Normalize(weights, norm, [.. vector.Chunk(weights.Shape.HeadWidth)]).SelectMany(head => head).ToArray())];

    private static float[][] Multiply(DecoderWeights weights, Product product, float[][] vectors) =>
        Multiply(weights.Read(product.Matrix), vectors, product.Bias is null ? null : weights.Read(product.Bias));

    private static float[][] Multiply(Table table, float[][] vectors)
    {
        var products = vectors.Select(_ => new float[table.Count]).ToArray();
        for (var first = 0; first < table.Count; first += PieceRows)
        {
            var piece = Multiply(table.Read(first, Math.Min(PieceRows, table.Count - first)), vectors, bias: null);
            for (var t = 0; t < vectors.Length; t++)
            {
                piece[t].CopyTo(products[t], first);
            }
        }

        return products;
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

    private static void Add(float[][] stream, float[][] change)
    {
        for (var t = 0; t < stream.Length; t++)
        {
            TensorPrimitives.Add(stream[t], change[t], stream[t]);
        }
    }

    /// <summary>A table with a row for each token. It is in memory whole only where the file cannot give some rows of it.</summary>
    private sealed class Table(DecoderWeights weights, GgufTensor tensor)
    {
        private readonly float[]? _whole = weights.ReadRows(tensor, 0, 1) is null ? weights.Read(tensor) : null;

        public int Count => tensor.Rows;

        public float[] Read(int first, int rows) => _whole is null
            ? weights.ReadRows(tensor, first, rows)! : _whole.AsSpan(first * tensor.Columns, rows * tensor.Columns).ToArray();
    }
}
