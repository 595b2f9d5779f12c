using Tollgate.Benchmarks.Machine;
using Tollgate.Benchmarks.Memory;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;
using Tollgate.Testing;

namespace Tollgate.Benchmarks.Engine;

/// <summary>Decoders: the engine in process and over HTTP, a bare loop on the same graph, and llama.cpp on the same file.</summary>
internal static class InferenceBench
{
    public static async Task<InferenceReport> RunAsync(InferencePlan plan, CancellationToken cancellationToken)
    {
        var machine = MachineFacts.Read(TimeProvider.System);
        if (!LlamaPeer.IsInstalled)
        {
            await Console.Error.WriteLineAsync("llama.cpp is left out: npm has not installed @node-llama-cpp/linux-x64.");
        }

        var folder = TestFolder.Create("inference");
        var decoders = new List<PreparedDecoder>();
        foreach (var precision in plan.Precisions)
        {
            decoders.Add(await PrepareAsync(plan.Model, precision, folder, cancellationToken));
        }

        var setups = new List<SetupFigures>();
        EmbeddingShare[] shares = [];
        foreach (var threads in plan.Threads)
        {
            var lineups = new List<Lineup>();
            try
            {
                foreach (var decoder in decoders)
                {
                    lineups.Add(await Lineup.StartAsync(decoder, threads, cancellationToken));
                }

                setups.AddRange(await MeasureAsync(lineups, plan, threads, cancellationToken));
                if (plan.Encoder is not null && threads == plan.Threads[^1])
                {
                    shares = await lineups[0].ShareAsync(plan, cancellationToken);
                }
            }
            finally
            {
                foreach (var lineup in lineups)
                {
                    await lineup.DisposeAsync();
                }
            }
        }

        return new InferenceReport(machine, plan, setups, shares);
    }

    /// <summary>Both read one file: F32 for float32, Q8_0 for 8 bits.</summary>
    private static async Task<PreparedDecoder> PrepareAsync(
        string model, string precision, string folder, CancellationToken cancellationToken)
    {
        var file = Path.Combine(folder, $"{precision}.gguf");
        BenchedDecoders.Write(model, file, precision == ModelPrecisions.Float32 ? TensorEncoding.F32 : TensorEncoding.Q8_0);
        var repository = Path.Combine(folder, $"imported-{precision}");
        await ModelImport.RunAsync(
            file, PreparedDecoder.Name, repository,
            new ModelImportOptions { Precision = precision, ParityBound = double.MaxValue }, progress: null, cancellationToken);
        await Console.Error.WriteLineAsync($"imported in {precision}");
        return new PreparedDecoder(precision, file, Path.Combine(repository, PreparedDecoder.Name));
    }

    private static async Task<IReadOnlyList<SetupFigures>> MeasureAsync(
        List<Lineup> lineups, InferencePlan plan, int threads, CancellationToken cancellationToken)
    {
        var setups = new List<SetupFigures>();
        foreach (var lineup in lineups)
        {
            foreach (var target in lineup.Names)
            {
                await lineup.MeasureAsync(target, plan.Cells[^1], seed: 0, cancellationToken); // Compiles methods and touches memory.
            }

            setups.Add(new SetupFigures(
                lineup.Precision, threads, lineup.ReadMemory(), await lineup.CompareAsync(plan.Seed, cancellationToken)));
        }

        for (var round = 0; round < plan.Rounds; round++)
        {
            var seed = (plan.Seed * 100) + round + 1;
            var random = new Random(seed);
            foreach (var cell in Shuffled(plan.Cells, random))
            {
                foreach (var (which, target) in Shuffled(Pairs(lineups, lineup => lineup.Names), random))
                {
                    setups[which].Add(target, cell, await lineups[which].MeasureAsync(target, cell, seed, cancellationToken));
                }
            }

            foreach (var (which, target) in Shuffled(Pairs(lineups, lineup => lineup.Mixable), random))
            {
                setups[which].Add(target, await lineups[which].MixAsync(target, plan.Mixed, seed, cancellationToken));
            }

            for (var which = 0; which < lineups.Count; which++)
            {
                setups[which].Prefixes.Add(await lineups[which].PrefixAsync(seed, cancellationToken));
            }

            await Console.Error.WriteLineAsync($"{threads} threads: round {round + 1} of {plan.Rounds} is done");
        }

        return setups;
    }

    private static IEnumerable<(int Which, string Target)> Pairs(
        List<Lineup> lineups, Func<Lineup, IReadOnlyList<string>> targets) =>
        lineups.SelectMany((lineup, which) => targets(lineup).Select(target => (which, target)));

    private static T[] Shuffled<T>(IEnumerable<T> items, Random random)
    {
        T[] shuffled = [.. items];
        random.Shuffle(shuffled);
        return shuffled;
    }
}
