using Tollgate.Contracts.Keys;
using Tollgate.Gateway.Authentication;

namespace Tollgate.Gateway.Admission;

/// <summary>A draining bucket that a request passes.</summary>
/// <param name="Field">Field of the organization's hash.</param>
/// <param name="Name">As a refusal names it, such as <c>key.rpm</c>.</param>
/// <param name="CountsTokens">Tokens rather than requests.</param>
internal sealed record BucketLimit(string Field, string Name, bool CountsTokens, long Limit, long WindowMs);

/// <summary>Requests of one subject that may run at the same time.</summary>
internal sealed record ConcurrencyLimit(string Field, string Name, long Limit);

/// <summary>Spend of one subject in one calendar period.</summary>
/// <param name="PeriodKind"><c>d</c> a UTC day, <c>m</c> a UTC month.</param>
internal sealed record BudgetLimit(string Field, string Name, string PeriodKind, long LimitNanoUsd);

/// <summary>
/// Every limit that is set for one caller on one model, over all scopes: key, project, organization, and the organization on the model. What is
/// not set is not in it and costs nothing.
/// </summary>
internal sealed class LimitTable
{
    private const long Minute = 60_000;
    private const long Day = 86_400_000;

    public List<BucketLimit> Buckets { get; } = [];

    public List<ConcurrencyLimit> Concurrency { get; } = [];

    public List<BudgetLimit> Budgets { get; } = [];

    /// <param name="model">The model's real name; null leaves the limits of (organization, model) out.</param>
    public static LimitTable For(Caller caller, string? model)
    {
        var table = new LimitTable();
        table.Add("key", "k:", caller.KeyId, caller.Key.Limits);
        table.Add("project", "p:", caller.ProjectId, caller.ProjectLimits);
        table.Add("organization", "o", caller.Policy.Limits);
        if (model is not null && caller.Policy.Models.TryGetValue(model, out var limits))
        {
            table.Add("model", "m:" + model, limits);
        }

        return table;
    }

    private void Add(string scope, string prefix, Guid id, Limits limits)
    {
        if (limits != Limits.None)
        {
            Add(scope, $"{prefix}{id:N}", limits);
        }
    }

    private void Add(string scope, string subject, Limits limits)
    {
        AddBucket("b:rm:", ".rpm", false, limits.RequestsPerMinute, Minute);
        AddBucket("b:rd:", ".rpd", false, limits.RequestsPerDay, Day);
        AddBucket("b:tm:", ".tpm", true, limits.TokensPerMinute, Minute);
        AddBucket("b:td:", ".tpd", true, limits.TokensPerDay, Day);
        if (limits.Concurrency is { } concurrency)
        {
            Concurrency.Add(new ConcurrencyLimit("c:" + subject, scope + ".concurrency", concurrency));
        }

        if (limits.BudgetPerDayNanoUsd is { } daily)
        {
            Budgets.Add(new BudgetLimit("g:d:" + subject, scope + ".budget.day", "d", daily));
        }

        if (limits.BudgetPerMonthNanoUsd is { } monthly)
        {
            Budgets.Add(new BudgetLimit("g:m:" + subject, scope + ".budget.month", "m", monthly));
        }

        void AddBucket(string kind, string name, bool countsTokens, long? limit, long window)
        {
            if (limit is { } capacity)
            {
                Buckets.Add(new BucketLimit(kind + subject, scope + name, countsTokens, capacity, window));
            }
        }
    }
}
