using System.Buffers.Binary;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Workers;

namespace Tollgate.Gateway.Catalogue;

/// <summary>Which version of a model answers a request, and which one gets a copy of it. A request's id decides, so that the same request
/// always goes to the same version. Thread-safe.</summary>
internal sealed class VersionChoice(AliasCatalogue catalogue, WorkerPool workers)
{
    private const ulong ShadowSalt = 0x9E3779B97F4A7C15;

    /// <summary>The operator took the model out of memory.</summary>
    public bool IsUnloaded(string model) => catalogue.PlanOf(model)?.Unloaded == true;

    /// <summary>
    /// The card of the version that answers: one of the plan by its weight, of those that a worker has or loads; when none of them is
    /// there, another one of the plan, then the one that stands in for them, and at last any that is in memory, so that a switch fails no
    /// request. Without a plan the newest in memory.
    /// </summary>
    /// <returns>The most likely one when no worker has any; null when no worker has shown the model.</returns>
    public ModelCard? Choose(string model, Guid requestId)
    {
        var cards = workers.CardsOf(model);
        var plan = catalogue.PlanOf(model);
        var planned = plan?.Versions ?? [];
        return ByWeight(cards, planned, requestId)
            ?? planned.Where(version => version.IsLoaded).Select(version => Taking(cards, version.Version))
                .FirstOrDefault(card => card is not null)
            ?? (plan?.StandIn is { } standIn ? Taking(cards, standIn) : null)
            ?? cards.FirstOrDefault(card => workers.IsReady(model, card.Version) == true)
            ?? cards.FirstOrDefault(card => planned.Count == 0 && workers.IsReady(model, card.Version) is not null)
            ?? planned.OrderByDescending(version => version.Weight).Select(version => Card(cards, version.Version))
                .FirstOrDefault(card => card is not null)
            ?? (cards.Count > 0 ? cards[0] : null);
    }

    /// <summary>The card of a version that a request names: one that a worker takes requests for, or that is planned. Null when the model
    /// has no such version in service.</summary>
    public ModelCard? FindNamed(string model, string version) => workers.FindCard(model, version) is { } card
        && (workers.IsReady(model, version) is not null
            || catalogue.PlanOf(model)?.Versions.Any(planned => planned.Version == version && planned.IsLoaded) == true)
        ? card : null;

    /// <summary>Versions of a model that a worker takes requests for, the newest first.</summary>
    public IReadOnlyList<string> InService(string model) =>
        [.. workers.CardsOf(model).Select(card => card.Version).Where(version => workers.IsReady(model, version) is not null)];

    /// <summary>The card of the version that gets a copy of a request; null for none.</summary>
    /// <param name="answering">The version that answers it.</param>
    public ModelCard? ChooseShadow(string model, string answering, Guid requestId)
    {
        foreach (var version in catalogue.PlanOf(model)?.Versions ?? [])
        {
            if (version.ShadowPercent > 0 && version.Version != answering
                && Draw(requestId, ShadowSalt) * 100 < version.ShadowPercent
                && workers.IsReady(model, version.Version) == true)
            {
                return workers.FindCard(model, version.Version);
            }
        }

        return null;
    }

    private ModelCard? ByWeight(IReadOnlyList<ModelCard> cards, IReadOnlyList<PlannedVersion> planned, Guid requestId)
    {
        var open = planned.Where(version => version.Weight > 0)
            .Select(version => (version.Weight, Card: Taking(cards, version.Version)))
            .Where(version => version.Card is not null).ToList();
        var at = Draw(requestId, 0) * open.Sum(version => (long)version.Weight);
        foreach (var (weight, card) in open)
        {
            at -= weight;
            if (at < 0)
            {
                return card;
            }
        }

        return null;
    }

    /// <summary>The card of a version that a worker takes requests for.</summary>
    private ModelCard? Taking(IReadOnlyList<ModelCard> cards, string version) =>
        Card(cards, version) is { } card && workers.IsReady(card.Name, version) is not null ? card : null;

    private static ModelCard? Card(IReadOnlyList<ModelCard> cards, string version) => cards.FirstOrDefault(card => card.Version == version);

    /// <summary>A number from 0 up to 1 that only the id decides, by the finalizer of SplitMix64: ids differ in their last half.</summary>
    private static double Draw(Guid requestId, ulong salt)
    {
        Span<byte> bytes = stackalloc byte[16];
        requestId.TryWriteBytes(bytes);
        var mixed = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes) ^ salt;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        mixed ^= mixed >> 31;
        return (mixed >> 11) * (1.0 / (1UL << 53));
    }
}
