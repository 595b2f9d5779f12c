using System.Globalization;
using System.Numerics;
using Tollgate.Gateway.Accounting;
using Tollgate.Gateway.Admission;
using Tollgate.Gateway.Idempotency;

namespace Tollgate.Gateway.Tests.Admission;

/// <summary>
/// What the script should do, written as plainly as can be: exact integers of any size, one thing after the other. OpenAI's bucket formula,
/// calendar budgets, one till, claims on idempotency keys.
/// </summary>
internal sealed class ReferenceOrganization
{
    private const long DayMs = 86_400_000;
    private readonly Dictionary<string, Bucket> _buckets = [];
    private readonly Dictionary<string, long> _running = [];
    private readonly Dictionary<string, Budget> _budgets = [];
    private readonly Dictionary<Guid, Hold> _holds = [];
    private readonly HashSet<Guid> _buried = [];
    private readonly Dictionary<string, Claim> _claims = [];
    private long _epoch = -1;
    private BigInteger _granted;
    private BigInteger _spent;
    private BigInteger _held;

    public long Epoch => _epoch;

    public BigInteger Granted => _granted;

    public BigInteger Free => _granted - _spent - _held;

    public IEnumerable<Guid> Holds => _holds.Keys;

    public long MoneyOf(Guid requestId) => _holds.TryGetValue(requestId, out var hold) ? hold.Call.MoneyNanoUsd : 0;

    public void Credit(long epoch, long granted)
    {
        if (epoch == _epoch)
        {
            _granted = BigInteger.Max(_granted, granted);
        }
        else if (epoch > _epoch)
        {
            if (_epoch >= 0)
            {
                foreach (var budget in _budgets.Values)
                {
                    (budget.Spent, budget.Held) = (budget.Spent + budget.Held, 0);
                }
            }

            (_epoch, _granted, _spent, _held) = (epoch, granted, 0, 0);
        }
    }

    /// <summary>The claims that stand, as the hash holds them.</summary>
    public IEnumerable<(string Field, string Value)> Claims(long now) =>
        from claim in _claims
        where claim.Value.Expires > now
        orderby claim.Key
        let it = claim.Value
        select (claim.Key, $"{(it.Done ? 'D' : 'R')} {it.Expires} {it.Fingerprint} {it.Owner:N}");

    public (AdmissionVerdict Verdict, int Binding, BigInteger RetryMs, Guid? ClaimedBy) Admit(AdmissionCall call, long now)
    {
        if (_buried.Contains(call.RequestId))
        {
            return (AdmissionVerdict.Buried, -1, 0, null);
        }

        if (_holds.ContainsKey(call.RequestId))
        {
            Limited(call, now); // Changed limits hold; nothing is taken twice.
            return (AdmissionVerdict.Admitted, -1, 0, null);
        }

        if (Obstacle(call.Claim, now) is not { } obstacle)
        {
            var (verdict, binding, wait) = AdmitUnclaimed(call, now);
            if (verdict == AdmissionVerdict.Admitted && call.Claim is { } claim)
            {
                _claims[claim.Field] = new Claim(false, now + DayMs, claim.Fingerprint, call.RequestId);
            }

            return (verdict, binding, wait, null);
        }

        // What runs nothing costs one request.
        call = call with { Tokens = 0 };
        if (Limited(call, now) is { } limited)
        {
            return (limited.Verdict, limited.Binding, limited.RetryMs, null);
        }

        Fill(call, now);
        return (obstacle.Verdict, -1, 0, obstacle.By);
    }

    private (AdmissionVerdict Verdict, Guid? By)? Obstacle(IdempotencyClaim? asked, long now)
    {
        if (asked is null)
        {
            return null;
        }

        if (!_claims.TryGetValue(asked.Field, out var claim) || claim.Expires <= now)
        {
            return now - asked.AskedAtMs > 30_000 ? (AdmissionVerdict.Late, null) : null;
        }

        return claim.Fingerprint != asked.Fingerprint ? (AdmissionVerdict.Mismatch, claim.Owner)
            : (claim.Done ? AdmissionVerdict.Done : AdmissionVerdict.Running, claim.Owner);
    }

    private (AdmissionVerdict Verdict, int Binding, BigInteger RetryMs)? Limited(AdmissionCall call, long now)
    {
        var (tooLarge, full, wait) = (-1, -1, BigInteger.Zero);
        for (var i = 0; i < call.Limits.Buckets.Count; i++)
        {
            var limit = call.Limits.Buckets[i];
            var cost = limit.CountsTokens ? call.Tokens : call.Requests;
            var bucket = BucketOf(limit.Field, now);
            if (bucket.Limit != limit.Limit || now < bucket.At)
            {
                bucket.Drain(now); // A changed rate holds from now on; a clock that stepped back starts anew from now.
                bucket.Limit = limit.Limit;
            }

            var over = bucket.Drained(now) + ((BigInteger)(cost - limit.Limit) * limit.WindowMs);
            if (cost > limit.Limit)
            {
                tooLarge = tooLarge < 0 ? i : tooLarge;
            }
            else if (cost > 0 && over > 0 && (over + limit.Limit - 1) / limit.Limit > wait)
            {
                (full, wait) = (i, (over + limit.Limit - 1) / limit.Limit);
            }
        }

        return tooLarge >= 0 ? (AdmissionVerdict.TooLarge, tooLarge, 0)
            : full >= 0 ? (AdmissionVerdict.Bucket, full, wait)
            : null;
    }

    private (AdmissionVerdict Verdict, int Binding, BigInteger RetryMs) AdmitUnclaimed(AdmissionCall call, long now)
    {
        var limited = Limited(call, now);
        var busy = call.Limits.Concurrency.FindIndex(limit => _running.GetValueOrDefault(limit.Field) >= limit.Limit);
        if (busy >= 0 || limited is not null)
        {
            return busy >= 0 ? (AdmissionVerdict.Concurrency, busy, 0) : limited!.Value;
        }

        if (_epoch < 0)
        {
            return (AdmissionVerdict.Cold, -1, 0);
        }

        var money = call.MoneyNanoUsd;
        var over2 = call.Limits.Budgets.FindIndex(
            limit => BudgetOf(limit, now) is var budget && budget.Spent + budget.Held + money > limit.LimitNanoUsd);
        if (over2 >= 0 || Free < money)
        {
            return (over2 >= 0 ? AdmissionVerdict.Budget : AdmissionVerdict.Till, over2, 0);
        }

        Take(call, now);
        return (AdmissionVerdict.Admitted, -1, 0);
    }

    public void Settle(Settlement settlement, long now)
    {
        if (!_holds.Remove(settlement.RequestId, out var hold))
        {
            if (settlement.Kind == SettlementKind.Release)
            {
                _buried.Add(settlement.RequestId);
            }

            return;
        }

        if (!hold.Swept)
        {
            GiveBack(hold, hold.Call.Tokens - settlement.Tokens, now);
        }

        if (hold.Call.Claim is { } claim)
        {
            End(claim, settlement, now);
        }

        if (hold.Epoch != _epoch)
        {
            return;
        }

        _held -= hold.Call.MoneyNanoUsd;
        _spent += settlement.CostNanoUsd;
        foreach (var (field, period) in hold.Periods)
        {
            var budget = _budgets[field];
            if (budget.Period == period)
            {
                budget.Held -= hold.Call.MoneyNanoUsd;
                budget.Spent += settlement.CostNanoUsd;
            }
        }
    }

    /// <summary>Every hold of that age whose owner is not <paramref name="living"/> gives its
    /// tokens and its place back, and keeps its money.</summary>
    public void Sweep(string living, long age, long now)
    {
        foreach (var (requestId, hold) in _holds.ToList())
        {
            if (!hold.Swept && hold.Call.Owner != living && now - hold.At >= age)
            {
                GiveBack(hold, hold.Call.Tokens, now);
                if (hold.Call.Claim is { } claim && _claims.GetValueOrDefault(claim.Field) is { Done: false } made
                    && made.Owner == requestId)
                {
                    _claims.Remove(claim.Field);
                }

                _holds[requestId] = hold with { Swept = true };
            }

            if (_holds[requestId].Swept && hold.Epoch < _epoch)
            {
                _holds.Remove(requestId);
            }
        }
    }

    public BigInteger Used(string field, long now) => BucketOf(field, now).Drained(now);

    private void GiveBack(Hold hold, long tokens, long now)
    {
        foreach (var limit in hold.Call.Limits.Buckets.Where(limit => limit.CountsTokens))
        {
            var bucket = BucketOf(limit.Field, now);
            bucket.Drain(now);
            bucket.Used = BigInteger.Max(0, bucket.Used - ((BigInteger)tokens * limit.WindowMs));
        }

        hold.Call.Limits.Concurrency.ForEach(limit => _running[limit.Field]--);
    }

    private void End(IdempotencyClaim claim, Settlement settlement, long now)
    {
        var stands = _claims.TryGetValue(claim.Field, out var made) && made.Expires > now;
        if (stands && made!.Owner != settlement.RequestId)
        {
            return; // It is another request's by now.
        }

        _claims.Remove(claim.Field);
        if (settlement.Kind is SettlementKind.SettleKept or SettlementKind.SettleLost)
        {
            var lives = settlement.Kind == SettlementKind.SettleKept ? 60_000 : DayMs;
            _claims.Add(claim.Field, new Claim(true, now + lives, claim.Fingerprint, settlement.RequestId));
        }
    }

    private void Fill(AdmissionCall call, long now)
    {
        foreach (var limit in call.Limits.Buckets)
        {
            var cost = limit.CountsTokens ? call.Tokens : call.Requests;
            if (cost > 0)
            {
                var bucket = BucketOf(limit.Field, now);
                bucket.Drain(now);
                bucket.Used += (BigInteger)cost * limit.WindowMs;
            }
        }
    }

    private void Take(AdmissionCall call, long now)
    {
        Fill(call, now);
        call.Limits.Concurrency.ForEach(limit => _running[limit.Field] = _running.GetValueOrDefault(limit.Field) + 1);
        call.Limits.Budgets.ForEach(limit => BudgetOf(limit, now).Held += call.MoneyNanoUsd);
        _held += call.MoneyNanoUsd;
        _holds.Add(
            call.RequestId,
            new Hold(call, now, _epoch, [.. call.Limits.Budgets.Select(limit => (limit.Field, BudgetOf(limit, now).Period))]));
    }

    private Bucket BucketOf(string field, long now)
    {
        if (!_buckets.TryGetValue(field, out var bucket))
        {
            _buckets.Add(field, bucket = new Bucket { At = now });
        }

        return bucket;
    }

    private Budget BudgetOf(BudgetLimit limit, long now)
    {
        var time = DateTimeOffset.FromUnixTimeMilliseconds(now);
        var period = long.Parse(
            time.ToString(limit.Daily ? "yyyyMMdd" : "yyyyMM", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        if (!_budgets.TryGetValue(limit.Field, out var budget))
        {
            _budgets.Add(limit.Field, budget = new Budget());
        }

        if (budget.Period < period)
        {
            (budget.Period, budget.Spent, budget.Held) = (period, 0, 0);
        }

        return budget;
    }

    private sealed class Bucket
    {
        public BigInteger Used { get; set; }

        public long At { get; set; }

        public long Limit { get; set; }

        public BigInteger Drained(long now) => now > At ? BigInteger.Max(0, Used - ((BigInteger)Limit * (now - At))) : Used;

        public void Drain(long now) => (Used, At) = (Drained(now), now);
    }

    private sealed class Budget
    {
        public long Period { get; set; }

        public BigInteger Spent { get; set; }

        public BigInteger Held { get; set; }
    }

    private sealed record Claim(bool Done, long Expires, string Fingerprint, Guid Owner);

    private sealed record Hold(AdmissionCall Call, long At, long Epoch, List<(string Field, long Period)> Periods, bool Swept = false);
}
