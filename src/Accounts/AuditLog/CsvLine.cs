namespace Tollgate.Accounts.AuditLog;

/// <summary>Writes a line of CSV (RFC 4180) that no spreadsheet runs as a formula.</summary>
internal static class CsvLine
{
    /// <summary>
    /// Quotes each field. A text that a spreadsheet would run gets an apostrophe in front, the sign for text there. The rest stays as
    /// it is.
    /// </summary>
    public static string Of(IEnumerable<string?> fields) => string.Join(',', fields.Select(Field)) + "\r\n";

    private static string Field(string? text)
    {
        if (text is null)
        {
            return "";
        }

        var mark = text is ['=' or '+' or '-' or '@' or '\t' or '\r', ..] ? "'" : "";
        return $"\"{mark}{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
