using System.Collections.Concurrent;
using System.Globalization;
using Tollgate.Chaos.Tests.Load;
using Tollgate.Chaos.Tests.Truth;
using Tollgate.Clusters;
using Tollgate.Testing;

namespace Tollgate.Chaos.Tests.Hostile;

/// <summary>
/// Hostile connections to one gateway, some at a time, and honest calls between them; then the logs, the memory, the till and the books are
/// looked at. The n-th connection is a function of the seed.
/// </summary>
internal sealed class HostileRun(TollgateCluster cluster, OperatorClient client, int seed, TimeProvider clock)
{
    private const int AtOnce = 48;
    private const int SlowAtOnce = 6;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private int _slow;
    private readonly ConcurrentBag<HostileAnswer> _answers = [];

    public async Task<HostileReport> RunAsync(int requests)
    {
        var customer = await new CustomerFounding(cluster, client, clock).FoundOneAsync("hostile", 5m, [null]);
        var logs = LogScan.Lengths(cluster);
        var generator = new HostileGenerator(seed, customer.Keys[0].Text);
        var hostile = new HostileClient(new Uri(cluster.Api[0]));
        await CallHonestlyAsync(customer);
        var memory = new MemoryWatch(cluster.Gateways[0].Id);
        await SendAsync(generator, hostile, 0, requests / 4);
        await memory.SettleAsync("after the first quarter", clock);
        await SendAsync(generator, hostile, requests / 4, requests);
        await memory.SettleAsync("at the end", clock);
        var last = await CallHonestlyAsync(customer);
        var violations = new List<Violation>(await CheckBooksAsync(customer, last));
        violations.AddRange(await Tills.CheckAsync(cluster, [customer]));
        violations.AddRange(await LogScan.CheckErrorsAsync(cluster, logs));
        return new HostileReport(seed, [.. _answers], memory, violations);
    }

    private async Task SendAsync(HostileGenerator generator, HostileClient hostile, int from, int to)
    {
        var next = from - 1;
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is var number && number < to)
            {
                await SendOneAsync(generator.Make(number), hostile, number);
            }
        }));
    }

    private async Task SendOneAsync(HostileRequest request, HostileClient hostile, int number)
    {
        // A slow writer too many writes fast: the others must get on.
        var slow = request.Kind == HostileFrames.SlowKind && Interlocked.Increment(ref _slow) <= SlowAtOnce;
        _answers.Add(await hostile.SendAsync(
            slow || request.Kind != HostileFrames.SlowKind ? request : request with { Pause = default }, number));
        if (request.Kind == HostileFrames.SlowKind)
        {
            Interlocked.Decrement(ref _slow);
        }
    }

    private async Task<Guid> CallHonestlyAsync(Customer customer)
    {
        using var caller = new Caller(clock);
        return await Until.ValueAsync<object>(
            async () =>
            {
                var record = new CallRecord
                {
                    Number = 0, Key = customer.Keys[0], Gateway = cluster.Api[0], Kind = "honest", StartedAt = clock.GetUtcNow(),
                };
                await caller.CallAsync(new CallPlan(HttpText.ChatPath, HttpText.GoodBody, false, "honest", null, null), record, default);
                return record is { Status: 200, RequestId: { } id } ? id : null;
            },
            "an honest call is answered",
            Patience) is Guid found ? found : default;
    }

    /// <summary>
    /// Waits until the last call's row is there, and with it all before; then holds the rows against the answers and the worker's log.
    /// </summary>
    private async Task<IEnumerable<Violation>> CheckBooksAsync(Customer customer, Guid last)
    {
        IReadOnlyList<BilledRow> rows = [];
        await Until.TrueAsync(
            async () =>
            {
                rows = await BilledRow.ReadAllAsync(cluster.PostgresConnection);
                var running = await RunningAsync(customer);
                return running == 0 && rows.Any(row => row.RequestId == last);
            },
            "all calls have ended and are billed",
            Patience);
        var witnesses = await Witnesses.ReadAsync(cluster, client);
        var mine = rows.Where(row => row.To.KeyId == customer.Keys[0].KeyId).ToDictionary(row => row.RequestId);
        var answers = _answers
            .SelectMany(answer => answer.Answers.Select(one => (one.Status, one.RequestId, answer.Request.Kind))).ToList();
        var refused = answers
            .Where(answer => answer.Status >= 400 && answer.RequestId is { } id && mine.TryGetValue(id, out var row) && row.Amount > 0)
            .Select(answer => new Violation(HostileReport.Refused, $"{answer.Kind}: {mine[answer.RequestId!.Value]}"));
        var over = mine.Values
            .Where(row => row.Units != default
                && (witnesses.Find(row.RequestId, row.Attempt) is not { } computed || !row.Units.IsWithin(computed)))
            .Select(row => new Violation(CallAudit.Over, row.ToString()));

        // Whoever hung up has not seen its id; everybody else who is billed has.
        var seen = answers.Where(answer => answer.Status == 200).Select(answer => answer.RequestId).ToHashSet();
        var left = _answers.Count(answer => answer.Request.Kind == "leaving");
        var unseen = mine.Values.Count(row => row.Amount > 0 && !seen.Contains(row.RequestId)) - 2; // Two honest calls are not among them.
        Violation[] foreign = unseen > left ? [new(HostileReport.Unseen, $"{unseen} rows, {left} clients left")] : [];
        return [.. refused, .. over, .. foreign, .. await Books.CheckAsync(cluster.PostgresConnection)];
    }

    private async Task<long> RunningAsync(Customer customer)
    {
        await using var redis = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(cluster.RedisConnection);
        var fields = await redis.GetDatabase().HashKeysAsync(Contracts.Keys.RedisNames.Organization(customer.OrganizationId));
        return fields.Count(field => field.ToString().StartsWith("h:", StringComparison.Ordinal));
    }
}

/// <summary>Resident memory of a process, as the kernel counts it.</summary>
internal sealed class MemoryWatch(int processId)
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(2);
    private readonly List<(string When, long MiB)> _looks = [];

    public IReadOnlyList<(string When, long MiB)> Looks => _looks;

    public async Task SettleAsync(string when, TimeProvider clock)
    {
        await Task.Delay(Rest, clock);
        var line = (await File.ReadAllLinesAsync($"/proc/{processId}/status")).First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        _looks.Add((when, long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024));
    }
}
