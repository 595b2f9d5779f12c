using System.Runtime.InteropServices;

namespace Tollgate.Inference.Fairness;

/// <summary>
/// The Virtual Token Counter of Sheng et al., "Fairness in Serving Large Language Models" (OSDI 2024): each organization's counter rises
/// with the work done for it, and the lowest one with work waiting is served next. An organization that comes back is lifted, so that it
/// cannot spend idle time as credit. Not thread-safe: its owner's lock guards it.
/// </summary>
internal sealed class FairShare
{
    /// <summary>Weight of a prompt token.</summary>
    public const double PromptWeight = 1;

    /// <summary>Weight of a generated token, as in the paper.</summary>
    public const double OutputWeight = 2;

    /// <summary>With more organizations than this, those that a lift would cover anyway are forgotten.</summary>
    private const int MostRemembered = 4096;

    private readonly Dictionary<Guid, double> _counters = [];
    private double _lastServed;

    /// <summary>Work charged to an organization so far, lifts included.</summary>
    public double this[Guid organization] => _counters.GetValueOrDefault(organization);

    /// <summary>An organization that had nothing waiting now has: its counter is lifted to the
    /// lowest of those that wait, or else to the last one served.</summary>
    /// <param name="waiting">Organizations that have work waiting, without the one that joins.</param>
    public void Join(Guid organization, IEnumerable<Guid> waiting)
    {
        if (_counters.Count >= MostRemembered)
        {
            Forget();
        }

        var lowest = double.PositiveInfinity;
        foreach (var other in waiting)
        {
            lowest = Math.Min(lowest, _counters.GetValueOrDefault(other));
        }

        var floor = double.IsPositiveInfinity(lowest) ? _lastServed : lowest;
        ref var counter = ref CollectionsMarshal.GetValueRefOrAddDefault(_counters, organization, out _);
        counter = Math.Max(counter, floor);
    }

    /// <summary>Charges work to an organization.</summary>
    public void Charge(Guid organization, double work)
    {
        ref var counter = ref CollectionsMarshal.GetValueRefOrAddDefault(_counters, organization, out _);
        counter += work;
    }

    /// <summary>The last waiting work of an organization was taken. An organization that joins an empty queue is lifted to its
    /// counter.</summary>
    public void Served(Guid organization) => _lastServed = Math.Max(_lastServed, _counters.GetValueOrDefault(organization));

    private void Forget()
    {
        foreach (var (organization, counter) in _counters)
        {
            if (counter <= _lastServed)
            {
                _counters.Remove(organization);
            }
        }
    }
}
