using Tollgate.Contracts.Metering;

namespace Tollgate.Inference.Fairness;

/// <summary>
/// Whose work waits or runs: an organization's requests of one service class. Its live requests and its batches are two parties, with
/// places, shares and turns of their own.
/// </summary>
internal readonly record struct Party(Guid Organization, ServiceClass ServiceClass = ServiceClass.Standard)
{
    public bool IsBatch => ServiceClass == ServiceClass.Batch;

    /// <summary>Who rests after a turn of the party: itself, or all batches.</summary>
    public Party Resting => IsBatch ? new Party(Guid.Empty, ServiceClass.Batch) : this;

    /// <summary>
    /// The rule of priority, for turns, slots and steps alike: standard work may begin at any time, batch work only while no standard work
    /// waits for the same thing. What runs may finish its turn.
    /// </summary>
    public bool MayBegin(bool standardWaits) => !IsBatch || !standardWaits;
}
