using System.Numerics.Tensors;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>The vector of a text, from the vectors of its tokens.</summary>
internal static class SentenceVector
{
    /// <param name="output">What the graph computed for the text: the vector, or <c>[tokens, width]</c>.</param>
    /// <returns>A vector of length 1, except where the graph gives the vector itself.</returns>
    /// <remarks>Reimers and Gurevych, Sentence-BERT (2019), section 3.</remarks>
    public static float[] Pool(ReadOnlySpan<float> output, ModelEmbedding embedding)
    {
        var width = embedding.Width;
        switch (embedding.Pooling)
        {
            case SentencePooling.NoPooling:
                return output[..width].ToArray();
            case SentencePooling.FirstPooling:
                return Normalize(output[..width].ToArray());
            case SentencePooling.LastPooling:
                return Normalize(output[^width..].ToArray());
            case SentencePooling.MeanPooling:
                var sum = new float[width];
                for (var at = 0; at < output.Length; at += width)
                {
                    TensorPrimitives.Add(sum, output.Slice(at, width), sum);
                }

                return Normalize(sum);
            default:
                throw new InvalidOperationException($"The pooling '{embedding.Pooling}' is unknown.");
        }
    }

    /// <summary>The first numbers of a vector, scaled to length 1; the vector itself where it has no more.</summary>
    public static float[] Shorten(float[] vector, int width) => width == vector.Length ? vector : Normalize(vector[..width]);

    /// <summary>Scales a vector to length 1, in place.</summary>
    private static float[] Normalize(float[] vector)
    {
        TensorPrimitives.Divide(vector, Math.Max(TensorPrimitives.Norm<float>(vector), 1e-12f), vector);
        return vector;
    }
}
