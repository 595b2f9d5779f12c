namespace Tollgate.Inference.Templates;

/// <summary>The tests behind <c>is</c>.</summary>
internal static class TemplateTests
{
    /// <exception cref="TemplateException">No test has that name.</exception>
    public static bool Holds(string name, object? value, IReadOnlyList<object?> arguments, TemplateBudget budget) => name switch
    {
        "defined" => value is not Undefined,
        "undefined" => value is Undefined,
        "none" => value is null,
        "string" => value is MarkedText,
        "number" => value is long or double or bool,
        "integer" => value is long,
        "float" => value is double,
        "boolean" => value is bool,
        "true" => value is true,
        "false" => value is false,
        "mapping" => value is TemplateMap,
        "iterable" => value is List<object?> or TemplateMap or MarkedText or Undefined,
        "sequence" => value is List<object?> or TemplateMap or MarkedText or Undefined,
        "callable" => value is TemplateFunction,
        "lower" => value is MarkedText text && HasCase(text, char.IsUpper, budget),
        "upper" => value is MarkedText text && HasCase(text, char.IsLower, budget),
        "odd" => Whole(value) % 2 != 0,
        "even" => Whole(value) % 2 == 0,
        "divisibleby" => Whole(Argument(name, arguments)) is var divisor && divisor != 0
            && (divisor == -1 || Whole(value) % divisor == 0),
        "eq" or "equalto" or "==" or "sameas" => TemplateValues.Equals(value, Argument(name, arguments), budget),
        "ne" or "!=" => !TemplateValues.Equals(value, Argument(name, arguments), budget),
        "lt" or "lessthan" or "<" => TemplateValues.Compare(value, Argument(name, arguments), budget) < 0,
        "le" or "<=" => TemplateValues.Compare(value, Argument(name, arguments), budget) <= 0,
        "gt" or "greaterthan" or ">" => TemplateValues.Compare(value, Argument(name, arguments), budget) > 0,
        "ge" or ">=" => TemplateValues.Compare(value, Argument(name, arguments), budget) >= 0,
        "in" => TemplateValues.Contains(Argument(name, arguments), value, budget),
        _ => throw new TemplateException($"The template uses the test '{name}', which is not supported."),
    };

    private static bool HasCase(MarkedText text, Func<char, bool> isOther, TemplateBudget budget)
    {
        budget.ChargeText(2L * text.Length);
        return text.Text.Any(char.IsLetter) && !text.Text.Any(isOther);
    }

    private static object? Argument(string name, IReadOnlyList<object?> arguments) =>
        arguments.Count > 0 ? arguments[0] : throw new TemplateException($"The template's test '{name}' lacks its argument.");

    private static long Whole(object? value) =>
        value is long number
            ? number : throw new TemplateException($"The template tests {TemplateValues.TypeName(value)} as a whole number.");
}
