using Tollgate.Clusters;

namespace Tollgate.Chaos.Tests.Learning;

/// <summary>What work under kills showed.</summary>
/// <param name="Summaries">Of each work.</param>
/// <param name="Broken">What did not hold.</param>
internal sealed record KillReport(
    IReadOnlyDictionary<string, int> Kills, IReadOnlyList<string> Summaries, IReadOnlyList<string> Broken)
{
    public override string ToString() => string.Join(
        '\n',
        [
            .. Summaries,
            $"killed {string.Join(", ", Kills.Select(kill => $"{kill.Key} {kill.Value} times"))}; {Broken.Count} broken",
            .. Broken.Select(broken => $"BROKEN  {broken}"),
        ]);
}

/// <summary>Kills parts until some work has ended and each part was killed, and lets the work judge itself.</summary>
/// <param name="seed">Of the order of parts and of the gaps.</param>
/// <param name="gap">Mean time between two kills.</param>
internal sealed class KillRound(int seed, TimeSpan gap, TimeProvider clock)
{
    /// <param name="parts">Killed once each in this order, then in any order. Where all work ends before, as on a fast machine, there is
    /// more of it.</param>
    /// <param name="say">Hears of each kill.</param>
    public async Task<KillReport> RunAsync(
        IReadOnlyList<LearningWork> works, IReadOnlyList<ClusterProcess> parts, Action<string>? say = null)
    {
        foreach (var work in works)
        {
            await work.StartAsync();
        }

        var kills = await KillAsync(works, parts, say);
        var (summaries, broken) = (new List<string>(), new List<string>());
        foreach (var work in works)
        {
            var (summary, faults) = await work.EndAsync();
            summaries.Add(summary);
            broken.AddRange(faults);
        }

        return new KillReport(kills, summaries, broken);
    }

    private async Task<Dictionary<string, int>> KillAsync(
        IReadOnlyList<LearningWork> works, IReadOnlyList<ClusterProcess> parts, Action<string>? say)
    {
        var random = new Random(seed);
        var kills = parts.ToDictionary(part => part.Name, _ => 0);
        var next = new Queue<ClusterProcess>(parts);
        while (true)
        {
            await Task.Delay(gap * (0.5 + random.NextDouble()), clock);
            var (seen, ended) = (new List<string>(), true);
            foreach (var work in works)
            {
                seen.Add(await work.LookAsync());
                ended &= work.HasEnded;
            }

            if (ended && kills.Values.All(count => count > 0))
            {
                return kills;
            }

            if (ended)
            {
                foreach (var work in works)
                {
                    await work.AddAsync();
                }

                continue;
            }

            if (next.Count == 0)
            {
                var again = parts.ToArray();
                random.Shuffle(again);
                next = new Queue<ClusterProcess>(again);
            }

            var part = next.Dequeue();
            say?.Invoke($"{string.Join("; ", seen)}  kill -9 {part.Name}");
            await part.KillAsync();
            await Task.Delay(TimeSpan.FromSeconds(random.NextDouble()), clock);
            await part.StartAsync();
            kills[part.Name]++;
        }
    }
}
