using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Tollgate.Accounts.Portal;

/// <summary>
/// Validates a text field that holds a number or nothing. The member is text because form binding turns an unreadable number into null
/// without an error, and an empty limit means no limit.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NumberFieldAttribute(string least, string most) : ValidationAttribute
{
    /// <summary>Whether decimals are allowed.</summary>
    public bool Fractions { get; init; }

    public override bool IsValid(object? value)
    {
        var text = (string?)value;
        return string.IsNullOrWhiteSpace(text)
            || (Read(text) is { } number && number >= Limit(least) && number <= Limit(most) && (Fractions || decimal.IsInteger(number)));
    }

    /// <summary>Parses a number; null for an empty or invalid field.</summary>
    public static decimal? Read(string? text) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    public static string? Write(decimal? number) => number?.ToString("0.#########", CultureInfo.InvariantCulture);

    private static decimal Limit(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);
}
