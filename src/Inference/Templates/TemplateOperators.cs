namespace Tollgate.Inference.Templates;

/// <summary>Operators on values, with Python's rules.</summary>
internal static class TemplateOperators
{
    public static object Apply(string sign, object? operand) => sign switch
    {
        "not" => !TemplateValues.IsTrue(operand),
        "-" => operand is double real ? (object)-real : -Whole(operand),
        _ => operand is double real ? (object)real : Whole(operand),
    };

    public static object? Apply(string sign, object? left, object? right, TemplateInterpreter interpreter) => sign switch
    {
        "==" => TemplateValues.Equals(left, right),
        "!=" => !TemplateValues.Equals(left, right),
        "<" => TemplateValues.Compare(left, right) < 0,
        "<=" => TemplateValues.Compare(left, right) <= 0,
        ">" => TemplateValues.Compare(left, right) > 0,
        ">=" => TemplateValues.Compare(left, right) >= 0,
        "in" => TemplateValues.Contains(right, left),
        "not in" => !TemplateValues.Contains(right, left),
        "~" => interpreter.Made(MarkedText.Join(TemplateValues.Print(left), TemplateValues.Print(right))),
        "+" => Add(left, right, interpreter),
        _ => Calculate(sign, left, right),
    };

    private static object? Add(object? left, object? right, TemplateInterpreter interpreter)
    {
        switch (left, right)
        {
            case (MarkedText a, MarkedText b):
                return interpreter.Made(MarkedText.Join(a, b));
            case (List<object?> a, List<object?> b):
                interpreter.Charge(a.Count + b.Count);
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

        if (sign is "/" or "//" or "%" && b == 0)
        {
            throw new TemplateException("The template divides by zero.");
        }

        if (sign == "/" || left is double || right is double)
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
                "%" => x - (y * FloorDivide(x, y)),
                _ => (long)Math.Pow(x, y),
            });
        }
        catch (OverflowException)
        {
            throw new TemplateException("A number of the template grows too large.");
        }
    }

    private static long FloorDivide(long x, long y) => (x / y) - (x % y != 0 && (x < 0) != (y < 0) ? 1 : 0);

    private static long Whole(object? value) => value switch
    {
        long number => number,
        bool truth => truth ? 1 : 0,
        _ => throw new TemplateException($"The template calculates with {TemplateValues.TypeName(value)}."),
    };
}
