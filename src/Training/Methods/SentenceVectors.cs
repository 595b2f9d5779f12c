using System.IO.Hashing;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Graphs;
using Tollgate.Training.Steps;

namespace Tollgate.Training.Methods;

/// <summary>The vectors of texts under a frozen encoder, kept in a file for a run that starts again: a hash of model and rows, and then
/// part by part the numbers with a hash of them. The parts follow from the rows, so that each has the same bits whenever it is computed.
/// </summary>
internal static class SentenceVectors
{
    private const int MostTokens = 4_096;
    private const int MostRows = 64;
    private const int HashBytes = 16;

    /// <summary>Reads the vectors that the file has, and computes the others.</summary>
    /// <param name="file">Where they are kept; null for nowhere.</param>
    /// <param name="onRows">Called with rows whose vectors are there and, with a file, on the disk: first with those of earlier starts,
    /// maybe none, and then with those of each part.</param>
    /// <returns><c>[rows, width]</c>.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled between two parts.</exception>
    public static float[] Of(
        BaseModel model, int[][] rows, string? file, int threads, Action<IEnumerable<int>>? onRows, CancellationToken cancellationToken)
    {
        var vectors = new float[rows.Length * model.Width];
        int[] order = [.. Enumerable.Range(0, rows.Length).OrderBy(row => rows[row].Length)];
        using var kept = file is null ? null : new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite);
        var done = kept is null ? 0 : Read(kept, model, rows, order, vectors);
        onRows?.Invoke(order.Take(done));
        if (done == order.Length)
        {
            return vectors;
        }

        var (graph, pooled) = model.WithPooling();
        graph.Outputs.Add(pooled);
        using var session = Sessions.Open(graph.ToModel(), threads);
        using var options = new RunOptions();
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
                Place(numbers, part, model.Width, vectors);
                if (kept is not null)
                {
                    var bytes = MemoryMarshal.AsBytes(numbers);
                    kept.Write(bytes);
                    kept.Write(XxHash128.Hash(bytes));
                    kept.Flush(flushToDisk: true);
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
            onRows?.Invoke(part);
        }

        return vectors;
    }

    /// <summary>Rows of a run: at most 64, and only so many padded tokens, but one in any case.</summary>
    private static int CountOf(int[][] rows, int[] order, int start)
    {
        var count = 1;
        while (count < MostRows && start + count < order.Length && (count + 1) * rows[order[start + count]].Length <= MostTokens)
        {
            count++;
        }

        return count;
    }

    private static void Place(ReadOnlySpan<float> numbers, int[] part, int width, float[] vectors)
    {
        for (var i = 0; i < part.Length; i++)
        {
            numbers.Slice(i * width, width).CopyTo(vectors.AsSpan(part[i] * width));
        }
    }

    /// <summary>Reads the sound parts, and leaves the file behind the last of them; what follows is cut off. A file of other rows is begun
    /// anew.</summary>
    /// <returns>Rows that were read, in their order.</returns>
    private static int Read(FileStream file, BaseModel model, int[][] rows, int[] order, float[] vectors)
    {
        var key = Key(model, rows);
        var (head, hash) = (new byte[HashBytes], new byte[HashBytes]);
        if (file.ReadAtLeast(head, HashBytes, throwOnEndOfStream: false) < HashBytes || !head.AsSpan().SequenceEqual(key))
        {
            file.SetLength(0);
            file.Write(key);
            return 0;
        }

        var done = 0;
        while (done < order.Length)
        {
            var part = order.AsSpan(done, CountOf(rows, order, done)).ToArray();
            var (start, bytes) = (file.Position, new byte[part.Length * model.Width * sizeof(float)]);
            if (file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length
                || file.ReadAtLeast(hash, HashBytes, throwOnEndOfStream: false) < HashBytes
                || !XxHash128.Hash(bytes).AsSpan().SequenceEqual(hash))
            {
                file.SetLength(start);
                file.Position = start;
                break;
            }

            Place(MemoryMarshal.Cast<byte, float>(bytes), part, model.Width, vectors);
            done += part.Length;
        }

        return done;
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
