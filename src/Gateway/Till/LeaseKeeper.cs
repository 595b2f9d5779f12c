using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Redis;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Gateway.Till;

/// <summary>What an attempt to bring money into a till came to.</summary>
internal enum RefillOutcome
{
    /// <summary>The till changed: try the admission again.</summary>
    Refilled,

    /// <summary>The wallet cannot pay what was needed.</summary>
    Exhausted,

    /// <summary>The money exists or may exist but cannot be had now.</summary>
    Unavailable,
}

/// <param name="RetryAfter">When to ask again, where Billing said so.</param>
internal sealed record Refill(RefillOutcome Outcome, TimeSpan? RetryAfter = null);

/// <summary>
/// Keeps money in the tills ahead of demand: Billing moves it from the wallet into a lease, this class credits the lease to the till. One
/// fetch at a time for an organization in this process, and by a lock in Redis over all gateways. Thread-safe.
/// </summary>
internal sealed partial class LeaseKeeper(
    TillSafety safety, IHttpClientFactory clients, LeaseGate gate, IOptions<TillOptions> options, TimeProvider clock,
    ILogger<LeaseKeeper> logger)
{
    private static readonly TimeSpan LockTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BillingTimeout = TimeSpan.FromMilliseconds(1800); // The lock outlives the question.
    private static readonly TimeSpan LockPoll = TimeSpan.FromMilliseconds(5);
    private readonly EmbeddedScript _credit = EmbeddedScript.Load("TillCredit.lua");
    private readonly EmbeddedScript _fence = EmbeddedScript.Load("TillFence.lua");
    private readonly EmbeddedScript _reclaim = EmbeddedScript.Load("TillReclaim.lua");
    private readonly ConcurrentDictionary<Guid, OrganizationTill> _tills = new();

    /// <summary>Longest that a request waits for money.</summary>
    public TimeSpan LeaseWait => options.Value.LeaseWait;

    /// <summary>Whether money may be taken at all, and under which epochs requests may run here.</summary>
    public LeaseGate Gate => gate;

    /// <summary>
    /// From its end on no gateway admits anything of the organization under an epoch before <paramref name="epoch"/>; what this one
    /// admitted earlier is in its journal.
    /// </summary>
    /// <exception cref="RedisUnavailableException">The till may still be open.</exception>
    public async Task FenceAsync(Guid organizationId, long epoch, CancellationToken cancellationToken)
    {
        gate.Fence(organizationId, epoch); // First: a script that is on its way is judged by its answer.
        await _fence.RunAsync(safety, RedisNames.Organization(organizationId), [epoch], cancellationToken);
    }

    /// <summary>Replaces what an epoch's budgets were seeded with by what older epochs really billed. Twice or late does no harm. False
    /// when the till is not of that epoch, or not yet.</summary>
    /// <exception cref="RedisUnavailableException">It may not be done.</exception>
    public async Task<bool> LowerBudgetsAsync(ExactBudgets exact, CancellationToken cancellationToken)
    {
        var answer = await _reclaim.RunAsync(
            safety, RedisNames.Organization(exact.Reclaim.OrganizationId), [exact.Reclaim.Epoch, .. Arguments(exact.Budgets)],
            cancellationToken);
        return (int)answer[0] == 1;
    }

    /// <summary>Notes an admission; fetches money in the background when the till runs low.</summary>
    public void Observe(Guid organizationId, long? epoch, long freeNanoUsd, long holdNanoUsd)
    {
        var till = Of(organizationId);
        if (epoch is { } known && (!gate.Permits(organizationId, known) || till.RunsLow(freeNanoUsd, holdNanoUsd)))
        {
            till.Join(0, () => FetchAsync(organizationId, till, 0));
        }
    }

    /// <summary>Notes what a request cost, so that leases are sized by spend.</summary>
    public void Spent(Guid organizationId, long nanoUsd) => Of(organizationId).Spent(nanoUsd);

    /// <summary>Waits until the till was refilled, for a request that it refused.</summary>
    /// <param name="needNanoUsd">What the till must have free for the request.</param>
    /// <param name="wait">Longest wait; the fetch goes on without the caller.</param>
    public async Task<Refill> RefillAsync(Guid organizationId, long needNanoUsd, TimeSpan wait, CancellationToken cancellationToken)
    {
        var till = Of(organizationId);
        if (wait <= TimeSpan.Zero)
        {
            return new Refill(RefillOutcome.Unavailable);
        }

        try
        {
            var (flight, need) = till.Join(needNanoUsd, () => FetchAsync(organizationId, till, needNanoUsd));
            var refill = await flight.WaitAsync(wait, clock, cancellationToken);

            // A larger need, or one asked ahead of demand, does not decide this one.
            return refill.Outcome == RefillOutcome.Exhausted && need > needNanoUsd ? new Refill(RefillOutcome.Refilled) : refill;
        }
        catch (TimeoutException)
        {
            return new Refill(RefillOutcome.Unavailable);
        }
    }

    /// <summary>
    /// Asks Billing for a lease of an organization that does not exist: connects, and compiles both sides of the exchange, so that the
    /// first request that waits for money does not pay for that.
    /// </summary>
    /// <exception cref="HttpRequestException">Billing is away.</exception>
    public Task RehearseAsync() => AskAsync(new LeaseRequest(Guid.Empty, null, 0, 0));

    private OrganizationTill Of(Guid organizationId) =>
        _tills.GetOrAdd(organizationId, static (_, time) => new OrganizationTill(time), clock);

    private async Task<Refill> FetchAsync(Guid organizationId, OrganizationTill till, long need)
    {
        RedisKey lockKey = $"{RedisNames.Organization(organizationId)}:lease";
        RedisValue token = Guid.NewGuid().ToString("N");
        try
        {
            if (!gate.IsOpen)
            {
                return new Refill(RefillOutcome.Unavailable); // A restored database must get all usage first.
            }

            var started = clock.GetTimestamp();
            while (!await safety.Redis.CallAsync(new RedisCall("SET"), db => db.LockTakeAsync(lockKey, token, LockTime)))
            {
                if (clock.GetElapsedTime(started) > LockTime)
                {
                    return new Refill(RefillOutcome.Unavailable);
                }

                await Task.Delay(LockPoll, clock);
            }

            try
            {
                return await FetchLockedAsync(organizationId, till, need);
            }
            finally
            {
                await safety.Redis.CallAsync(new RedisCall("DEL"), db => db.LockReleaseAsync(lockKey, token));
            }
        }
        catch (Exception exception) when (exception is RedisUnavailableException or RedisException or HttpRequestException
            or OperationCanceledException or JsonException)
        {
            Log.NoLease(logger, exception.Message);
            return new Refill(RefillOutcome.Unavailable);
        }
    }

    private async Task<Refill> FetchLockedAsync(Guid organizationId, OrganizationTill till, long need)
    {
        // Another gateway may have refilled it, or opened its epoch, while this one waited for the lock.
        var (epoch, free, figures) = await ReadTillAsync(organizationId);
        if (epoch is { } known && !gate.Permits(organizationId, known))
        {
            (epoch, free, figures) = (null, 0, null); // Fenced off: what is in it can be spent no more.
        }

        if (epoch is not null && need > 0 && free >= need)
        {
            return new Refill(RefillOutcome.Refilled);
        }

        var opens = epoch is null;
        var lease = await AskAsync(
            new LeaseRequest(organizationId, epoch, Math.Max(0, need - free), till.SpendPerMinuteNanoUsd, figures));
        if (lease.Outcome == LeaseOutcome.EpochClosed)
        {
            opens = true;
            lease = await AskAsync(new LeaseRequest(organizationId, null, need, till.SpendPerMinuteNanoUsd));
        }

        // What is left comes even when it is too little: together with what returns to the till it may yet be enough.
        if (lease.Epoch > 0 && lease.Outcome is not (LeaseOutcome.EpochClosed or LeaseOutcome.NoWallet))
        {
            await CreditAsync(organizationId, lease, opens);
        }

        return lease.Outcome switch
        {
            LeaseOutcome.Granted => new Refill(RefillOutcome.Refilled),
            LeaseOutcome.Exhausted => new Refill(RefillOutcome.Exhausted),
            _ => new Refill(RefillOutcome.Unavailable, TimeSpan.FromMilliseconds(Math.Clamp(lease.RetryAfterMs, 0, 60_000))),
        };
    }

    private async Task<(long? Epoch, long Free, TillFigures? Figures)> ReadTillAsync(Guid organizationId)
    {
        string? text = await safety.Redis.CallAsync(
            new RedisCall("HGET"), db => db.HashGetAsync(RedisNames.Organization(organizationId), "till"));
        if (text?.Split(' ') is not [var epoch, var granted, var spent, var held])
        {
            return (null, 0, null);
        }

        var figures = new TillFigures(Number(spent), Number(held));
        return (Number(epoch), Number(granted) - figures.SpentNanoUsd - figures.HeldNanoUsd, figures);
    }

    /// <summary>Credits a lease; twice or late does no harm.</summary>
    /// <param name="opens">Whether the lease opened its epoch; another one only adds to the till that it was asked for.</param>
    internal async Task CreditAsync(Guid organizationId, Lease lease, bool opens)
    {
        var arguments = new List<RedisValue> { lease.Epoch, lease.GrantedNanoUsd, opens ? 1 : 0 };
        arguments.AddRange(Arguments(lease.Budgets));
        arguments.Add(2 * lease.Buckets.Count);
        var requests = RateLimitKind.RequestsPerDay.Field;
        var tokens = RateLimitKind.TokensPerDay.Field;
        foreach (var seed in lease.Buckets)
        {
            arguments.AddRange([requests + seed.Subject, seed.Requests, tokens + seed.Subject, seed.Tokens]);
        }

        await _credit.RunAsync(safety, RedisNames.Organization(organizationId), [.. arguments], CancellationToken.None);
    }

    private static List<RedisValue> Arguments(IReadOnlyList<BudgetSeed> budgets)
    {
        List<RedisValue> arguments = [budgets.Count];
        foreach (var seed in budgets)
        {
            arguments.AddRange([BudgetKind.ForPeriod(seed.Period).Field + seed.Subject, seed.Period, seed.SpentNanoUsd]);
        }

        return arguments;
    }

    private async Task<Lease> AskAsync(LeaseRequest request)
    {
        using var http = clients.CreateClient("billing");
        using var timeout = new CancellationTokenSource(BillingTimeout, clock);
        using var response = await http.PostAsJsonAsync("/internal/leases", request, ContractsJson.Default.LeaseRequest, timeout.Token);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync(ContractsJson.Default.Lease, timeout.Token)
            ?? throw new JsonException("The lease is null.");
    }

    private static long Number(string text) => long.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "No lease at the moment: {Reason}")]
        public static partial void NoLease(ILogger logger, string reason);
    }
}
