using System.Globalization;
using System.Numerics;

namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>A decimal number without rounding: <c>Digits / 10^Scale</c>.</summary>
/// <param name="Scale">Digits after the point, 0 or more; the last of them is not 0.</param>
internal readonly record struct ExactDecimal(BigInteger Digits, int Scale) : IComparable<ExactDecimal>
{
    private const int MostExponent = 400;

    public bool IsInteger => Scale == 0;

    /// <summary>The largest integer that is not above this number.</summary>
    public BigInteger Floor
    {
        get
        {
            var quotient = BigInteger.DivRem(Digits, BigInteger.Pow(10, Scale), out var remainder);
            return remainder.Sign < 0 ? quotient - 1 : quotient;
        }
    }

    public static ExactDecimal Of(BigInteger value) => new(value, 0);

    /// <summary>Reads a number of a JSON text.</summary>
    /// <returns>False where it has more than 400 digits before or after the point.</returns>
    public static bool TryParse(string text, out ExactDecimal value)
    {
        value = default;
        var mark = text.IndexOfAny(['e', 'E']);
        var exponent = 0;
        if (mark >= 0 && !int.TryParse(text.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent))
        {
            return false;
        }

        var digits = mark >= 0 ? text[..mark] : text;
        var point = digits.IndexOf('.', StringComparison.Ordinal);
        var scale = point < 0 ? 0 : digits.Length - point - 1;
        if (digits.Length > MostExponent || Math.Abs((long)exponent) > MostExponent)
        {
            return false;
        }

        var whole = BigInteger.Parse(
            point < 0 ? digits : digits.Remove(point, 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        value = Normalize(whole, scale - exponent);
        return true;
    }

    public static ExactDecimal operator -(ExactDecimal value) => new(-value.Digits, value.Scale);

    public static bool operator <(ExactDecimal left, ExactDecimal right) => left.CompareTo(right) < 0;

    public static bool operator >(ExactDecimal left, ExactDecimal right) => left.CompareTo(right) > 0;

    public static bool operator <=(ExactDecimal left, ExactDecimal right) => left.CompareTo(right) <= 0;

    public static bool operator >=(ExactDecimal left, ExactDecimal right) => left.CompareTo(right) >= 0;

    public int CompareTo(ExactDecimal other)
    {
        var scale = Math.Max(Scale, other.Scale);
        return Scaled(scale).CompareTo(other.Scaled(scale));
    }

    /// <summary>The number times <c>10^scale</c>, for a scale that is not below its own.</summary>
    public BigInteger Scaled(int scale) => Digits * BigInteger.Pow(10, scale - Scale);

    public bool IsMultipleOf(ExactDecimal step)
    {
        var scale = Math.Max(Scale, step.Scale);
        return (Scaled(scale) % step.Scaled(scale)).IsZero;
    }

    /// <summary>Plain decimal text without an exponent.</summary>
    public override string ToString()
    {
        var digits = BigInteger.Abs(Digits).ToString(CultureInfo.InvariantCulture).PadLeft(Scale + 1, '0');
        var text = Scale == 0 ? digits : $"{digits[..^Scale]}.{digits[^Scale..]}";
        return Digits.Sign < 0 ? $"-{text}" : text;
    }

    private static ExactDecimal Normalize(BigInteger digits, int scale)
    {
        if (scale <= 0)
        {
            return new(digits * BigInteger.Pow(10, -scale), 0);
        }

        while (scale > 0)
        {
            var quotient = BigInteger.DivRem(digits, 10, out var remainder);
            if (!remainder.IsZero)
            {
                break;
            }

            digits = quotient;
            scale--;
        }

        return new(digits, scale);
    }
}
