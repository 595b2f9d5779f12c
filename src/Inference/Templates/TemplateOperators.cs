namespace Tollgate.Inference.Templates;

/// <summary>Operators on values, with Python's rules. Whole numbers have 64 bits; what does not fit ends the rendering.</summary>
internal static class TemplateOperators
{
    public static object Apply(string sign, object? operand) => sign switch
    {
        "not" => !TemplateValues.IsTrue(operand),
        "-" => operand is double real ? (object)-real : Negate(Whole(operand)),
        _ => operand is double real ? (object)real : Whole(operand),
    };

    public static object? Apply(string sign, object? left, object? right, TemplateBudget budget) => sign switch
    {
        "==" => TemplateValues.Equals(left, right, budget),
        "!=" => !TemplateValues.Equals(left, right, budget),
        "<" => TemplateValues.Compare(left, right, budget) < 0,
        "<=" => TemplateValues.Compare(left, right, budget) <= 0,
        ">" => TemplateValues.Compare(left, right, budget) > 0,
        ">=" => TemplateValues.Compare(left, right, budget) >= 0,
        "in" => TemplateValues.Contains(right, left, budget),
        "not in" => !TemplateValues.Contains(right, left, budget),
        "~" => MarkedText.Join(budget, TemplateValues.Print(left, budget), TemplateValues.Print(right, budget)),
        "+" => Add(left, right, budget),
        _ => Calculate(sign, left, right),
    };

    /// <summary>The absolute value of a whole number.</summary>
    public static long Absolute(long number) => number < 0 ? Negate(number) : number;

    private static object? Add(object? left, object? right, TemplateBudget budget)
    {
        switch (left, right)
        {
            case (MarkedText a, MarkedText b):
                return MarkedText.Join(budget, a, b);
            case (List<object?> a, List<object?> b):
                budget.AllocateList((long)a.Count + b.Count);
                return a.Concat(b).ToList();
            default:
                return Calculate("+", left, right);
        }
    }

    private static object Calculate(string sign, object? left, object? right)
    {
        if (TemplateValues.AsNumber(left) is not { } a || TemplateValues.AsNumber(right) is not { } b)
        {
            throw new TemplateException(
                $"The template applies '{sign}' to {TemplateValues.TypeName(left)} and {TemplateValues.TypeName(right)}.");
        }

        if ((sign is "/" or "//" or "%" && b == 0) || (sign == "**" && a == 0 && b < 0))
        {
            throw new TemplateException("The template divides by zero.");
        }

        if (sign == "/" || left is double || right is double || (sign == "**" && b < 0))
        {
            return sign switch
            {
                "+" => a + b,
                "-" => a - b,
                "*" => a * b,
                "/" => a / b,
                "//" => Math.Floor(a / b),
                "%" => a - (b * Math.Floor(a / b)),
                _ => Math.Pow(a, b),
            };
        }

        var (x, y) = (Whole(left), Whole(right));
        try
        {
            return checked(sign switch
            {
                "+" => x + y,
                "-" => x - y,
                "*" => x * y,
                "//" => FloorDivide(x, y),
                "%" => y == -1 ? 0 : x - (y * FloorDivide(x, y)),
                _ => Power(x, y),
            });
        }
        catch (OverflowException)
        {
            throw TooLarge();
        }
    }

    private static long FloorDivide(long x, long y) => y == -1
        ? checked(-x)
        : (x / y) - (x % y != 0 && (x < 0) != (y < 0) ? 1 : 0);

    /// <summary>Squares and multiplies: at most 63 turns, whatever the exponent.</summary>
    private static long Power(long x, long exponent)
    {
        var result = 1L;
        while (true)
        {
            result = checked(exponent % 2 == 1 ? result * x : result);
            exponent /= 2;
            if (exponent == 0)
            {
                return result;
            }

            x = checked(x * x);
        }
    }

    private static long Negate(long number) => number == long.MinValue ? throw TooLarge() : -number;

    private static TemplateException TooLarge() => new("A number of the template grows too large.");

    private static long Whole(object? value) => value switch
    {
        long number => number,
        bool truth => truth ? 1 : 0,
        _ => throw new TemplateException($"The template calculates with {TemplateValues.TypeName(value)}."),
    };
}
