using Tollgate.Contracts.Metering;

namespace Tollgate.Inference.Fairness;

/// <summary>
/// Whose work waits or runs: an organization's requests of one service class. Its live requests and its batches are two parties, with
/// places, shares and turns of their own.
/// </summary>
/// <param name="IsShadow">Whether these are copies of requests, whose answers nobody gets: batches that give way to all others.</param>
internal readonly record struct Party(
    Guid Organization, ServiceClass ServiceClass = ServiceClass.Standard, bool IsShadow = false)
{
    public bool IsBatch => ServiceClass == ServiceClass.Batch;

    /// <summary>Who rests after a turn of the party: itself, or all batches.</summary>
    public Party Resting => IsBatch ? new Party(Guid.Empty, ServiceClass.Batch) : this;

    /// <summary>What goes first: 0 live traffic, 1 batches, 2 copies of requests.</summary>
    public int Rank => IsShadow ? 2 : IsBatch ? 1 : 0;

    /// <summary>
    /// The rule of priority, for turns, slots and steps alike: work may begin only while no work of a lower rank waits for the same thing.
    /// What runs may finish its turn.
    /// </summary>
    /// <param name="first">Lowest rank that waits, the party's own included.</param>
    public bool MayBegin(int first) => Rank <= first;

    /// <summary>The lowest rank of parties that wait; above all ranks where none does.</summary>
    public static int FirstOf(IEnumerable<Party> waiting) => waiting.Select(party => party.Rank).DefaultIfEmpty(int.MaxValue).Min();
}
