using System.IO.Hashing;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Graphs;
using Tollgate.Training.Steps;

namespace Tollgate.Training.Methods;

/// <summary>The vectors of texts under a frozen encoder, kept in a file for a run that starts again.</summary>
internal static class SentenceVectors
{
    private const int MostTokens = 4_096;

    /// <summary>Computes the vectors, or reads them.</summary>
    /// <param name="file">Where they are kept; null for nowhere.</param>
    /// <param name="onRows">Told how many rows are done.</param>
    /// <returns><c>[rows, width]</c>.</returns>
    public static float[] Of(
        BaseModel model, int[][] rows, string? file, int threads, Action<int>? onRows, CancellationToken cancellationToken)
    {
        if (file is not null && TryRead(file, model, rows) is { } kept)
        {
            return kept;
        }

        var vectors = Compute(model, rows, threads, onRows, cancellationToken);
        if (file is not null)
        {
            var draft = $"{file}.new";
            File.WriteAllBytes(draft, [.. Key(model, rows), .. MemoryMarshal.AsBytes(vectors.AsSpan())]);
            File.Move(draft, file, overwrite: true);
        }

        return vectors;
    }

    private static float[] Compute(
        BaseModel model, int[][] rows, int threads, Action<int>? onRows, CancellationToken cancellationToken)
    {
        var (graph, pooled) = model.WithPooling();
        graph.Outputs.Add(pooled);
        using var session = Sessions.Open(graph.ToModel(), threads);
        using var options = new RunOptions();
        var vectors = new float[rows.Length * model.Width];
        var done = 0;
        int[] order = [.. Enumerable.Range(0, rows.Length).OrderBy(row => rows[row].Length)];
        while (done < order.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var part = order.AsSpan(done, CountOf(rows, order, done)).ToArray();
            var inputs = TokenInputs.Of(graph.Inputs, [.. part.Select(row => rows[row])], rows[part[^1]].Length)
                .ToDictionary(pair => pair.Key, pair => Sessions.Value(pair.Value), StringComparer.Ordinal);
            try
            {
                using var outputs = session.Run(options, inputs, [pooled]);
                var numbers = outputs[0].GetTensorDataAsSpan<float>();
                for (var i = 0; i < part.Length; i++)
                {
                    numbers.Slice(i * model.Width, model.Width).CopyTo(vectors.AsSpan(part[i] * model.Width));
                }
            }
            finally
            {
                foreach (var value in inputs.Values)
                {
                    value.Dispose();
                }
            }

            done += part.Length;
            onRows?.Invoke(done);
        }

        return vectors;
    }

    /// <summary>Rows of a run: at most 64, and only so many padded tokens, but one in any case.</summary>
    private static int CountOf(int[][] rows, int[] order, int start)
    {
        var count = 1;
        while (count < 64 && start + count < order.Length && (count + 1) * rows[order[start + count]].Length <= MostTokens)
        {
            count++;
        }

        return count;
    }

    private static float[]? TryRead(string file, BaseModel model, int[][] rows)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        var bytes = File.ReadAllBytes(file);
        var key = Key(model, rows);
        return bytes.Length == key.Length + ((long)rows.Length * model.Width * sizeof(float)) && bytes.AsSpan().StartsWith(key)
            ? MemoryMarshal.Cast<byte, float>(bytes.AsSpan(key.Length)).ToArray()
            : null;
    }

    private static byte[] Key(BaseModel model, int[][] rows)
    {
        var hash = new XxHash128();
        hash.Append(System.Text.Encoding.UTF8.GetBytes(model.Hash));
        foreach (var row in rows)
        {
            hash.Append(BitConverter.GetBytes(row.Length));
            hash.Append(MemoryMarshal.AsBytes(row.AsSpan()));
        }

        return hash.GetCurrentHash();
    }
}
