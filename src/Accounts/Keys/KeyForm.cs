using System.ComponentModel.DataAnnotations;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Keys;

/// <summary>A key's limits as a form sends them; empty fields are no limits.</summary>
public class LimitsForm
{
    [Range(1, 1_000_000_000, ErrorMessage = "1 to 1,000,000,000, or empty.")]
    public long? RequestsPerMinute { get; set; }

    [Range(1, 1_000_000_000, ErrorMessage = "1 to 1,000,000,000, or empty.")]
    public long? TokensPerMinute { get; set; }

    [Range(1, 100_000_000, ErrorMessage = "1 to 100,000,000, or empty.")]
    public long? RequestsPerDay { get; set; }

    [Range(1, 100_000_000, ErrorMessage = "1 to 100,000,000, or empty.")]
    public long? TokensPerDay { get; set; }

    [Range(1, 1_000_000, ErrorMessage = "1 to 1,000,000, or empty.")]
    public long? Concurrency { get; set; }

    /// <summary>US dollars in a day, at most nine decimals.</summary>
    [Range(typeof(decimal), "0.000001", "1000000", ErrorMessage = "0.000001 to 1,000,000, or empty.", ParseLimitsInInvariantCulture = true)]
    public decimal? BudgetPerDayUsd { get; set; }

    /// <summary>US dollars in a month, at most nine decimals.</summary>
    [Range(typeof(decimal), "0.000001", "1000000", ErrorMessage = "0.000001 to 1,000,000, or empty.", ParseLimitsInInvariantCulture = true)]
    public decimal? BudgetUsd { get; set; }

    /// <summary>The form of a key's limits.</summary>
    public static LimitsForm Of(Limits limits) => new()
    {
        RequestsPerMinute = limits.RequestsPerMinute,
        TokensPerMinute = limits.TokensPerMinute,
        RequestsPerDay = limits.RequestsPerDay,
        TokensPerDay = limits.TokensPerDay,
        Concurrency = limits.Concurrency,
        BudgetPerDayUsd = limits.BudgetPerDayNanoUsd / 1_000_000_000m,
        BudgetUsd = limits.BudgetPerMonthNanoUsd / 1_000_000_000m,
    };

    /// <summary>Puts the form's members into <paramref name="others"/>, which keeps what the form does not show.</summary>
    public Limits ApplyTo(Limits others) => others with
    {
        RequestsPerMinute = RequestsPerMinute,
        TokensPerMinute = TokensPerMinute,
        RequestsPerDay = RequestsPerDay,
        TokensPerDay = TokensPerDay,
        Concurrency = Concurrency,
        BudgetPerDayNanoUsd = KeyLimits.ToNanoUsd(BudgetPerDayUsd),
        BudgetPerMonthNanoUsd = KeyLimits.ToNanoUsd(BudgetUsd),
    };
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
    [Range(1, 3650)]
    public int? ExpiresInDays { get; set; }

    /// <summary>Null when the form has no such part: everything.</summary>
    public AccessForm? Access { get; set; }
}
