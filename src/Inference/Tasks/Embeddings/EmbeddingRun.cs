using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>One run of an embedding graph over padded rows.</summary>
internal static class EmbeddingRun
{
    /// <param name="given">Stops the run from outside; null where it is not to be stopped.</param>
    public static float[][] Run(
        InferenceSession session, string[] inputNames, ModelEmbedding embedding, int[][] rows, RunOptions? given = null)
    {
        var width = Math.Max(rows.Max(r => r.Length), 1);
        var (ids, mask) = (new long[rows.Length * width], new long[rows.Length * width]);
        for (var row = 0; row < rows.Length; row++)
        {
            for (var i = 0; i < rows[row].Length; i++)
            {
                ids[(row * width) + i] = rows[row][i];
                mask[(row * width) + i] = 1;
            }
        }

        var inputs = inputNames.Select(name => OrtValue.CreateTensorValueFromMemory(
            name switch { "input_ids" => ids, "attention_mask" => mask, _ => new long[ids.Length] }, [rows.Length, width])).ToArray();
        try
        {
            using var options = given is null ? new RunOptions() : null;
            using var outputs = session.Run(given ?? options, inputNames, inputs, [embedding.Output]);
            var numbers = outputs[0].GetTensorDataAsSpan<float>();
            var vectors = new float[rows.Length][];
            for (var row = 0; row < rows.Length; row++)
            {
                vectors[row] = embedding.Pooling switch
                {
                    SentencePooling.NoPooling => numbers.Slice(row * embedding.Width, embedding.Width).ToArray(),
                    SentencePooling.FirstPooling => Pool(
                        numbers.Slice(row * width * embedding.Width, embedding.Width), 1, embedding.Width),
                    SentencePooling.MeanPooling => Pool(
                        numbers.Slice(row * width * embedding.Width, width * embedding.Width), rows[row].Length, embedding.Width),
                    var other => throw new InvalidOperationException($"The pooling '{other}' is unknown."),
                };
            }

            return vectors;
        }
        finally
        {
            foreach (var input in inputs)
            {
                input.Dispose();
            }
        }
    }

    /// <summary>Averages the vectors of a row's tokens, leaving padding out, and scales the result to length 1.</summary>
    /// <remarks>Reimers and Gurevych, Sentence-BERT (2019), section 3.</remarks>
    private static float[] Pool(ReadOnlySpan<float> hidden, int tokens, int width)
    {
        var sum = new float[width];
        for (var i = 0; i < tokens; i++)
        {
            TensorPrimitives.Add(sum, hidden.Slice(i * width, width), sum);
        }

        var norm = TensorPrimitives.Norm<float>(sum);
        TensorPrimitives.Divide(sum, Math.Max(norm, 1e-12f), sum);
        return sum;
    }
}
