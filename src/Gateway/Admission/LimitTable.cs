using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Authentication;

namespace Tollgate.Gateway.Admission;

/// <summary>A draining bucket that a request passes.</summary>
/// <param name="Field">Field of the organization's hash.</param>
internal sealed record BucketLimit(string Field, LimitLevel Level, RateDimension Dimension, long Limit)
{
    /// <summary>Tokens rather than requests.</summary>
    public bool CountsTokens => Dimension is RateDimension.TokensPerMinute or RateDimension.TokensPerDay;

    /// <summary>Time in which a full bucket drains.</summary>
    public long WindowMs => Dimension is RateDimension.RequestsPerDay or RateDimension.TokensPerDay ? 86_400_000 : 60_000;
}

/// <summary>Requests of one subject that may run at the same time.</summary>
internal sealed record ConcurrencyLimit(string Field, LimitLevel Level, long Limit);

/// <summary>Spend of one subject in one UTC day or month.</summary>
internal sealed record BudgetLimit(string Field, LimitLevel Level, bool Daily, long LimitNanoUsd);

/// <summary>
/// Every limit that is set for one caller on one model, over all scopes: key, project, organization, and the organization on the model.
/// What is not set is not in it and costs nothing.
/// </summary>
internal sealed class LimitTable
{
    public List<BucketLimit> Buckets { get; } = [];

    public List<ConcurrencyLimit> Concurrency { get; } = [];

    public List<BudgetLimit> Budgets { get; } = [];

    /// <param name="model">The model's real name; null leaves the limits of (organization, model) out.</param>
    public static LimitTable For(Caller caller, string? model)
    {
        var table = new LimitTable();
        table.Add(LimitLevel.Key, "k:", caller.KeyId, caller.Key.Limits);
        table.Add(LimitLevel.Project, "p:", caller.ProjectId, caller.ProjectLimits);
        table.Add(LimitLevel.Organization, "o", caller.Policy.Limits);
        if (model is not null && caller.Policy.Models.TryGetValue(model, out var limits))
        {
            table.Add(LimitLevel.Model, "m:" + model, limits);
        }

        return table;
    }

    private void Add(LimitLevel level, string prefix, Guid id, Limits limits)
    {
        if (limits != Limits.None)
        {
            Add(level, $"{prefix}{id:N}", limits);
        }
    }

    private void Add(LimitLevel level, string subject, Limits limits)
    {
        AddBucket("b:rm:", RateDimension.RequestsPerMinute, limits.RequestsPerMinute);
        AddBucket("b:rd:", RateDimension.RequestsPerDay, limits.RequestsPerDay);
        AddBucket("b:tm:", RateDimension.TokensPerMinute, limits.TokensPerMinute);
        AddBucket("b:td:", RateDimension.TokensPerDay, limits.TokensPerDay);
        if (limits.Concurrency is { } concurrency)
        {
            Concurrency.Add(new ConcurrencyLimit("c:" + subject, level, concurrency));
        }

        if (limits.BudgetPerDayNanoUsd is { } daily)
        {
            Budgets.Add(new BudgetLimit("g:d:" + subject, level, Daily: true, daily));
        }

        if (limits.BudgetPerMonthNanoUsd is { } monthly)
        {
            Budgets.Add(new BudgetLimit("g:m:" + subject, level, Daily: false, monthly));
        }

        void AddBucket(string kind, RateDimension dimension, long? limit)
        {
            if (limit is { } capacity)
            {
                Buckets.Add(new BucketLimit(kind + subject, level, dimension, capacity));
            }
        }
    }
}
