using System.Globalization;
using System.Text.Json;
using Npgsql;
using Tollgate.Clusters;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;

namespace Tollgate.Chaos.Tests.Batches;

/// <summary>What a round of a batch and kills showed.</summary>
/// <param name="Kills">Kills of each part.</param>
/// <param name="Rows">Usage rows of the batch's key: one a line, and those of calls that died, which charge nothing.</param>
/// <param name="Broken">What did not hold.</param>
internal sealed record BatchReport(int Lines, IReadOnlyDictionary<string, int> Kills, int Rows, decimal Cost, IReadOnlyList<string> Broken)
{
    public override string ToString() =>
        $"{Lines} lines, {Rows} usage rows, ${Cost.ToString(CultureInfo.InvariantCulture)}; killed "
        + $"{string.Join(", ", Kills.Select(kill => $"{kill.Key} {kill.Value} times"))}; {Broken.Count} broken";
}

/// <summary>Runs one batch while parts are killed, and holds its files and the books against the input.</summary>
/// <param name="seed">Of the order of parts and of the gaps.</param>
internal sealed class BatchRound(TollgateCluster cluster, OperatorClient client, int seed, TimeProvider clock)
{
    private const string Chat = "/v1/chat/completions";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    /// <param name="parts">Killed once each in this order, the next one whenever some more lines are done; then in any order until the
    /// batch has ended.</param>
    /// <param name="gap">Mean time between two kills after the first one of each.</param>
    /// <param name="say">Hears of each kill.</param>
    public async Task<BatchReport> RunAsync(int lines, IReadOnlyList<ClusterProcess> parts, TimeSpan gap, Action<string>? say = null)
    {
        var key = await client.PostAsync(
            "accounts", cluster.AccountsInternal + "/internal/keys", new CreateOperatorKey("batch", null, null, null),
            ContractsJson.Default.CreateOperatorKey, ContractsJson.Default.CreatedKey);
        using var api = new LearningApi(cluster.Api[0], key.Text, Patience);
        var file = await api.SendAsync(Input(lines), "batch");
        var id = await api.CreateAsync(
            "/v1/batches", $$"""{"input_file_id":"{{file}}","endpoint":"{{Chat}}","completion_window":"24h"}""");
        var kills = await KillAsync(id, api, parts, lines / (parts.Count + 2), gap, say);
        var batch = await PricedAsync(id, api);
        var (output, errors) = (await api.ReadAsync(batch, "output_file_id"), await api.ReadAsync(batch, "error_file_id"));
        var rows = await RowsAsync(key.KeyId);
        return new BatchReport(
            lines, kills, rows.Count, rows.Values.Sum(row => row.Amount), [.. Judge(lines, batch, output, errors, rows)]);
    }

    private static string Input(int lines) => string.Concat(Enumerable.Range(1, lines).Select(i =>
        $$$"""
        {"custom_id":"{{{i}}}","method":"POST","url":"{{{Chat}}}","body":{{{Body(i)}}}}

        """));

    private static string Body(int i) =>
        $$"""
        {"model":"tiny-assistant","max_completion_tokens":24,"messages":[{"role":"user","content":"Tell me a story about {{i}}."}]}
        """;

    private async Task<Dictionary<string, int>> KillAsync(
        string id, LearningApi api, IReadOnlyList<ClusterProcess> parts, int apart, TimeSpan gap, Action<string>? say)
    {
        var random = new Random(seed);
        var kills = parts.ToDictionary(part => part.Name, _ => 0);
        var order = new Queue<ClusterProcess>(parts);
        var (isFirst, last) = (true, 0);
        while (true)
        {
            if (order.Count == 0)
            {
                var next = parts.ToArray();
                random.Shuffle(next);
                (order, isFirst) = (new Queue<ClusterProcess>(next), false);
            }

            await Task.Delay(isFirst ? Look : gap * (0.5 + random.NextDouble()), clock);
            var batch = await api.ShowAsync($"/v1/batches/{id}");
            if (HasEnded(batch))
            {
                return kills;
            }

            var done = batch.GetProperty("request_counts").GetProperty("completed").GetInt32();
            if (isFirst && done < last + apart)
            {
                continue;
            }

            last = done;
            var part = order.Dequeue();
            say?.Invoke($"{batch.GetProperty("request_counts")}  kill -9 {part.Name}");
            await part.KillAsync();
            await Task.Delay(TimeSpan.FromSeconds(random.NextDouble()), clock);
            await part.StartAsync();
            kills[part.Name]++;
        }
    }

    private static bool HasEnded(JsonElement batch) =>
        batch.GetProperty("status").GetString() is "completed" or "failed" or "expired" or "cancelled";

    private async Task<JsonElement> PricedAsync(string id, LearningApi api)
    {
        var since = clock.GetTimestamp();
        while (true)
        {
            var batch = await api.ShowAsync($"/v1/batches/{id}");
            if (batch.GetProperty("cost_usd").ValueKind == JsonValueKind.String)
            {
                return batch;
            }

            if (clock.GetElapsedTime(since) > Patience)
            {
                throw new TimeoutException($"The batch has no cost: {batch}");
            }

            await Task.Delay(Look, clock);
        }
    }

    /// <summary>The rows of a key by their requests.</summary>
    private async Task<Dictionary<Guid, (decimal Amount, long Output, short Class)>> RowsAsync(Guid key)
    {
        await using var connection = new NpgsqlConnection(cluster.PostgresConnection);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            """
            select request_id, sum(amount), sum(output)::bigint, max(service_class) from billing.usage_events where key_id = $1
            group by request_id
            """,
            connection) { Parameters = { new() { Value = key } } };
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new Dictionary<Guid, (decimal, long, short)>();
        while (await reader.ReadAsync())
        {
            rows[reader.GetGuid(0)] = (reader.GetDecimal(1), reader.GetInt64(2), reader.GetInt16(3));
        }

        return rows;
    }

    private static IEnumerable<string> Judge(
        int lines, JsonElement batch, IReadOnlyList<JsonElement> output, IReadOnlyList<JsonElement> errors,
        Dictionary<Guid, (decimal Amount, long Output, short Class)> rows)
    {
        var ids = output.Concat(errors).Select(line => line.GetProperty("custom_id").GetString()!).ToList();
        var asked = output.Select(line => line.GetProperty("response").GetProperty("request_id").GetString()!)
            .Select(text => Guid.ParseExact(text["req_".Length..], "N")).ToList();
        var counts = batch.GetProperty("request_counts");
        var cost = decimal.Parse(batch.GetProperty("cost_usd").GetString()!, CultureInfo.InvariantCulture);
        (bool Holds, string Rule)[] rules =
        [
            (batch.GetProperty("status").GetString() == "completed", $"completed: {batch}"),
            (errors.Count == 0, $"no line failed: {string.Join(' ', errors.Take(3))}"),
            (ids.Count == lines && ids.ToHashSet().SetEquals(Enumerable.Range(1, lines).Select(i => $"{i}")),
                $"every line once: {ids.Count}, {ids.Distinct().Count()} different"),
            (counts.GetProperty("total").GetInt32() == lines && counts.GetProperty("completed").GetInt32() == output.Count,
                $"counts: {counts}"),
            (asked.Distinct().Count() == asked.Count, "a request of its own for each line"),
            (asked.All(rows.ContainsKey), $"a usage row for each line: {asked.Count(one => !rows.ContainsKey(one))} without"),
            (rows.Where(row => !asked.Contains(row.Key)).All(row => row.Value is { Amount: 0, Output: 0 }),
                "calls that died charge nothing: "
                + string.Join(' ', rows.Where(row => !asked.Contains(row.Key) && row.Value.Amount != 0).Select(row => row.Key))),
            (rows.Values.All(row => row.Class == 1), "all rows are of class batch"),
            (rows.Values.Sum(row => row.Amount) == cost, $"rows {rows.Values.Sum(row => row.Amount)} make the cost {cost}"),
        ];
        return rules.Where(rule => !rule.Holds).Select(rule => rule.Rule);
    }
}
