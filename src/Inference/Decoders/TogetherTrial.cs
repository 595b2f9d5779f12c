using System.Collections.Concurrent;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Decoders;

/// <summary>Finds whether the attention kernel gives the first tokens of several rows, filled up to one length, the numbers that it gives
/// each row alone, to the last bit.</summary>
/// <remarks>
/// What fills a row up is computed by the kernel and means nothing; here it is no number (NaN), so that any use of it shows, in this step
/// and in the next. As for <see cref="ChunkTrial"/>, none of this is in the kernel's contract.
/// </remarks>
internal static class TogetherTrial
{
    private const int Rows = 6;
    private static readonly ConcurrentDictionary<(int, TensorElementType, int, string, int), bool> Known = new();

    /// <summary>Tries it once for each kind of cache in this process. On CUDA, where bits depend on more, prompts share steps
    /// untried.</summary>
    /// <param name="headWidth">Width of a head of the cache.</param>
    /// <param name="type">Type of the cache.</param>
    /// <param name="lengths">Exact lengths of chunks, from <see cref="ChunkTrial"/>. One alone is never filled up to.</param>
    public static bool Run(int headWidth, TensorElementType type, IReadOnlyList<int> lengths, SessionFactory sessions) =>
        lengths.Count > 1
        && (sessions.Provider.IsCuda || Known.GetOrAdd(
            (headWidth, type, lengths[^1], sessions.Provider.Name, sessions.Threads), _ => Try(headWidth, type, lengths, sessions)));

    private static bool Try(int headWidth, TensorElementType type, IReadOnlyList<int> lengths, SessionFactory sessions)
    {
        var attention = ChunkTrial.Build(headWidth, type);
        using var session = sessions.Open(attention);
        using var steps = new SessionFactory(sessions.Provider, threads: 1).Open(attention); // as a decoder: no more threads than heads
        return ((int[])[5, 12, 30, 63, lengths[^1]]).Select(most => lengths.First(length => length >= Math.Min(most, lengths[^1])))
            .All(length => IsExact(session, steps, headWidth, type, length));
    }

    /// <param name="session">Reads several tokens of a row.</param>
    /// <param name="steps">Reads one.</param>
    private static bool IsExact(InferenceSession session, InferenceSession steps, int headWidth, TensorElementType type, int length)
    {
        var random = new Random(length);
        int[] counts = [length, 2, length - 1, 3, length / 2, (length / 2) + 1];
        var heads = counts.Select(count => Enumerable.Range(0, (count + 1) * 3 * headWidth)
            .Select(_ => (float)((random.NextDouble() - 0.5) * 4)).ToArray()).ToArray();
        using var together = new Cache(type, Rows, length + 1, headWidth);
        var filled = new float[Rows * length * 3 * headWidth];
        Array.Fill(filled, float.NaN);
        for (var row = 0; row < Rows; row++)
        {
            heads[row].AsSpan(0, counts[row] * 3 * headWidth).CopyTo(filled.AsSpan(row * length * 3 * headWidth));
        }

        var first = together.Append(session, filled, length, [.. counts.Select(count => count - 1)], total: length);
        var next = together.Append(
            steps, [.. heads.SelectMany((row, i) => row[(counts[i] * 3 * headWidth)..])], length: 1, counts, total: counts.Max() + 1);
        for (var row = 0; row < Rows; row++)
        {
            var count = counts[row];
            using var alone = new Cache(type, rows: 1, length + 1, headWidth);
            var begun = 0;
            float[] expected = [];
            while (begun < count)
            {
                var piece = count - begun is 3 or 1 ? count - begun : 2;
                float[] heading = heads[row][(begun * 3 * headWidth)..((begun + piece) * 3 * headWidth)];
                expected = [.. expected, .. alone.Append(session, heading, piece, [begun + piece - 1], begun + piece)];
                begun += piece;
            }

            var last = alone.Append(steps, heads[row][(count * 3 * headWidth)..], length: 1, [count], count + 1);
            if (!first.AsSpan(row * length * headWidth, count * headWidth).SequenceEqual(expected)
                || !next.AsSpan(row * headWidth, headWidth).SequenceEqual(last))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Rows of keys and values of one head.</summary>
    private sealed class Cache(TensorElementType type, int rows, int capacity, int headWidth) : IDisposable
    {
        private readonly RunOptions _options = new();
        private readonly OrtValue[] _parts = [.. Enumerable.Range(0, 2).Select(
            _ => OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, type, [rows, 1, capacity, headWidth]))];

        /// <summary>What the tokens attend to, <c>[rows, length, headWidth]</c>.</summary>
        /// <param name="heads">Their queries, keys and values, <c>[rows, length, 3 × headWidth]</c>.</param>
        /// <param name="ends">Of each row, the place of its last token.</param>
        public float[] Append(InferenceSession session, float[] heads, int length, int[] ends, int total)
        {
            using var input = OrtValue.CreateTensorValueFromMemory(heads, [rows, length, 3 * headWidth]);
            using var lengths = OrtValue.CreateTensorValueFromMemory(ends, [rows]);
            using var totals = OrtValue.CreateTensorValueFromMemory(new[] { total }, [1]);
            using var binding = session.CreateIoBinding();
            binding.BindInput("heads", input);
            binding.BindInput("seqlens_k", lengths);
            binding.BindInput("total_sequence_length", totals);
            binding.BindInput("past.key", _parts[0]);
            binding.BindInput("past.value", _parts[1]);
            binding.BindOutput("present.key", _parts[0]);
            binding.BindOutput("present.value", _parts[1]);
            binding.BindOutputToDevice("attention", OrtMemoryInfo.DefaultInstance);
            session.RunWithBinding(_options, binding);
            using var outputs = binding.GetOutputValues();
            return outputs[^1].GetTensorDataAsSpan<float>().ToArray();
        }

        public void Dispose()
        {
            _options.Dispose();
            Array.ForEach(_parts, part => part.Dispose());
        }
    }
}
