using System.Globalization;

namespace Tollgate.Accounts.Portal;

/// <summary>Writes lines of CSV (RFC 4180) that a spreadsheet opens without running anything.</summary>
internal static class CsvLine
{
    private static readonly char[] Quoted = [',', '"', '\r', '\n'];

    /// <summary>
    /// Joins values to a line that ends with CR LF. A text that a spreadsheet would take for a formula gets an apostrophe before it;
    /// numbers stay numbers, negative ones too. Times are UTC in ISO 8601.
    /// </summary>
    public static string Of(params ReadOnlySpan<object?> values)
    {
        var cells = new string[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            cells[i] = Cell(values[i]);
        }

        return string.Join(',', cells) + "\r\n";
    }

    private static string Cell(object? value) => value switch
    {
        null => "",
        string text => Quote(text is ['=' or '+' or '-' or '@' or '\t' or '\r', ..] ? $"'{text}" : text),
        DateTimeOffset at => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture),
        decimal amount => amount.ToString("0.############", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => Quote(value.ToString() ?? ""),
    };

    private static string Quote(string text) =>
        text.IndexOfAny(Quoted) < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
