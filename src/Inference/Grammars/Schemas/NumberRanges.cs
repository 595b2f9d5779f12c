using System.Globalization;
using System.Numerics;

namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>Decimal texts within bounds, as regular expressions.</summary>
internal static class NumberRanges
{
    private static readonly RegexNode AnyDigit = Digits('0', '9');

    /// <summary>The integers from one to another, both included and 0 or more, without leading zeros.</summary>
    public static RegexNode Integers(BigInteger low, BigInteger high)
    {
        List<RegexNode> options = [];
        var last = low;
        for (var first = low; first <= high; first = last + 1)
        {
            // The longest run of numbers of one length.
            var length = first.ToString(CultureInfo.InvariantCulture).Length;
            last = BigInteger.Min(high, BigInteger.Pow(10, length) - 1);
            options.Add(SameLength(Write(first), Write(last), 0));
        }

        return new RegexNode.Choice(options);
    }

    /// <summary>
    /// The numbers of 0 or more between two bounds: an integer, and up to <paramref name="places"/> digits after the point, of which the
    /// last ones may be 0.
    /// </summary>
    /// <param name="places">At least the scale of both bounds; 0 allows no point.</param>
    public static RegexNode Decimals(NumberBound low, NumberBound high, int places)
    {
        if (low.Value > high.Value)
        {
            return new RegexNode.CharSet([]);
        }

        var (first, last) = (low.Value.Floor, high.Value.Floor);
        var (above, below) = (Fraction(low.Value), Fraction(high.Value));
        if (first == last)
        {
            return new RegexNode.Sequence([RegexNode.Text(Write(first)), Tail(above, low.Exclusive, below, high.Exclusive, places)]);
        }

        List<RegexNode> options =
        [
            new RegexNode.Sequence([RegexNode.Text(Write(first)), Tail(above, low.Exclusive, null, false, places)]),
            new RegexNode.Sequence([RegexNode.Text(Write(last)), Tail(null, false, below, high.Exclusive, places)]),
        ];
        if (last - first > 1)
        {
            options.Add(new RegexNode.Sequence([Integers(first + 1, last - 1), Tail(null, false, null, false, places)]));
        }

        return new RegexNode.Choice(options);
    }

    private static string Write(BigInteger value) => value.ToString(CultureInfo.InvariantCulture);

    private static RegexNode.CharSet Digits(char first, char last) => new([(first, last)]);

    private static RegexNode.Repeat Times(int least, int most) => new RegexNode.Repeat(AnyDigit, least, most);

    /// <summary>Texts of one length between two of that length, from one position on.</summary>
    private static RegexNode SameLength(string low, string high, int at)
    {
        if (at == low.Length)
        {
            return new RegexNode.Empty();
        }

        var rest = low.Length - at - 1;
        if (low.AsSpan(at).TrimStart('0').IsEmpty && high.AsSpan(at).TrimStart('9').IsEmpty)
        {
            return Times(rest + 1, rest + 1);
        }

        if (low[at] == high[at])
        {
            return new RegexNode.Sequence([RegexNode.Text(low[at].ToString()), SameLength(low, high, at + 1)]);
        }

        List<RegexNode> options =
        [
            new RegexNode.Sequence([RegexNode.Text(low[at].ToString()), SameLength(low, new string('9', low.Length), at + 1)]),
            new RegexNode.Sequence([RegexNode.Text(high[at].ToString()), SameLength(new string('0', low.Length), high, at + 1)]),
        ];
        if (high[at] - low[at] > 1)
        {
            options.Add(new RegexNode.Sequence([Digits((char)(low[at] + 1), (char)(high[at] - 1)), Times(rest, rest)]));
        }

        return new RegexNode.Choice(options);
    }

    /// <summary>The digits after the point, without trailing zeros; empty for an integer.</summary>
    private static string Fraction(ExactDecimal value)
    {
        var part = value.Scaled(value.Scale) - (value.Floor * BigInteger.Pow(10, value.Scale));
        return value.Scale == 0 ? "" : Write(part).PadLeft(value.Scale, '0');
    }

    /// <summary>A point and digits, or nothing, whose value lies between two fractions.</summary>
    private static RegexNode.Choice Tail(string? low, bool lowExclusive, string? high, bool highExclusive, int places)
    {
        List<RegexNode> options = [];
        if ((low is null || (low.Length == 0 && !lowExclusive)) && (high is null || high.Length > 0 || !highExclusive))
        {
            options.Add(new RegexNode.Empty());
        }

        if (places > 0 && After(low, lowExclusive, high, highExclusive, places, 0) is { } digits)
        {
            options.Add(new RegexNode.Sequence([RegexNode.Text("."), digits]));
        }

        return new RegexNode.Choice(options);
    }

    /// <summary>At least one further digit after <paramref name="at"/> digits that equal each bound that is not null.</summary>
    private static RegexNode? After(string? low, bool lowExclusive, string? high, bool highExclusive, int places, int at)
    {
        if (at == places)
        {
            return null;
        }

        if (low is null && high is null)
        {
            return Times(1, places - at);
        }

        var (least, most) = (low is null ? '0' : DigitAt(low, at), high is null ? '9' : DigitAt(high, at));
        List<RegexNode> options = [];
        for (var digit = least; digit <= most; digit++)
        {
            var nextLow = low is not null && digit == least ? low : null;
            var nextHigh = high is not null && digit == most ? high : null;
            List<RegexNode> ends = [];
            if ((nextLow is null || (at + 1 >= nextLow.Length && !lowExclusive))
                && (nextHigh is null || at + 1 < nextHigh.Length || !highExclusive))
            {
                ends.Add(new RegexNode.Empty());
            }

            if (After(nextLow, lowExclusive, nextHigh, highExclusive, places, at + 1) is { } more)
            {
                ends.Add(more);
            }

            if (ends.Count > 0)
            {
                options.Add(new RegexNode.Sequence([RegexNode.Text(digit.ToString()), new RegexNode.Choice(ends)]));
            }
        }

        return options.Count > 0 ? new RegexNode.Choice(options) : null;
    }

    private static char DigitAt(string digits, int at) => at < digits.Length ? digits[at] : '0';
}
