using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using StackExchange.Redis;
using Tollgate.Contracts.Keys;
using Tollgate.Gateway.Authentication;

namespace Tollgate.Gateway.Admission;

/// <summary>A draining bucket that a request passes.</summary>
/// <param name="Field">Field of the organization's hash.</param>
internal sealed record BucketLimit(string Field, LimitLevel Level, RateDimension Dimension, long Limit)
{
    private readonly RateLimitKind _kind = RateLimitKind.For(Dimension);

    /// <summary>Tokens rather than requests.</summary>
    public bool CountsTokens => _kind.CountsTokens;

    /// <summary>Time in which a full bucket drains.</summary>
    public long WindowMs => _kind.WindowMs;
}

/// <summary>Requests of one subject that may run at the same time.</summary>
internal sealed record ConcurrencyLimit(string Field, LimitLevel Level, long Limit);

/// <summary>Spend of one subject in one UTC day or month.</summary>
internal sealed record BudgetLimit(string Field, LimitLevel Level, bool Daily, long LimitNanoUsd);

/// <summary>
/// What the script gets of one caller on one model and what does not change from request to request: the versions of the records, and
/// every limit that is set, over all scopes: key, project, organization, and the organization on the model. What is not set is not in it
/// and costs nothing. Thread-safe once it is filled.
/// </summary>
internal sealed class LimitTable(Caller caller)
{
    private static readonly ConditionalWeakTable<KeyRecord, Tables> Made = [];
    private RedisValue[]? _admission;
    private RedisValue[]? _check;

    public List<BucketLimit> Buckets { get; } = [];

    public List<ConcurrencyLimit> Concurrency { get; } = [];

    public List<BudgetLimit> Budgets { get; } = [];

    /// <summary>The table of a caller, made once for each pair of records and model.</summary>
    /// <param name="model">The model's real name; null leaves the limits of (organization, model) out.</param>
    public static LimitTable For(Caller caller, string? model)
    {
        var tables = Made.GetValue(caller.Key, static _ => new Tables(null));
        if (!ReferenceEquals(tables.Policy, caller.Policy))
        {
            tables = new Tables(caller.Policy);
            Made.AddOrUpdate(caller.Key, tables);
        }

        return tables.ByModel.GetOrAdd(model ?? "", static (name, it) => Make(it, name), caller);
    }

    /// <summary>The script's last arguments, from the key's version on. Ready to send: never changed.</summary>
    /// <param name="admits">False for a check, which takes no place and no money.</param>
    public RedisValue[] Arguments(bool admits) => admits ? _admission ??= Standing(true) : _check ??= Standing(false);

    private static LimitTable Make(Caller caller, string model)
    {
        var table = new LimitTable(caller);
        foreach (var subject in caller.Rules.LimitsOn(model))
        {
            table.Add(subject);
        }

        return table;
    }

    private RedisValue[] Standing(bool admits)
    {
        List<string> values =
        [
            RedisNames.KeyVersionField(caller.Key.PublicId), caller.Key.Version.ToString("N"), caller.Policy.Version.ToString("N"),
            Text(Buckets.Count),
        ];
        foreach (var bucket in Buckets)
        {
            values.AddRange([bucket.Field, Text(bucket.Limit)]);
        }

        var concurrency = admits ? Concurrency : [];
        values.Add(Text(concurrency.Count));
        foreach (var limit in concurrency)
        {
            values.AddRange([limit.Field, Text(limit.Limit)]);
        }

        var budgets = admits ? Budgets : [];
        values.Add(Text(budgets.Count));
        foreach (var budget in budgets)
        {
            values.AddRange([budget.Field, BudgetKind.For(budget.Daily).Letter, Text(budget.LimitNanoUsd)]);
        }

        return [.. values.Select(value => (RedisValue)Encoding.UTF8.GetBytes(value))];

        static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
    }

    private void Add(SubjectLimits its)
    {
        var (level, subject, limits) = its;
        foreach (var kind in RateLimitKind.Buckets)
        {
            if (kind.Of(limits) is { } limit)
            {
                Buckets.Add(new BucketLimit(kind.Field + subject, level, kind.Dimension, limit));
            }
        }

        if (RateLimitKind.Concurrency.Of(limits) is { } concurrency)
        {
            Concurrency.Add(new ConcurrencyLimit(RateLimitKind.Concurrency.Field + subject, level, concurrency));
        }

        foreach (var kind in BudgetKind.Budgets)
        {
            if (kind.Of(limits) is { } budget)
            {
                Budgets.Add(new BudgetLimit(kind.Field + subject, level, kind == BudgetKind.Daily, budget));
            }
        }
    }

    /// <summary>The tables of one key record under one policy; they go with the record.</summary>
    private sealed record Tables(OrganizationPolicy? Policy)
    {
        public ConcurrentDictionary<string, LimitTable> ByModel { get; } = new();
    }
}
