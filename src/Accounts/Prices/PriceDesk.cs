using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Fleet;
using Tollgate.Accounts.Money;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Money;

namespace Tollgate.Accounts.Prices;

/// <summary>
/// Sends the operator's orders about prices to Billing, which decides. Writes an audit entry for each order that Billing accepted. Pages
/// and the command line order here.
/// </summary>
internal sealed class PriceDesk(AccountsDb db, BillingClient billing, FleetView fleet, AuditTrail audit)
{
    /// <summary>Reads the current and the scheduled prices.</summary>
    public Task<Figure<PriceSnapshot>> ListAsync(CancellationToken cancellationToken) => billing.GetPricesAsync(cancellationToken);

    /// <summary>Converts a form to an order and collects all faults, including Billing's. Changes nothing.</summary>
    public async Task<(SetPrice Order, IReadOnlyList<PriceFault> Faults)> CheckAsync(PriceForm form, CancellationToken cancellationToken)
    {
        var (read, unreadable) = form.Read();
        var (order, faults) = await CheckAsync(read, cancellationToken);
        return (order, [.. unreadable, .. faults.Where(fault => !unreadable.Any(other => other.Member == fault.Member))]);
    }

    /// <summary>Adds the model's task to an order that lacks it, and collects all faults, including Billing's. Changes nothing.</summary>
    public async Task<(SetPrice Order, IReadOnlyList<PriceFault> Faults)> CheckAsync(SetPrice order, CancellationToken cancellationToken)
    {
        using var all = db.ForAll(); // Prices are the operator's, for any organization.
        var complete = order with { Task = order.Task ?? await fleet.FindTaskAsync(order.Model, cancellationToken) };
        List<PriceFault> faults = [];
        if (order.OrganizationId is { } organization
            && !await db.Organizations.AnyAsync(o => o.Id == organization, cancellationToken))
        {
            faults.Add(new PriceFault(nameof(PriceForm.OrganizationId), "There is no such organization."));
        }

        faults.AddRange((await billing.CheckPriceAsync(complete, cancellationToken)).Select(Fault));
        return (complete, faults);
    }

    /// <summary>Asks Billing to set or schedule a checked price. Returns Billing's faults; empty on success.</summary>
    /// <param name="actorId">The user; null for the command line.</param>
    public async Task<IReadOnlyList<PriceFault>> SetAsync(SetPrice order, Guid? actorId, CancellationToken cancellationToken)
    {
        using var all = db.ForAll();
        var before = (await billing.GetPricesAsync(cancellationToken)).Value?.Prices
            .Where(price => price.Model == order.Model && price.OrganizationId == order.OrganizationId)
            .MinBy(price => price.EffectiveFrom);
        var faults = await billing.SetPriceAsync(order, cancellationToken);
        if (faults.Count == 0)
        {
            var begins = order.EffectiveFrom is { } instant ? $", from {instant.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}" : "";
            audit.Add(
                order.EffectiveFrom is null ? "price.set" : "price.schedule", $"{Amounts(order)}{begins}: {order.Model}",
                order.OrganizationId, before is null ? null : Values(before), Values(order), actorId);
            await db.SaveChangesAsync(cancellationToken);
        }

        return [.. faults.Select(Fault)];
    }

    /// <summary>Asks Billing to withdraw a scheduled price. Returns null on success, otherwise the reason.</summary>
    /// <param name="actorId">The user; null for the command line.</param>
    public async Task<string?> WithdrawAsync(ModelPrice price, Guid? actorId, CancellationToken cancellationToken)
    {
        using var all = db.ForAll();
        var refusal = await billing.WithdrawPriceAsync(price.Version, cancellationToken);
        if (refusal is null)
        {
            audit.Add(
                "price.cancel", $"from {price.EffectiveFrom.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}: {price.Model}", price.OrganizationId,
                before: Values(price), actorId: actorId);
            await db.SaveChangesAsync(cancellationToken);
        }

        return refusal;
    }

    private static string Amounts(SetPrice order)
    {
        var media = PriceMember.All.Where(member => member.IsMedia && member.Of(order) is not null)
            .Select(member => FormattableString.Invariant($"${member.Of(order)} per {member.Quote}")).ToList();
        var cached = order.CachedPerMillion is { } reused ? FormattableString.Invariant($", ${reused} cached") : "";
        var tokens = FormattableString.Invariant($"${order.InputPerMillion ?? 0} in{cached}, ${order.OutputPerMillion ?? 0} out");
        var amounts = string.Join(
            ", ", media.Count > 0 && order is { InputPerMillion: null, OutputPerMillion: null } ? media : media.Prepend(tokens));
        return order.BatchFactor is { } factor ? FormattableString.Invariant($"{amounts}, batches {factor} of it") : amounts;
    }

    /// <summary>Prices in dollars by the member that sets each, for the audit log.</summary>
    private static Dictionary<string, object?> Values(SetPrice order) => new(
        PriceMember.All.Where(member => member.Of(order) is not null)
            .Select(member => KeyValuePair.Create(member.Name, (object?)member.Of(order))))
    {
        ["from"] = order.EffectiveFrom,
        ["batchFactor"] = order.BatchFactor,
    };

    private static Dictionary<string, object?> Values(ModelPrice price) => new(
        PriceMember.Shown(price.PicoUsd).Select(member => KeyValuePair.Create(member.Name, (object?)member.UsdOf(price.PicoUsd))))
    {
        ["from"] = price.EffectiveFrom,
        ["batchFactor"] = price.PicoUsd.BatchFactor / (decimal)UnitPrices.WholeFactor,
    };

    /// <summary>Converts a fault of Billing, whose member is named as in JSON, to one of the form.</summary>
    private static PriceFault Fault((string Member, string Text) fault) => new(
        fault.Member.Length == 0 ? "" : char.ToUpperInvariant(fault.Member[0]) + fault.Member[1..], fault.Text);
}
