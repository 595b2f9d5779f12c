namespace Tollgate.Contracts.Reports;

/// <summary>
/// What requests cost. Learning → Billing, <c>POST /internal/organizations/{id}/usage/costs</c>.
/// </summary>
/// <param name="RequestIds">At most <see cref="Most"/>, each once.</param>
public sealed record RequestCostQuery(IReadOnlyList<Guid> RequestIds)
{
    /// <summary>Most requests of one query.</summary>
    public const int Most = 1_000;
}

/// <summary>The rows of some requests.</summary>
/// <param name="Booked">How many of the requests have a row.</param>
/// <param name="Amount">US dollars, with corrections.</param>
/// <param name="Output">Billed output tokens, which are the trained tokens of a fine-tuning job.</param>
public sealed record RequestCosts(int Booked, decimal Amount, long Output = 0);
