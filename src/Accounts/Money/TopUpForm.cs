using System.ComponentModel.DataAnnotations;

namespace Tollgate.Accounts.Money;

/// <summary>How much to add to the wallet.</summary>
public sealed class TopUpForm
{
    /// <summary>One of the offered amounts, US dollars; 0 none of them.</summary>
    [Range(0, 10_000)]
    public int Amount { get; set; } = 25;

    /// <summary>Whole US dollars; whoever types an amount means it, whatever is selected.</summary>
    [Range(5, 10_000, ErrorMessage = "5 to 10,000 whole dollars.")]
    public int? Custom { get; set; }

    /// <summary>The same id gives the same checkout: a form sent twice opens one.</summary>
    public Guid RequestId { get; set; }

    /// <summary>The amount that was chosen; null for one outside of 5 to 10,000.</summary>
    public int? Chosen => (Custom ?? Amount) is { } usd and >= 5 and <= 10_000 ? usd : null;
}
