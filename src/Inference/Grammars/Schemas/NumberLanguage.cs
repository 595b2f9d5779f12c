using System.Numerics;

namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>The JSON numbers that meet a schema, of bounded length: each is a finite double and fits a decimal of 28 digits.</summary>
/// <remarks>Without bounds an integer lies within ±(2^53 − 1), any other number has up to 15 digits before the point.</remarks>
internal sealed class NumberLanguage(Constraints constraints, ValueTypes types, GrammarBudget budget)
{
    private const int FreeDigits = 15;
    private const int FreePlaces = 12;
    private const int MostPlaces = 28;
    private const int FarthestDigits = 28;
    private static readonly BigInteger LastSafeInteger = (BigInteger.One << 53) - 1;
    private static readonly BigInteger LastFreeNumber = BigInteger.Pow(10, FreeDigits) - 1;
    private static readonly BigInteger Farthest = BigInteger.Pow(10, FarthestDigits);

    private static readonly RegexNode Digit = new RegexNode.CharSet([('0', '9')]);
    private static readonly RegexNode Minus = new RegexNode.Repeat(RegexNode.Text("-"), 0, 1);

    /// <summary>The language; empty where no number meets the schema.</summary>
    /// <exception cref="SchemaException">A bound has too many digits, or a step's multiples cannot be decided.</exception>
    public Dfa Make()
    {
        var forbidden = constraints.Forbidden.Where(value => value.ValueKind == System.Text.Json.JsonValueKind.Number).ToList();
        if (types == ValueTypes.Number && constraints.Low is null && constraints.High is null && constraints.Multiples.Count == 0
            && forbidden.Count == 0)
        {
            return Dfa.Of(FreeNumber(), budget);
        }

        var range = FindRange();
        var language = Dfa.Of(Within(range.Low, range.High), budget);
        if (types == ValueTypes.Fraction)
        {
            language = language.Except(Dfa.Of(WholeNumbers(), budget), budget);
        }

        foreach (var (step, negated, path) in constraints.Multiples)
        {
            var multiples = new NumberMultiples(step, range, path, budget);
            language = negated ? language.Except(multiples.MakeAll(), budget) : language.Intersect(multiples.Make(), budget);
        }

        foreach (var value in forbidden)
        {
            if (ExactDecimal.TryParse(value.GetRawText(), out var number))
            {
                language = language.Except(Dfa.Of(TextsOf(number), budget), budget);
            }
        }

        return language;
    }

    private static RegexNode.Sequence FreeNumber()
    {
        var integer = new RegexNode.Choice(
        [
            RegexNode.Text("0"),
            new RegexNode.Sequence([new RegexNode.CharSet([('1', '9')]), new RegexNode.Repeat(Digit, 0, FreeDigits - 1)]),
        ]);
        var fraction = new RegexNode.Sequence([RegexNode.Text("."), new RegexNode.Repeat(Digit, 1, FreeDigits)]);
        var exponent = new RegexNode.Sequence(
        [
            new RegexNode.CharSet([('E', 'E'), ('e', 'e')]),
            new RegexNode.Repeat(new RegexNode.CharSet([('+', '+'), ('-', '-')]), 0, 1),
            new RegexNode.Choice([Digit, new RegexNode.Sequence([RegexNode.Text("1"), new RegexNode.CharSet([('0', '2')])])]),
        ]);
        return new RegexNode.Sequence([Minus, integer, new RegexNode.Repeat(fraction, 0, 1), new RegexNode.Repeat(exponent, 0, 1)]);
    }

    private static RegexNode.Sequence WholeNumbers() => new(
    [
        Minus, new RegexNode.Repeat(Digit, 1, null),
        new RegexNode.Repeat(new RegexNode.Sequence([RegexNode.Text("."), new RegexNode.Repeat(RegexNode.Text("0"), 1, null)]), 0, 1),
    ]);

    /// <summary>All decimal texts of one number.</summary>
    private static RegexNode.Sequence TextsOf(ExactDecimal number)
    {
        RegexNode zeros = new RegexNode.Repeat(RegexNode.Text("0"), number.IsInteger ? 1 : 0, null);
        return new RegexNode.Sequence(
        [
            RegexNode.Text(number.ToString()),
            number.IsInteger ? new RegexNode.Repeat(new RegexNode.Sequence([RegexNode.Text("."), zeros]), 0, 1) : zeros,
        ]);
    }

    private (NumberBound Low, NumberBound High) FindRange()
    {
        var edge = ExactDecimal.Of(types == ValueTypes.Integer ? LastSafeInteger : LastFreeNumber);
        var far = ExactDecimal.Of(Farthest);
        var low = constraints.Low is { } given && given.Value >= -far ? given : (NumberBound?)null;
        var high = constraints.High is { } limit && limit.Value <= far ? limit : (NumberBound?)null;
        if (low?.Value > far || high?.Value < -far || low?.Value.Scale > MostPlaces || high?.Value.Scale > MostPlaces)
        {
            throw new SchemaException(constraints.Path,
                $"minimum and maximum must have at most {FarthestDigits} digits before the point and {MostPlaces} after it.");
        }

        var least = high is { } top && top.Value < -edge ? ExactDecimal.Of(top.Value.Floor * 10) : -edge;
        var most = low is { } bottom && bottom.Value > edge ? ExactDecimal.Of((bottom.Value.Floor + 1) * 10) : edge;
        return (low ?? new NumberBound(least, false), high ?? new NumberBound(most, false));
    }

    private RegexNode.Choice Within(NumberBound low, NumberBound high)
    {
        if (types == ValueTypes.Integer)
        {
            var first = -(-low.Value).Floor + (low.Exclusive && low.Value.IsInteger ? 1 : 0);
            var last = high.Value.Floor - (high.Exclusive && high.Value.IsInteger ? 1 : 0);
            return Signed(
                first <= -1 ? NumberRanges.Integers(BigInteger.Max(1, -last), -first) : null,
                last >= 0 ? NumberRanges.Integers(BigInteger.Max(0, first), last) : null);
        }

        var places = Math.Max(FreePlaces, Math.Max(low.Value.Scale, high.Value.Scale) + 1);
        var zero = ExactDecimal.Of(0);
        var nearest = high.Value < zero ? high with { Value = -high.Value } : new NumberBound(zero, true);
        return Signed(
            low.Value < zero ? NumberRanges.Decimals(nearest, low with { Value = -low.Value }, places) : null,
            high.Value >= zero ? NumberRanges.Decimals(low.Value >= zero ? low : new NumberBound(zero, false), high, places) : null);
    }

    private static RegexNode.Choice Signed(RegexNode? negative, RegexNode? positive)
    {
        List<RegexNode> options = [];
        if (negative is not null)
        {
            options.Add(new RegexNode.Sequence([RegexNode.Text("-"), negative]));
        }

        if (positive is not null)
        {
            options.Add(positive);
        }

        return new RegexNode.Choice(options);
    }
}
