using Tollgate.Contracts.Metering;

namespace Tollgate.Inference.Fairness;

/// <summary>
/// How many requests of each party wait for one model, and who must go when there is no room: a queue that one party has filled takes in
/// another's requests at the cost of the first. Each service class has as many places, so that batches take none of live traffic. Not
/// thread-safe: its owner's lock guards it.
/// </summary>
/// <param name="most">Of one service class, over all parties.</param>
/// <param name="mostOfOne">Of one party.</param>
internal sealed class QueuePlaces(int most, int mostOfOne)
{
    private readonly Dictionary<Party, int> _waiting = [];

    /// <summary>Requests that wait, of all classes.</summary>
    public int Taken { get; private set; }

    /// <summary>Whether another request of the party may wait without one that goes for it.</summary>
    public bool MayEnter(Party party) => TakenBy(party.ServiceClass) < most && Of(party) < mostOfOne;

    /// <summary>The party of the same class whose last request goes for another one of <paramref name="party"/>. Null when the newcomer has
    /// reached its own bound, or would then hold as much as the largest holder or more.</summary>
    public Party? FindDisplaced(Party party)
    {
        if (Of(party) >= mostOfOne)
        {
            return null;
        }

        var (largest, held) = _waiting.Where(holder => holder.Key.ServiceClass == party.ServiceClass).MaxBy(holder => holder.Value);
        return held > Of(party) + 1 ? largest : null;
    }

    public void Enter(Party party)
    {
        _waiting[party] = Of(party) + 1;
        Taken++;
    }

    public void Leave(Party party)
    {
        Taken--;
        if (--_waiting[party] == 0)
        {
            _waiting.Remove(party);
        }
    }

    private int TakenBy(ServiceClass serviceClass) =>
        _waiting.Where(holder => holder.Key.ServiceClass == serviceClass).Sum(holder => holder.Value);

    private int Of(Party party) => _waiting.GetValueOrDefault(party);
}
