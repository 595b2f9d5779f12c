using System.Globalization;
using Tollgate.Accounts.Portal;
using Tollgate.Contracts.Money;

namespace Tollgate.Accounts.Prices;

/// <summary>A price to set or schedule, from a form or a query. All members are text, so that unreadable values become faults.</summary>
public sealed class PriceForm
{
    private static readonly string[] TimeFormats = ["yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss"];

    /// <summary>The model's real name.</summary>
    public string? Model { get; set; }

    /// <summary>US dollars per million input tokens.</summary>
    public string? InputPerMillion { get; set; }

    /// <summary>US dollars per million input tokens out of the prefix cache; empty for a tenth of the price of input.</summary>
    public string? CachedPerMillion { get; set; }

    /// <summary>US dollars per million output tokens; empty for a model that generates none.</summary>
    public string? OutputPerMillion { get; set; }

    /// <summary>US dollars per 1,000 seconds of audio.</summary>
    public string? PerThousandSeconds { get; set; }

    /// <summary>US dollars per picture read or made.</summary>
    public string? PerImage { get; set; }

    /// <summary>US dollars per million pixels of these pictures.</summary>
    public string? PerMillionPixels { get; set; }

    /// <summary>US dollars per step of a denoiser.</summary>
    public string? PerStep { get; set; }

    /// <summary>US dollars per call of a model with tensors.</summary>
    public string? PerRequest { get; set; }

    /// <summary>US dollars per million elements of these tensors.</summary>
    public string? PerMillionElements { get; set; }

    /// <summary>Share of the price that requests of batches pay, 0 to 1; empty for 0.5.</summary>
    public string? BatchFactor { get; set; }

    /// <summary>UTC, in the format of a browser's date and time field; empty for now.</summary>
    public string? EffectiveFrom { get; set; }

    /// <summary>The only organization that pays this price; empty for the list price.</summary>
    public string? OrganizationId { get; set; }

    /// <summary>Reads the form. Returns the order and the faults of unreadable members, which are missing in the order.</summary>
    internal (SetPrice Order, IReadOnlyList<PriceFault> Unreadable) Read()
    {
        List<PriceFault> faults = [];
        var order = new SetPrice(
            Model?.Trim() ?? "",
            ReadAmount(nameof(InputPerMillion), InputPerMillion, faults),
            ReadAmount(nameof(OutputPerMillion), OutputPerMillion, faults),
            OnlyIfMissing: false,
            ReadInstant(faults),
            ReadOrganization(faults))
        {
            CachedPerMillion = ReadAmount(nameof(CachedPerMillion), CachedPerMillion, faults),
            PerThousandSeconds = ReadAmount(nameof(PerThousandSeconds), PerThousandSeconds, faults),
            PerImage = ReadAmount(nameof(PerImage), PerImage, faults),
            PerMillionPixels = ReadAmount(nameof(PerMillionPixels), PerMillionPixels, faults),
            PerStep = ReadAmount(nameof(PerStep), PerStep, faults),
            PerRequest = ReadAmount(nameof(PerRequest), PerRequest, faults),
            PerMillionElements = ReadAmount(nameof(PerMillionElements), PerMillionElements, faults),
            BatchFactor = ReadAmount(nameof(BatchFactor), BatchFactor, faults),
        };
        return (order, faults);
    }

    /// <summary>Converts the form to a query, for the confirmation page.</summary>
    internal QueryString ToQuery() => QueryString.Create(new Dictionary<string, string?>
    {
        [nameof(Model)] = Model?.Trim(),
        [nameof(InputPerMillion)] = InputPerMillion,
        [nameof(CachedPerMillion)] = CachedPerMillion,
        [nameof(OutputPerMillion)] = OutputPerMillion,
        [nameof(PerThousandSeconds)] = PerThousandSeconds,
        [nameof(PerImage)] = PerImage,
        [nameof(PerMillionPixels)] = PerMillionPixels,
        [nameof(PerStep)] = PerStep,
        [nameof(PerRequest)] = PerRequest,
        [nameof(PerMillionElements)] = PerMillionElements,
        [nameof(BatchFactor)] = BatchFactor,
        [nameof(EffectiveFrom)] = EffectiveFrom,
        [nameof(OrganizationId)] = OrganizationId?.Trim(),
    });

    private static decimal? ReadAmount(string member, string? text, List<PriceFault> faults)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        var amount = NumberFieldAttribute.Read(text);
        if (amount is null)
        {
            faults.Add(new PriceFault(member, "Digits with a decimal point, such as 0.50."));
        }

        return amount;
    }

    private DateTimeOffset? ReadInstant(List<PriceFault> faults)
    {
        if (string.IsNullOrWhiteSpace(EffectiveFrom))
        {
            return null;
        }

        if (DateTimeOffset.TryParseExact(
            EffectiveFrom, TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant))
        {
            return instant;
        }

        faults.Add(new PriceFault(nameof(EffectiveFrom), "Not a date and time."));
        return null;
    }

    private Guid? ReadOrganization(List<PriceFault> faults)
    {
        if (string.IsNullOrWhiteSpace(OrganizationId))
        {
            return null;
        }

        if (Guid.TryParse(OrganizationId, out var id))
        {
            return id;
        }

        faults.Add(new PriceFault(nameof(OrganizationId), "Not an organization's id."));
        return null;
    }
}

/// <summary>A fault of one member of a price.</summary>
/// <param name="Member">Member of <see cref="PriceForm"/>; empty for the whole form.</param>
internal sealed record PriceFault(string Member, string Text);
