using System.Collections.Frozen;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Workers;
using Tollgate.ServiceDefaults.Snapshots;

namespace Tollgate.Gateway.Catalogue;

/// <summary>Billing's price book as this gateway knows it. Prices arrive before they take effect, so that a choice by the clock is right
/// without a call.</summary>
internal sealed class PriceCatalogue(
    IHttpClientFactory clients, IOptions<CatalogueOptions> options, TimeProvider clock, ILogger<PriceCatalogue> logger)
    : SnapshotFollower<PriceSnapshot>(
        "/internal/prices", Path.Combine(options.Value.Folder, "prices.json"), () => clients.CreateClient("billing"),
        ContractsJson.Default.PriceSnapshot, clock, logger)
{
    private TimeProvider Clock { get; } = clock;

    private volatile Book _book = new(FrozenDictionary<string, ModelPrice[]>.Empty, default);

    /// <summary>
    /// The price of <paramref name="model"/> for <paramref name="organizationId"/> that is in force at <paramref name="at"/>: its own price
    /// before the list price. Null when there is none, and then the model may not be called. What Billing has stated to be in force is so
    /// for earlier instants too, since this book has no older price.
    /// </summary>
    public ModelPrice? Find(string model, Guid organizationId, DateTimeOffset at)
    {
        var book = _book;
        if (!book.ByModel.TryGetValue(model, out var prices))
        {
            return null;
        }

        at = at < book.Since ? book.Since : at;

        ModelPrice? list = null;
        foreach (var price in prices) // Newest first.
        {
            if (price.EffectiveFrom > at)
            {
                continue;
            }

            if (price.OrganizationId == organizationId)
            {
                return price;
            }

            if (price.OrganizationId is null)
            {
                list ??= price;
            }
        }

        return list;
    }

    /// <summary>The price in force now by this gateway's clock, which is within two seconds of the one that dates the admission.</summary>
    public ModelPrice? InForce(string model, Guid organizationId) => Find(model, organizationId, Clock.GetUtcNow());

    /// <summary>The same for a model: its own price, or else that of the name that its card gives.</summary>
    public ModelPrice? InForce(ModelCard card, Guid organizationId) =>
        InForce(card.Name, organizationId) ?? (card.PricedAs is { } other ? InForce(other, organizationId) : null);

    /// <summary>Whether the book names the model at all, be it for a later date.</summary>
    public bool Knows(string model) => _book.ByModel.ContainsKey(model);

    protected override void OnChanged(PriceSnapshot snapshot) => _book = new Book(
        snapshot.Prices.GroupBy(price => price.Model, StringComparer.Ordinal).ToFrozenDictionary(
            prices => prices.Key,
            prices => prices.OrderByDescending(price => price.EffectiveFrom).ThenByDescending(price => price.Version).ToArray(),
            StringComparer.Ordinal),
        snapshot.Since);

    private sealed record Book(FrozenDictionary<string, ModelPrice[]> ByModel, DateTimeOffset Since);
}
