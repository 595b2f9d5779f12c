using System.Globalization;
using System.Text.Json;
using Npgsql;
using Tollgate.Clusters;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;

namespace Tollgate.Chaos.Tests.Jobs;

/// <summary>What a round of jobs and kills showed.</summary>
/// <param name="Runs">Requests of the jobs: one each, and one more for each interruption.</param>
/// <param name="Broken">What did not hold.</param>
internal sealed record JobReport(
    int Jobs, IReadOnlyDictionary<string, int> Kills, int Runs, long Tokens, decimal Cost, IReadOnlyList<string> Broken)
{
    public override string ToString() =>
        $"{Jobs} jobs in {Runs} runs, {Tokens} trained tokens, ${Cost.ToString(CultureInfo.InvariantCulture)}; killed "
        + $"{string.Join(", ", Kills.Select(kill => $"{kill.Key} {kill.Value} times"))}; {Broken.Count} broken";
}

/// <summary>
/// Trains one job undisturbed, and then the same one several times while parts are killed: each must end with the same figures, and be
/// billed for each trained token once. The last one is cancelled on its way.
/// </summary>
/// <param name="seed">Of the order of parts and of the gaps.</param>
internal sealed class JobRound(TollgateCluster cluster, OperatorClient client, int seed, TimeProvider clock)
{
    private const string Path = "/v1/fine_tuning/jobs";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private static readonly string[] Good = ["good", "lovely", "great", "wonderful", "fine"];
    private static readonly string[] Bad = ["bad", "awful", "poor", "terrible", "sad"];

    /// <param name="epochs">Of each job: how long it takes.</param>
    /// <param name="parts">Killed once each in this order, then in any order.</param>
    /// <param name="gap">Mean time between two kills.</param>
    /// <param name="say">Hears of each kill.</param>
    public async Task<JobReport> RunAsync(
        int jobs, int epochs, IReadOnlyList<ClusterProcess> parts, TimeSpan gap, Action<string>? say = null)
    {
        var key = await client.PostAsync(
            "accounts", cluster.AccountsInternal + "/internal/keys", new CreateOperatorKey("jobs", null, null, null),
            ContractsJson.Default.CreateOperatorKey, ContractsJson.Default.CreatedKey);
        using var api = new LearningApi(cluster.Api[0], key.Text, Patience);
        var file = await api.SendAsync(Examples(), "fine-tune");
        var order =
            $$"""
            {"model":"lstm","training_file":"{{file}}","seed":11,"early_stopping":false,"checkpoint_every":20,
             "method":{"type":"lstm","lstm":{"hyperparameters":{"n_epochs":{{epochs}} } } } }
            """;
        var undisturbed = await api.CreateAsync(Path, order);
        await EndedAsync(api, [undisturbed]);
        var ids = new List<string>();
        for (var i = 0; i < jobs; i++)
        {
            ids.Add(await api.CreateAsync(Path, order));
        }

        var kills = await KillAsync(api, ids, order, parts, gap, say);
        var ended = await PricedAsync(api, [undisturbed, .. ids]);
        var figures = new List<string?>();
        foreach (var job in ended)
        {
            figures.Add(Status(job) == "succeeded" ? (await api.ShowAsync($"{Path}/{Id(job)}/evaluation")).GetRawText() : null);
        }

        var (runs, rows) = (await RunsAsync(), await RowsAsync(key.KeyId));
        return new JobReport(
            ended.Count, kills, runs.Count, rows.Values.Sum(row => row.Output), rows.Values.Sum(row => row.Amount),
            [.. Judge(ended, figures, runs, rows)]);
    }

    private static string Examples() => string.Concat(Enumerable.Range(0, 400).Select(i =>
        $$"""
        {"text":"The {{(i % 3 == 0 ? "film" : "food")}} was {{(i % 2 == 0 ? Good : Bad)[i / 2 % 5]}}, no. {{i % 50}}.","label":"{{i % 2}}"}

        """));

    private static string Id(JsonElement job) => job.GetProperty("id").GetString()!;

    private static string Status(JsonElement job) => job.GetProperty("status").GetString()!;

    private static bool HasEnded(JsonElement job) => Status(job) is "succeeded" or "failed" or "cancelled";

    /// <summary>Kills until all jobs have ended. On a machine so fast that some part is still to be killed then, there is one more job.
    /// </summary>
    private async Task<Dictionary<string, int>> KillAsync(
        LearningApi api, List<string> ids, string order, IReadOnlyList<ClusterProcess> parts, TimeSpan gap, Action<string>? say)
    {
        var random = new Random(seed);
        var kills = parts.ToDictionary(part => part.Name, _ => 0);
        var next = new Queue<ClusterProcess>(parts);
        while (true)
        {
            await Task.Delay(gap * (0.5 + random.NextDouble()), clock);
            var jobs = await ShowAsync(api, ids);
            if (jobs.All(HasEnded))
            {
                if (kills.Values.All(count => count > 0))
                {
                    return kills;
                }

                ids.Insert(0, await api.CreateAsync(Path, order));
                continue;
            }

            if (Status(jobs[^1]) == "running" && jobs[^1].GetProperty("trained_tokens") is { ValueKind: JsonValueKind.Number } tokens
                && tokens.GetInt64() > 0)
            {
                await api.CreateAsync($"{Path}/{ids[^1]}/cancel", "{}");
            }

            if (next.Count == 0)
            {
                var again = parts.ToArray();
                random.Shuffle(again);
                next = new Queue<ClusterProcess>(again);
            }

            var part = next.Dequeue();
            say?.Invoke($"{string.Join(' ', jobs.GroupBy(Status).Select(group => $"{group.Count()} {group.Key}"))}  kill -9 {part.Name}");
            await part.KillAsync();
            await Task.Delay(TimeSpan.FromSeconds(random.NextDouble()), clock);
            await part.StartAsync();
            kills[part.Name]++;
        }
    }

    private static async Task<List<JsonElement>> ShowAsync(LearningApi api, IEnumerable<string> ids)
    {
        var jobs = new List<JsonElement>();
        foreach (var id in ids)
        {
            jobs.Add(await api.ShowAsync($"{Path}/{id}"));
        }

        return jobs;
    }

    private Task<List<JsonElement>> EndedAsync(LearningApi api, IReadOnlyList<string> ids) => WaitAsync(api, ids, HasEnded);

    private Task<List<JsonElement>> PricedAsync(LearningApi api, IReadOnlyList<string> ids) =>
        WaitAsync(api, ids, job => HasEnded(job) && job.GetProperty("cost_usd").ValueKind == JsonValueKind.String);

    private async Task<List<JsonElement>> WaitAsync(LearningApi api, IReadOnlyList<string> ids, Predicate<JsonElement> isThere)
    {
        var since = clock.GetTimestamp();
        while (true)
        {
            var jobs = await ShowAsync(api, ids);
            if (jobs.TrueForAll(isThere))
            {
                return jobs;
            }

            if (clock.GetElapsedTime(since) > Patience)
            {
                throw new TimeoutException($"Jobs do not come to their end: {string.Join('\n', jobs)}");
            }

            await Task.Delay(Look, clock);
        }
    }

    /// <summary>The requests of all jobs.</summary>
    private Task<Dictionary<Guid, (string Job, long Delivered)>> RunsAsync() => ReadAsync(
        "select request_id, job_id, delivered from learning.job_runs",
        row => ($"ftjob-{row.GetGuid(1):N}", row.GetInt64(2)));

    /// <summary>The rows of a key by their requests, plans left out.</summary>
    private Task<Dictionary<Guid, (decimal Amount, long Output)>> RowsAsync(Guid key) => ReadAsync(
        """
        select request_id, sum(amount), sum(output)::bigint from billing.usage_events where key_id = $1 group by request_id
        """,
        row => (row.GetDecimal(1), row.GetInt64(2)), key);

    private async Task<Dictionary<Guid, T>> ReadAsync<T>(string query, Func<NpgsqlDataReader, T> read, params object[] values)
    {
        await using var connection = new NpgsqlConnection(cluster.PostgresConnection);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(query, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await using var reader = await command.ExecuteReaderAsync();
        var rows = new Dictionary<Guid, T>();
        while (await reader.ReadAsync())
        {
            rows[reader.GetGuid(0)] = read(reader);
        }

        return rows;
    }

    private static IEnumerable<string> Judge(
        List<JsonElement> jobs, List<string?> figures, Dictionary<Guid, (string Job, long Delivered)> runs,
        Dictionary<Guid, (decimal Amount, long Output)> rows)
    {
        var whole = jobs[0].GetProperty("trained_tokens").GetInt64();
        foreach (var (row, (amount, output)) in rows)
        {
            if (!runs.ContainsKey(row) && (amount != 0 || output != 0))
            {
                yield return $"request {row:N} is of no run and costs ${amount}";
            }
        }

        for (var i = 0; i < jobs.Count; i++)
        {
            var (id, status, isCancelled) = (Id(jobs[i]), Status(jobs[i]), i == jobs.Count - 1);
            var own = runs.Where(run => run.Value.Job == id).ToList();
            var booked = own.Where(run => rows.ContainsKey(run.Key)).Select(run => rows[run.Key]).ToList();
            var (billed, cost) = (booked.Sum(row => row.Output), booked.Sum(row => row.Amount));
            var unbilled = own.Where(run => run.Value.Delivered > (rows.TryGetValue(run.Key, out var row) ? row.Output : 0)).ToList();
            (bool Holds, string Rule)[] rules =
            [
                (status == "succeeded" || (isCancelled && status == "cancelled"), $"job {id} succeeds: {jobs[i]}"),
                (status != "succeeded" || figures[i] == figures[0], $"job {id} ends with the figures of one that nothing disturbed"),
                (unbilled.Count == 0, $"job {id}: a run bills what was delivered: {string.Join(' ', unbilled)}"),
                (billed <= whole, $"job {id}: billed {billed} <= trained {whole}"),
                (jobs[i].GetProperty("trained_tokens").GetInt64() == billed, $"job {id} shows its billed tokens, {billed}: {jobs[i]}"),
                (decimal.Parse(jobs[i].GetProperty("cost_usd").GetString()!, CultureInfo.InvariantCulture) == cost,
                    $"job {id}: rows of ${cost} make its cost {jobs[i].GetProperty("cost_usd")}"),
            ];
            foreach (var rule in rules.Where(rule => !rule.Holds))
            {
                yield return rule.Rule;
            }
        }
    }
}
