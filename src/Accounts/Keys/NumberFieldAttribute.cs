using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Tollgate.Accounts.Keys;

/// <summary>
/// A text field that holds a number or nothing. The member is text, because what a form's number member cannot read arrives as null without a
/// word, and an empty limit is no limit.
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

    /// <summary>The number, or null for an empty field or one that is not valid.</summary>
    public static decimal? Read(string? text) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    public static string? Write(decimal? number) => number?.ToString("0.#########", CultureInfo.InvariantCulture);

    private static decimal Limit(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);
}
