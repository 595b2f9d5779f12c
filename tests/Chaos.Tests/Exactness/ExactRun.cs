using System.Globalization;
using Npgsql;
using Tollgate.Chaos.Tests.Load;
using Tollgate.Clusters;
using Tollgate.Testing;

namespace Tollgate.Chaos.Tests.Exactness;

/// <summary>
/// Many calls at once over all gateways on money that pays for exactly ten, in rounds, each with an organization and a key of its own.
/// </summary>
/// <remarks>
/// The calls at once are followed by one after the other until the gateways say that the money is used up: a call that got 503 may have
/// held money for a moment and made others be refused, and its money must be there again.
/// </remarks>
internal sealed class ExactRun(TollgateCluster cluster, OperatorClient client, TimeProvider clock)
{
    private const int Parallel = 512;

    /// <summary>Answers of a round after which Redis is killed: some calls are admitted, most are on their way.</summary>
    private const int WipeAfter = 40;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly CustomerFounding _founding = new(cluster, client, clock);

    public async Task<ExactResult> RunAsync(ExactVariant variant, int rounds)
    {
        using var caller = new Caller(clock);
        List<ExactRound> done = [];
        for (var i = 0; i < rounds; i++)
        {
            done.Add(await RunRoundAsync(caller, variant, i));
        }

        return new ExactResult(variant, done, await ReadBooksAsync(done));
    }

    private async Task<ExactRound> RunRoundAsync(Caller caller, ExactVariant variant, int number)
    {
        var customer = await _founding.FoundOneAsync(
            string.Create(CultureInfo.InvariantCulture, $"{variant.Name} {number}"),
            variant.ByBudget ? 1m : ExactVariant.PaysNanoUsd / 1_000_000_000m,
            [variant.ByBudget ? ExactVariant.PaysNanoUsd : null]);
        var answered = 0;
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var wipe = variant.WipeRedis ? WipeAsync(enough.Task) : Task.CompletedTask;
        var calls = await Task.WhenAll(Enumerable.Range(0, Parallel).Select(async i =>
        {
            var record = await CallAsync(caller, variant, customer.Keys[0], i);
            if (Interlocked.Increment(ref answered) == WipeAfter)
            {
                enough.SetResult();
            }

            return record;
        }));
        await wipe;
        var atOnce = calls.Count(call => call.Status == 200);
        var later = await UseUpAsync(caller, variant, customer.Keys[0]);
        return new ExactRound(
            customer, atOnce, atOnce + later.Count(call => call.Status == 200), [.. calls, .. later]);
    }

    /// <summary>
    /// Calls one by one until a call is told that the money is used up; while some of it is only frozen that is never said.
    /// </summary>
    private async Task<IReadOnlyList<CallRecord>> UseUpAsync(Caller caller, ExactVariant variant, CustomerKey key)
    {
        List<CallRecord> calls = [];
        await Until.TrueAsync(
            async () =>
            {
                var call = await CallAsync(caller, variant, key, Parallel + calls.Count);
                calls.Add(call);
                return call.Status == 429;
            },
            $"{variant.Name}: the money is used up",
            Patience);
        return calls;
    }

    private async Task<CallRecord> CallAsync(Caller caller, ExactVariant variant, CustomerKey key, int number)
    {
        var plan = variant.Plan;
        var record = new CallRecord
        {
            Number = number, Key = key, Gateway = cluster.Api[number % cluster.Api.Count], Kind = plan.Kind,
            StartedAt = clock.GetUtcNow(),
        };
        await caller.CallAsync(plan, record, CancellationToken.None);
        return record;
    }

    private async Task WipeAsync(Task when)
    {
        await when;
        await cluster.Redis.KillAsync();
        await cluster.Redis.StartAsync();
    }

    /// <summary>Waits until each admitted call has its row.</summary>
    private async Task<IReadOnlyDictionary<Guid, ExactBooks>> ReadBooksAsync(IReadOnlyList<ExactRound> rounds)
    {
        var organizations = rounds.Select(round => round.Customer.OrganizationId).ToArray();
        var admitted = rounds.Sum(round => round.InAll);
        return await Until.ValueAsync(
            async () =>
            {
                var books = await ReadBooksAsync(organizations);
                return books.Values.Sum(book => book.Charged) >= admitted ? books : null;
            },
            "the admitted calls are billed",
            Patience);
    }

    private async Task<Dictionary<Guid, ExactBooks>> ReadBooksAsync(Guid[] organizations)
    {
        await using var connection = new NpgsqlConnection(cluster.PostgresConnection);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            """
            select w.organization_id, w.balance, count(e.amount) filter (where e.amount > 0), coalesce(sum(e.amount), 0)
            from billing.wallets w left join billing.usage_events e on e.organization_id = w.organization_id
            where w.organization_id = any($1) group by w.organization_id, w.balance
            """,
            connection)
        {
            Parameters = { new() { Value = organizations } },
        };
        await using var reader = await command.ExecuteReaderAsync();
        Dictionary<Guid, ExactBooks> books = [];
        while (await reader.ReadAsync())
        {
            books[reader.GetGuid(0)] = new ExactBooks(reader.GetDecimal(1), (int)reader.GetInt64(2), reader.GetDecimal(3));
        }

        return books;
    }
}

/// <summary>What Billing says of one organization.</summary>
/// <param name="Charged">Rows that cost something.</param>
internal sealed record ExactBooks(decimal BalanceUsd, int Charged, decimal BilledUsd);
