using System.Globalization;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Import;
using Tollgate.Inference.Sessions;

namespace Tollgate.Benchmarks.Encoders;

/// <summary>
/// The same rows of mixed lengths three ways, in turns within one process: through the engine as requests of one text, in batches in the
/// order of arrival under the same budget of padded tokens, and in a bare loop over ONNX Runtime that runs the batches the engine made.
/// </summary>
internal static class EncoderBench
{
    private const int Rounds = 3;
    private static readonly BatchLimits Limits = new();

    public static async Task<IReadOnlyList<string>> RunAsync(string file, int rows, int seed, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("tollgate-bench-").FullName;
        try
        {
            var installed = await ModelImport.RunAsync(file, "bench", folder, new(), progress: null, cancellationToken);
            using var session = new SessionFactory(ExecutionProvider.Cpu).Open(installed.PathOf(installed.Manifest.Graph));
            var output = session.OutputMetadata.ContainsKey("sentence_embedding") ? "sentence_embedding" : "last_hidden_state";
            return await MeasureAsync(new EncoderGraph(session, output), MakeRows(rows, seed, installed.Manifest.Limits.ContextLength));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<IReadOnlyList<string>> MeasureAsync(EncoderGraph graph, EncoderRow[] rows)
    {
        var arrival = InOrder(rows).ToArray();
        var batches = new List<EncoderRow[]>();
        var queue = new QueuePlaces(rows.Length, rows.Length);
        var engine = new EncoderEngine(
            (batch, read) =>
            {
                lock (batches)
                {
                    batches.Add([.. batch]);
                }

                graph.Run(batch, read);
            },
            Limits, new FairTurns(queue, new QuietOrganizations(), TimeProvider.System), TimeSpan.FromMinutes(10),
            TimeProvider.System);
        var (ours, first, bare) = (TimeSpan.MaxValue, TimeSpan.MaxValue, TimeSpan.MaxValue);
        for (var round = 0; round < Rounds; round++) // In turns, so that a busy machine is unfair to all alike.
        {
            batches.Clear();
            ours = Best(ours, await TimeAsync(() => Task.WhenAll(rows.Select(row => engine.RunAsync(new OneRow(row), default)))));
            bare = Best(bare, await TimeAsync(() => Task.Run(() => batches.ForEach(batch => graph.Run(batch, (_, _) => { })))));
            first = Best(first, await TimeAsync(() => Task.Run(() => Array.ForEach(arrival, batch => graph.Run(batch, (_, _) => { })))));
        }

        var tokens = rows.Sum(row => row.Length);
        return
        [
            Text($"{rows.Length} rows, {tokens} tokens; padded {Padded(batches)} by the engine, {Padded(arrival)} in the order of arrival"),
            Text($"engine {tokens / ours.TotalSeconds:0} tokens/s; in order {tokens / first.TotalSeconds:0}; ratio {first / ours:0.00}"),
            Text($"bare loop over the engine's batches {tokens / bare.TotalSeconds:0} tokens/s; engine ÷ bare {bare / ours:0.00}"),
        ];
    }

    /// <summary>Three in four are questions of 6 to 24 tokens, the others passages of 150 to 450.</summary>
    private static EncoderRow[] MakeRows(int count, int seed, int longest)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var length = Math.Min(random.Next(4) == 0 ? random.Next(150, 451) : random.Next(6, 25), longest);
            return new EncoderRow([.. Enumerable.Range(0, length).Select(_ => random.Next(1000, 20_000))]);
        })];
    }

    /// <summary>First in, first out: a batch ends where the next row would pass the budget.</summary>
    private static IEnumerable<EncoderRow[]> InOrder(EncoderRow[] rows)
    {
        for (var start = 0; start < rows.Length;)
        {
            var (end, longest) = (start + 1, rows[start].Length);
            while (end < rows.Length && end - start < Limits.Rows
                && (long)(end + 1 - start) * Math.Max(longest, rows[end].Length) <= Limits.PaddedTokens)
            {
                longest = Math.Max(longest, rows[end++].Length);
            }

            yield return rows[start..end];
            start = end;
        }
    }

    private static long Padded(IEnumerable<EncoderRow[]> batches) =>
        batches.Sum(batch => (long)batch.Length * batch.Max(row => row.Length));

    private static TimeSpan Best(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static async Task<TimeSpan> TimeAsync(Func<Task> run)
    {
        var started = TimeProvider.System.GetTimestamp();
        await run();
        return TimeProvider.System.GetElapsedTime(started);
    }

    private static string Text(FormattableString line) => line.ToString(CultureInfo.InvariantCulture);

    /// <summary>A request of one row, all of one organization.</summary>
    private sealed class OneRow(EncoderRow row) : IEncoderRequest
    {
        public Party Party => default;

        public long Size => row.Length;

        public IReadOnlyList<EncoderRow> Encode() => [row];

        public void Read(int index, ReadOnlySpan<float> output)
        {
        }

        public void Count(int tokens)
        {
        }
    }
}
