using System.Globalization;
using System.Text.Json;
using Tollgate.Clusters;

namespace Tollgate.Chaos.Tests.Learning;

/// <summary>
/// Trains one job undisturbed, and then the same one several times while parts are killed: each must end with the same figures, and be
/// billed for each trained token once. The last one is cancelled on its way.
/// </summary>
/// <param name="epochs">Of each job: how long it takes.</param>
internal sealed class JobWork(TollgateCluster cluster, OperatorClient client, int jobs, int epochs, TimeProvider clock)
    : LearningWork(cluster, client, "jobs", clock)
{
    private const string Path = "/v1/fine_tuning/jobs";
    private static readonly string[] Good = ["good", "lovely", "great", "wonderful", "fine"];
    private static readonly string[] Bad = ["bad", "awful", "poor", "terrible", "sad"];
    private readonly List<string> _ids = [];
    private string _undisturbed = "";
    private string _order = "";

    public override async Task<string> LookAsync()
    {
        var seen = await ShowAsync(Path, _ids);
        HasEnded = seen.All(IsOver);
        if (Status(seen[^1]) == "running" && seen[^1].GetProperty("trained_tokens") is { ValueKind: JsonValueKind.Number } tokens
            && tokens.GetInt64() > 0)
        {
            await Api.CreateAsync($"{Path}/{_ids[^1]}/cancel", "{}");
        }

        return "jobs " + string.Join(' ', seen.GroupBy(Status).Select(group => $"{group.Count()} {group.Key}"));
    }

    public override async Task AddAsync() => _ids.Insert(0, await Api.CreateAsync(Path, _order));

    public override async Task<(string Summary, IReadOnlyList<string> Broken)> EndAsync()
    {
        var ended = await WaitAsync(
            Path, [_undisturbed, .. _ids], job => IsOver(job) && job.GetProperty("cost_usd").ValueKind == JsonValueKind.String);
        var figures = new List<string?>();
        foreach (var job in ended)
        {
            figures.Add(Status(job) == "succeeded" ? (await Api.ShowAsync($"{Path}/{Id(job)}/evaluation")).GetRawText() : null);
        }

        var runs = await ReadAsync(
            "select request_id, job_id, delivered from learning.job_runs", row => ($"ftjob-{row.GetGuid(1):N}", row.GetInt64(2)));
        var rows = await RowsAsync();
        var cost = rows.Values.Sum(row => row.Amount).ToString(CultureInfo.InvariantCulture);
        return (
            $"{ended.Count} jobs in {runs.Count} runs, {rows.Values.Sum(row => row.Output)} trained tokens, ${cost}",
            [.. Judge(ended, figures, runs, rows)]);
    }

    protected override async Task BeginAsync()
    {
        var file = await Api.SendAsync(Examples(), "fine-tune");
        _order =
            $$"""
            {"model":"lstm","training_file":"{{file}}","seed":11,"early_stopping":false,"checkpoint_every":20,
             "method":{"type":"lstm","lstm":{"hyperparameters":{"n_epochs":{{epochs}} } } } }
            """;
        _undisturbed = await Api.CreateAsync(Path, _order);
        await WaitAsync(Path, [_undisturbed], IsOver);
        for (var i = 0; i < jobs; i++)
        {
            _ids.Add(await Api.CreateAsync(Path, _order));
        }
    }

    private static string Examples() => string.Concat(Enumerable.Range(0, 400).Select(i =>
        $$"""
        {"text":"The {{(i % 3 == 0 ? "film" : "food")}} was {{(i % 2 == 0 ? Good : Bad)[i / 2 % 5]}}, no. {{i % 50}}.","label":"{{i % 2}}"}

        """));

    private static string Id(JsonElement job) => job.GetProperty("id").GetString()!;

    private static string Status(JsonElement job) => job.GetProperty("status").GetString()!;

    private static bool IsOver(JsonElement job) => Status(job) is "succeeded" or "failed" or "cancelled";

    private static IEnumerable<string> Judge(
        List<JsonElement> jobs, List<string?> figures, Dictionary<Guid, (string Job, long Delivered)> runs,
        Dictionary<Guid, BookedRequest> rows)
    {
        var whole = jobs[0].GetProperty("trained_tokens").GetInt64();
        foreach (var (row, booked) in rows)
        {
            if (!runs.ContainsKey(row) && (booked.Amount != 0 || booked.Output != 0))
            {
                yield return $"request {row:N} is of no run and costs ${booked.Amount}";
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
