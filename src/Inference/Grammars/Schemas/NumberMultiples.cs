using System.Numerics;

namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>Decimal texts whose value is a multiple of a step: an automaton over remainders.</summary>
internal sealed class NumberMultiples(ExactDecimal step, (NumberBound Low, NumberBound High) range, string path, GrammarBudget budget)
{
    private const int MostStates = 20_000;

    /// <exception cref="SchemaException">The step has too many digits, and too few multiples lie near 0.</exception>
    public Dfa Make() => IsSmall ? Remainders((int)step.Digits) : Listed();

    /// <summary>All multiples, for a language without them.</summary>
    /// <exception cref="SchemaException">The step has too many digits.</exception>
    public Dfa MakeAll() => IsSmall
        ? Remainders((int)step.Digits)
        : throw new SchemaException(path, "multipleOf has too many digits to be excluded.");

    private bool IsSmall => step.Digits * (step.Scale + 2) <= MostStates;

    /// <summary>
    /// A state holds the remainder of the digits read and how many of them stand after the point. After as many digits as the step has,
    /// only zeros may follow.
    /// </summary>
    private Dfa Remainders(int divisor)
    {
        var nfa = new Nfa(budget);
        var (start, end) = (nfa.AddState(), nfa.AddState());
        var states = new int[step.Scale + 1, divisor];
        var points = new int[divisor];
        for (var remainder = 0; remainder < divisor; remainder++)
        {
            points[remainder] = nfa.AddState();
            for (var place = 0; place <= step.Scale; place++)
            {
                states[place, remainder] = nfa.AddState();
            }
        }

        var unsigned = nfa.AddState();
        nfa.AddBytes(start, '-', '-', unsigned);
        nfa.AddEmpty(start, unsigned);
        for (var digit = 0; digit < 10; digit++)
        {
            nfa.AddBytes(unsigned, '0' + digit, '0' + digit, states[0, digit % divisor]);
        }

        for (var remainder = 0; remainder < divisor; remainder++)
        {
            Connect(nfa, states, points, remainder, end);
        }

        return Dfa.Of(nfa, start, end, budget);
    }

    private void Connect(Nfa nfa, int[,] states, int[] points, int remainder, int end)
    {
        var divisor = points.Length;
        for (var digit = 0; digit < 10; digit++)
        {
            // Integer digits: state [0, r] before a point is seen; the point leads to points[r].
            nfa.AddBytes(states[0, remainder], '0' + digit, '0' + digit, states[0, ((remainder * 10) + digit) % divisor]);
        }

        nfa.AddBytes(states[0, remainder], '.', '.', points[remainder]);
        for (var place = 0; place <= step.Scale; place++)
        {
            var from = place == 0 ? points[remainder] : states[place, remainder];
            for (var digit = 0; digit < 10 && place < step.Scale; digit++)
            {
                nfa.AddBytes(from, '0' + digit, '0' + digit, states[place + 1, ((remainder * 10) + digit) % divisor]);
            }

            if (place == step.Scale && remainder == 0)
            {
                // Zeros after the last digit that counts; at least one digit follows a point.
                var zeros = nfa.AddState();
                nfa.AddBytes(from, '0', '0', zeros);
                nfa.AddBytes(zeros, '0', '0', zeros);
                nfa.AddEmpty(zeros, end);
            }

            if (BigInteger.Remainder(remainder * BigInteger.Pow(10, step.Scale - place), divisor).IsZero)
            {
                nfa.AddEmpty(states[place, remainder], end);
            }
        }
    }

    /// <summary>The multiples within the range that lie nearest to 0, or to the bound that is nearest to 0.</summary>
    private Dfa Listed()
    {
        var scale = new[] { step.Scale, range.Low.Value.Scale, range.High.Value.Scale }.Max();
        var (size, low, high) = (step.Scaled(scale), range.Low.Value.Scaled(scale), range.High.Value.Scaled(scale));
        var (first, last) = (-Divide(-low, size), Divide(high, size));
        var middle = BigInteger.Min(BigInteger.Max(0, first), last);
        var begin = BigInteger.Max(first, middle - (SchemaLimits.ListedMultiples / 2));
        var end = BigInteger.Min(last, begin + SchemaLimits.ListedMultiples);
        if (begin > end)
        {
            throw new SchemaException(path, "multipleOf: no multiple lies within the bounds.");
        }

        List<RegexNode> texts = [];
        for (var factor = begin; factor <= end; factor++)
        {
            texts.Add(RegexNode.Text(new ExactDecimal(step.Digits * factor, step.Scale).ToString()));
        }

        return Dfa.Of(new RegexNode.Choice(texts), budget);
    }

    /// <summary>The quotient, rounded down.</summary>
    private static BigInteger Divide(BigInteger value, BigInteger size)
    {
        var quotient = BigInteger.DivRem(value, size, out var remainder);
        return remainder.Sign < 0 ? quotient - 1 : quotient;
    }
}
