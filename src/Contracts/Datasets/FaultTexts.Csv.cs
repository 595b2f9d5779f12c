namespace Tollgate.Contracts.Datasets;

/// <summary>Faults of CSV.</summary>
internal static partial class FaultTexts
{
    public static FaultText MissingColumn(string column, string found) => new(
        "missing_column",
        "The first line must name the columns text and label, separated by commas, semicolons or tabs; "
        + $"it lacks '{column}' and has {found}. Add it, or send one JSON object a line.");

    public static FaultText DuplicateColumn(string column) => new(
        "duplicate_column", $"The first line names the column '{Shorten(column)}' twice. Rename one of them.");

    public static FaultText UnreadableHeader() => new(
        "missing_column", "The first line, which must name the columns text and label, cannot be read. Correct it first.");

    public static FaultText TooManyColumns(int most) => new(
        "too_many_columns", Invariant($"The first line has more than {most:N0} columns. Send those for text and label alone."));

    public static FaultText SeparatorLine() => new(
        "missing_column", "The first line is Excel's 'sep='. Remove it, so that the first line names the columns text and label.");

    public static FaultText FieldCount(int given, int expected) => new(
        "field_count",
        Invariant($"The row has {given} {(given == 1 ? "field" : "fields")}, but the first line names {expected} columns. ")
        + (given > expected ? "Enclose a text that contains the separator in quotes." : "Add the missing fields."));

    public static FaultText Of(CsvSlip slip) => slip switch
    {
        CsvSlip.StrayQuote => new(
            "stray_quote", "A quote stands inside a field that does not begin with one. Enclose the field in quotes, and double this one."),
        CsvSlip.TextAfterQuote => new(
            "text_after_quote", "Text follows the closing quote of a field. Double quotes that belong to the text, or remove this text."),
        CsvSlip.OpenQuote => new(
            "open_quote", "The field that begins here has no closing quote. Add it, or double the quotes of the text."),
        _ => LoneCarriageReturn(),
    };

    public static FaultText OpenQuoteTooLong(int maxBytes) => new(
        "open_quote",
        Invariant($"The field that begins here with a quote does not end within {maxBytes:N0} bytes. Add the closing quote."));
}
