namespace Tollgate.Inference.Fairness;

/// <summary>
/// How many requests of each organization wait for one model, and who must go when there is no room: a queue that one organization has
/// filled takes in another's requests at the cost of the first. Not thread-safe: its owner's lock guards it.
/// </summary>
/// <param name="most">Over all organizations.</param>
/// <param name="mostOfOne">Of one organization.</param>
internal sealed class QueuePlaces(int most, int mostOfOne)
{
    private readonly Dictionary<Guid, int> _waiting = [];

    /// <summary>Requests that wait.</summary>
    public int Taken { get; private set; }

    /// <summary>Whether another request of the organization may wait without one that goes for it.</summary>
    public bool MayEnter(Guid organization) => Taken < most && Of(organization) < mostOfOne;

    /// <summary>The organization whose last request goes for another one of <paramref name="organization"/>. Null when the newcomer has
    /// reached its own bound, or would then hold as much as the largest holder or more.</summary>
    public Guid? FindDisplaced(Guid organization)
    {
        if (Of(organization) >= mostOfOne || _waiting.Count == 0)
        {
            return null;
        }

        var (largest, held) = _waiting.MaxBy(holder => holder.Value);
        return held > Of(organization) + 1 ? largest : null;
    }

    public void Enter(Guid organization)
    {
        _waiting[organization] = Of(organization) + 1;
        Taken++;
    }

    public void Leave(Guid organization)
    {
        Taken--;
        if (--_waiting[organization] == 0)
        {
            _waiting.Remove(organization);
        }
    }

    private int Of(Guid organization) => _waiting.GetValueOrDefault(organization);
}
