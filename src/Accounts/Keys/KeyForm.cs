using System.ComponentModel.DataAnnotations;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Keys;

/// <summary>A key's limits as a form sends them; empty fields are no limits.</summary>
public class LimitsForm
{
    [NumberField("1", "1000000000", ErrorMessage = "Digits alone, 1 to 1,000,000,000; or empty.")]
    public string? RequestsPerMinute { get; set; }

    [NumberField("1", "1000000000", ErrorMessage = "Digits alone, 1 to 1,000,000,000; or empty.")]
    public string? TokensPerMinute { get; set; }

    [NumberField("1", "100000000", ErrorMessage = "Digits alone, 1 to 100,000,000; or empty.")]
    public string? RequestsPerDay { get; set; }

    [NumberField("1", "100000000", ErrorMessage = "Digits alone, 1 to 100,000,000; or empty.")]
    public string? TokensPerDay { get; set; }

    [NumberField("1", "1000000", ErrorMessage = "Digits alone, 1 to 1,000,000; or empty.")]
    public string? Concurrency { get; set; }

    /// <summary>US dollars in a day, at most nine decimals.</summary>
    [NumberField("0.000001", "1000000", Fractions = true, ErrorMessage = "Digits with a decimal point, 0.000001 to 1,000,000; or empty.")]
    public string? BudgetPerDayUsd { get; set; }

    /// <summary>US dollars in a month, at most nine decimals.</summary>
    [NumberField("0.000001", "1000000", Fractions = true, ErrorMessage = "Digits with a decimal point, 0.000001 to 1,000,000; or empty.")]
    public string? BudgetUsd { get; set; }

    /// <summary>Fills the form with a key's limits.</summary>
    public void Read(Limits limits)
    {
        RequestsPerMinute = NumberFieldAttribute.Write(limits.RequestsPerMinute);
        TokensPerMinute = NumberFieldAttribute.Write(limits.TokensPerMinute);
        RequestsPerDay = NumberFieldAttribute.Write(limits.RequestsPerDay);
        TokensPerDay = NumberFieldAttribute.Write(limits.TokensPerDay);
        Concurrency = NumberFieldAttribute.Write(limits.Concurrency);
        BudgetPerDayUsd = NumberFieldAttribute.Write(limits.BudgetPerDayNanoUsd / 1_000_000_000m);
        BudgetUsd = NumberFieldAttribute.Write(limits.BudgetPerMonthNanoUsd / 1_000_000_000m);
    }

    /// <summary>Puts the form's members into <paramref name="others"/>, which keeps what the form does not show.</summary>
    public Limits ApplyTo(Limits others) => others with
    {
        RequestsPerMinute = (long?)NumberFieldAttribute.Read(RequestsPerMinute),
        TokensPerMinute = (long?)NumberFieldAttribute.Read(TokensPerMinute),
        RequestsPerDay = (long?)NumberFieldAttribute.Read(RequestsPerDay),
        TokensPerDay = (long?)NumberFieldAttribute.Read(TokensPerDay),
        Concurrency = (long?)NumberFieldAttribute.Read(Concurrency),
        BudgetPerDayNanoUsd = KeyLimits.ToNanoUsd(NumberFieldAttribute.Read(BudgetPerDayUsd)),
        BudgetPerMonthNanoUsd = KeyLimits.ToNanoUsd(NumberFieldAttribute.Read(BudgetUsd)),
    };
}

/// <summary>All that a key's page can change at once.</summary>
public sealed class KeySettingsForm : LimitsForm
{
    /// <summary>Null only in a form that was not made by the page.</summary>
    public AccessForm? Access { get; set; }

    internal static KeySettingsForm Of(Limits limits, KeyAccess access)
    {
        var form = new KeySettingsForm { Access = AccessForm.Of(access) };
        form.Read(limits);
        return form;
    }
}

/// <summary>A key to make.</summary>
public sealed class NewKeyForm : LimitsForm
{
    /// <summary>Becomes the key's id, so that a form sent twice makes one key.</summary>
    public Guid RequestId { get; set; }

    [Required(ErrorMessage = "Give the key a name.")]
    [StringLength(100, ErrorMessage = "At most 100 characters.")]
    public string Name { get; set; } = "";

    /// <summary>Days until the key expires; null never.</summary>
    [NumberField("1", "3650", ErrorMessage = "1 to 3,650 days, or never.")]
    public string? ExpiresInDays { get; set; }

    /// <summary>Null when the form has no such part: everything.</summary>
    public AccessForm? Access { get; set; }
}
