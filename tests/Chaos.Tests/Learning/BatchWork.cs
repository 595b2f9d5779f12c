using System.Globalization;
using System.Text.Json;
using Tollgate.Clusters;

namespace Tollgate.Chaos.Tests.Learning;

/// <summary>Runs batches, and holds their files and the books against the input: every line is answered once and billed once.</summary>
/// <param name="lines">Of each batch.</param>
internal sealed class BatchWork(TollgateCluster cluster, OperatorClient client, int batches, int lines, TimeProvider clock)
    : LearningWork(cluster, client, "batches", clock)
{
    private const string Path = "/v1/batches";
    private const string Chat = "/v1/chat/completions";
    private readonly List<string> _ids = [];
    private string _order = "";

    public override async Task<string> LookAsync()
    {
        var seen = await ShowAsync(Path, _ids);
        HasEnded = seen.All(IsOver);
        var done = seen.Select(batch => batch.GetProperty("request_counts").GetProperty("completed").GetInt32());
        return $"lines {string.Join(' ', done)}";
    }

    public override async Task AddAsync() => _ids.Add(await Api.CreateAsync(Path, _order));

    public override async Task<(string Summary, IReadOnlyList<string> Broken)> EndAsync()
    {
        var ended = await WaitAsync(Path, _ids, batch => batch.GetProperty("cost_usd").ValueKind == JsonValueKind.String);
        var (rows, broken) = (await RowsAsync(), new List<string>());
        var asked = new HashSet<Guid>();
        foreach (var batch in ended)
        {
            var (output, errors) = (await Api.ReadAsync(batch, "output_file_id"), await Api.ReadAsync(batch, "error_file_id"));
            Guid[] own =
            [
                .. output.Select(line => line.GetProperty("response").GetProperty("request_id").GetString()!)
                    .Select(text => Guid.ParseExact(text["req_".Length..], "N")),
            ];
            broken.AddRange(Judge(batch, output, errors, own, rows));
            asked.UnionWith(own);
        }

        var others = rows.Where(row => !asked.Contains(row.Key) && row.Value is not { Amount: 0, Output: 0 }).ToList();
        (bool Holds, string Rule)[] rules =
        [
            (others.Count == 0, $"calls that died charge nothing: {string.Join(' ', others)}"),
            (asked.Count == ended.Count * lines, $"a request of its own for each line: {asked.Count}"),
            (rows.Values.All(row => row.Class == 1), "all rows are of class batch"),
        ];
        broken.AddRange(rules.Where(rule => !rule.Holds).Select(rule => rule.Rule));
        var cost = rows.Values.Sum(row => row.Amount).ToString(CultureInfo.InvariantCulture);
        return ($"{ended.Count} batches of {lines} lines, {rows.Count} usage rows, ${cost}", broken);
    }

    protected override async Task BeginAsync()
    {
        var file = await Api.SendAsync(Input(), "batch");
        _order = $$"""{"input_file_id":"{{file}}","endpoint":"{{Chat}}","completion_window":"24h"}""";
        for (var i = 0; i < batches; i++)
        {
            await AddAsync();
        }
    }

    private static bool IsOver(JsonElement batch) =>
        batch.GetProperty("status").GetString() is "completed" or "failed" or "expired" or "cancelled";

    private static string Body(int i) =>
        $$"""
        {"model":"tiny-assistant","max_completion_tokens":24,"messages":[{"role":"user","content":"Tell me a story about {{i}}."}]}
        """;

    private string Input() => string.Concat(Enumerable.Range(1, lines).Select(i =>
        $$$"""
        {"custom_id":"{{{i}}}","method":"POST","url":"{{{Chat}}}","body":{{{Body(i)}}}}

        """));

    private IEnumerable<string> Judge(
        JsonElement batch, IReadOnlyList<JsonElement> output, IReadOnlyList<JsonElement> errors, Guid[] asked,
        Dictionary<Guid, BookedRequest> rows)
    {
        var ids = output.Concat(errors).Select(line => line.GetProperty("custom_id").GetString()!).ToList();
        var counts = batch.GetProperty("request_counts");
        var cost = decimal.Parse(batch.GetProperty("cost_usd").GetString()!, CultureInfo.InvariantCulture);
        var booked = asked.Where(rows.ContainsKey).Sum(request => rows[request].Amount);
        (bool Holds, string Rule)[] rules =
        [
            (batch.GetProperty("status").GetString() == "completed", $"completed: {batch}"),
            (errors.Count == 0, $"no line failed: {string.Join(' ', errors.Take(3))}"),
            (ids.Count == lines && ids.ToHashSet().SetEquals(Enumerable.Range(1, lines).Select(i => $"{i}")),
                $"every line once: {ids.Count}, {ids.Distinct().Count()} different"),
            (counts.GetProperty("total").GetInt32() == lines && counts.GetProperty("completed").GetInt32() == output.Count,
                $"counts: {counts}"),
            (asked.All(rows.ContainsKey), $"a usage row for each line: {asked.Count(one => !rows.ContainsKey(one))} without"),
            (booked == cost, $"rows of ${booked} make the cost {cost}"),
        ];
        return rules.Where(rule => !rule.Holds).Select(rule => rule.Rule);
    }
}
