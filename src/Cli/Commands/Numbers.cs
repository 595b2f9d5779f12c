using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Tollgate.Cli.Commands;

/// <summary>Options that take a number. A wrong value ends with one line that names the option and its range.</summary>
public static class Numbers
{
    /// <summary>Creates an optional option.</summary>
    public static Option<T?> Optional<T>(string name, string description, T least, T most)
        where T : struct, INumber<T> =>
        new(name) { Description = description, CustomParser = result => Read(result, name, least, most) };

    /// <summary>Creates an option with a default value.</summary>
    public static Option<T> WithDefault<T>(string name, string description, T least, T most, T standard)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            DefaultValueFactory = _ => standard,
            CustomParser = result => Read(result, name, least, most) ?? standard,
        };

    private static T? Read<T>(ArgumentResult result, string name, T least, T most)
        where T : struct, INumber<T>
    {
        var text = result.Tokens[0].Value;

        // Refuses thousands separators, because 0,10 would be read as ten.
        if (T.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && value >= least && value <= most)
        {
            return value;
        }

        var kind = T.IsInteger(least) && typeof(T) != typeof(decimal) ? "a whole number" : "a number such as 0.50";
        result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name}: '{text}' is not {kind} from {least} to {most}."));
        return null;
    }
}
