using System.Globalization;
using System.Text.Json;
using Tollgate.Clusters;

namespace Tollgate.Chaos.Tests.Learning;

/// <summary>
/// Makes responses in the background, cancels every fifth of them, and holds them against the books: each comes to an end, one that was
/// answered is billed once, and one that was cancelled at most once.
/// </summary>
internal sealed class BackgroundWork(TollgateCluster cluster, OperatorClient client, int responses, TimeProvider clock)
    : LearningWork(cluster, client, "background", clock)
{
    private const string Path = "/v1/responses";
    private const int Cancelled = 5;
    private readonly List<string> _ids = [];

    public override async Task<string> LookAsync()
    {
        var seen = await ShowAsync(Path, _ids);
        HasEnded = seen.TrueForAll(IsOver);
        return $"responses {seen.Count(IsOver)}";
    }

    public override async Task AddAsync()
    {
        // A gateway that dies between the queue and its answer has made the response: the key finds it again.
        var number = _ids.Count;
        _ids.Add(await Api.CreateAsync(Path, Body(number), $"background-{number}"));
        if (number % Cancelled == 0)
        {
            await Api.CreateAsync($"{Path}/{_ids[^1]}/cancel", "{}");
        }
    }

    public override async Task<(string Summary, IReadOnlyList<string> Broken)> EndAsync()
    {
        var ended = await WaitAsync(Path, _ids, IsOver);
        var answered = ended.Where(IsAnswered).ToList();
        var requests = await ReadAsync(
            "select id, request_id from learning.responses where key_id = $1 and request_id is not null", row => row.GetGuid(1), Key);
        var own = requests.Values.ToHashSet();
        var rows = await WaitAsync("the usage of responses", RowsAsync, seen => own.All(seen.ContainsKey));
        var others = rows.Where(row => !own.Contains(row.Key) && row.Value is not { Amount: 0, Output: 0 }).ToList();
        var cancelled = ended.Count(one => Status(one) == "cancelled");
        var failed = ended.Where(one => !IsAnswered(one) && Status(one) != "cancelled").ToList();
        var wrong = answered
            .Where(one => !requests.TryGetValue(IdOf(one), out var request) || rows[request].Output != OutputOf(one)).ToList();
        (bool Holds, string Rule)[] rules =
        [
            (ended.Count == _ids.Distinct().Count(), "each request made one response"),
            (failed.Count == 0, $"none failed: {string.Join(' ', failed)}"),
            (own.Count == answered.Count, $"a request of its own for each answer: {own.Count} for {answered.Count}"),
            (wrong.Count == 0, $"a row of the answer's units for each: {string.Join(' ', wrong)}"),
            (others.Count <= cancelled, $"calls that died charge nothing, cancelled ones once: {string.Join(' ', others)}"),
            (rows.Values.All(row => row.Class == 0), "no row is of class batch"),
        ];
        var cost = rows.Values.Sum(row => row.Amount).ToString(CultureInfo.InvariantCulture);
        return (
            $"{answered.Count} responses answered and {cancelled} cancelled in the background, {rows.Count} usage rows, ${cost}",
            [.. rules.Where(rule => !rule.Holds).Select(rule => rule.Rule)]);
    }

    protected override async Task BeginAsync()
    {
        for (var i = 0; i < responses; i++)
        {
            await AddAsync();
        }
    }

    private static string Body(int number) =>
        $$"""{"model":"tiny-assistant","max_output_tokens":24,"input":"Tell me a story about {{number}}.","background":true}""";

    private static string Status(JsonElement response) => response.GetProperty("status").GetString()!;

    private static bool IsOver(JsonElement response) => Status(response) is not ("queued" or "in_progress");

    private static bool IsAnswered(JsonElement response) => Status(response) is "completed" or "incomplete";

    private static Guid IdOf(JsonElement response) => Guid.ParseExact(response.GetProperty("id").GetString()!["resp_".Length..], "N");

    private static long OutputOf(JsonElement response) => response.GetProperty("usage").GetProperty("output_tokens").GetInt64();
}
