namespace Tollgate.Gateway.Sweeping;

/// <summary>
/// Tells silent owners from living ones. Silence is counted in looks that found no beat, not by a clock: while Redis or this process
/// stands still nobody can be heard, and nobody may be called silent for it. Used by one loop.
/// </summary>
/// <param name="looks">Looks in a row without a beat that make an owner silent.</param>
internal sealed class SilenceWatch(int looks)
{
    private Dictionary<string, int> _missed = [];

    /// <summary>Owners that are not silent.</summary>
    public IReadOnlyCollection<string> Living => [.. _missed.Where(owner => owner.Value < looks).Select(owner => owner.Key)];

    public IReadOnlyCollection<string> Silent => [.. _missed.Where(owner => owner.Value >= looks).Select(owner => owner.Key)];

    /// <summary>Takes in one look at all known owners.</summary>
    public void Look(IReadOnlyList<(string Owner, bool Heard)> owners) =>
        _missed = owners.ToDictionary(it => it.Owner, it => it.Heard ? 0 : _missed.GetValueOrDefault(it.Owner) + 1);
}
