using System.Runtime.InteropServices;
using Tollgate.Contracts.Metering;

namespace Tollgate.Inference.Fairness;

/// <summary>
/// The Virtual Token Counter of Sheng et al., "Fairness in Serving Large Language Models" (OSDI 2024): each party's counter rises with the
/// work done for it, and the lowest one with work waiting is served next. A party that comes back is lifted, so that it cannot spend idle
/// time as credit. Counters of the two service classes are never compared. Not thread-safe: its owner's lock guards it.
/// </summary>
internal sealed class FairShare
{
    /// <summary>Weight of a prompt token.</summary>
    public const double PromptWeight = 1;

    /// <summary>Weight of a generated token, as in the paper.</summary>
    public const double OutputWeight = 2;

    /// <summary>With more parties than this, those that a lift would cover anyway are forgotten.</summary>
    private const int MostRemembered = 4096;

    private readonly Dictionary<Party, double> _counters = [];
    private readonly Dictionary<ServiceClass, double> _lastServed = [];

    /// <summary>Work charged to a party so far, lifts included.</summary>
    public double this[Party party] => _counters.GetValueOrDefault(party);

    /// <summary>A party that had nothing waiting now has: its counter is lifted to the lowest of those of its class that wait, or else to
    /// the last one served.</summary>
    /// <param name="waiting">Parties that have work waiting, without the one that joins.</param>
    public void Join(Party party, IEnumerable<Party> waiting)
    {
        if (_counters.Count >= MostRemembered)
        {
            Forget();
        }

        var lowest = double.PositiveInfinity;
        foreach (var other in waiting.Where(other => other.ServiceClass == party.ServiceClass))
        {
            lowest = Math.Min(lowest, _counters.GetValueOrDefault(other));
        }

        var floor = double.IsPositiveInfinity(lowest) ? _lastServed.GetValueOrDefault(party.ServiceClass) : lowest;
        ref var counter = ref CollectionsMarshal.GetValueRefOrAddDefault(_counters, party, out _);
        counter = Math.Max(counter, floor);
    }

    /// <summary>Charges work to a party.</summary>
    public void Charge(Party party, double work)
    {
        ref var counter = ref CollectionsMarshal.GetValueRefOrAddDefault(_counters, party, out _);
        counter += work;
    }

    /// <summary>The last waiting work of a party was taken. A party that joins an empty queue is lifted to its counter.</summary>
    public void Served(Party party) => _lastServed[party.ServiceClass] =
        Math.Max(_lastServed.GetValueOrDefault(party.ServiceClass), _counters.GetValueOrDefault(party));

    private void Forget()
    {
        foreach (var (party, counter) in _counters)
        {
            if (counter <= _lastServed.GetValueOrDefault(party.ServiceClass))
            {
                _counters.Remove(party);
            }
        }
    }
}
