using static Tollgate.Contracts.Tests.Datasets.DatasetCase;

namespace Tollgate.Contracts.Tests.Datasets;

/// <summary>Examples in CSV.</summary>
internal static class CsvCases
{
    public static IEnumerable<DatasetCase> All() => [.. Accepted(), .. Headers(), .. Quotes(), .. Rows()];

    private static IEnumerable<DatasetCase> Accepted() =>
    [
        Good("CSV", "text,label\nfine,a\npoor,b\n", 2),
        Good("columns in the other order", "label,text\na,fine\nb,poor\n", 2),
        Good("columns in upper case", "Text, LABEL\nfine,a\npoor,b\n", 2),
        Good("the tutorials' names in CSV", "data,label\nfine,1\npoor,0\n", 2),
        Good("quoted names", "\"text\",\"label\"\r\n\"fine\",\"a\"\r\n\"poor\",\"b\"\r\n", 2),
        Good("semicolons", "text;label\nfine, really;a\npoor;b\n", 2),
        Good("tabs", "text\tlabel\nfine, really;\ta\npoor\tb\n", 2),
        Good("further columns", "id,text,label,source\n1,fine,a,x\n2,poor,b,y\n", 2) with { Warnings = ["ignored_members"] },
        Good("line feeds in quotes", "text,label\n\"fine\nand\r\ngood\",a\npoor,b", 2),
        Good("doubled quotes", "text,label\n\"say \"\"fine\"\"\",a\n\"\"\"\",b\n", 2),
        Good("separators in quotes", "text,label\n\"fine, really\",a\n\"poor, too\",b\n", 2),
        Good("a carriage return in quotes", "text,label\n\"fine\rgood\",a\npoor,b\n", 2),
        Good("blank lines of CSV", "\n\ntext,label\n\nfine,a\n\r\npoor,b\n\n", 2),
        Good("spaces around fields", "text,label\n fine ,a\npoor,b\n", 2),
        Good("a brace at the start of a text", "text,label\n{fine},a\n[poor],b\n", 2),
        Good("a text that looks like a formula", "text,label\n=1+2,a\n@x,b\n", 2),
    ];

    private static IEnumerable<DatasetCase> Headers() =>
    [
        Bad("no first line of names", "fine,a\npoor,b\n", 0, ("missing_column", 1, 1)),
        Bad("no column of labels", "text,class\nfine,a\npoor,b\n", 0, ("missing_column", 1, 1)),
        Bad("no column of texts", "sentence,label\nfine,a\npoor,b\n", 0, ("missing_column", 1, 1)),
        Bad("another separator", "text|label\nfine|a\npoor|b\n", 0, ("missing_column", 1, 1)),
        Bad("Excel's line of the separator", "sep=;\ntext;label\nfine;a\n", 0, ("missing_column", 1, 1)),
        Bad("a column twice", "text,label,text\nfine,a,x\n", 0, ("duplicate_column", 1, 12)),
        Bad("a first line with an open quote", "\"text,label\nfine,a\n", 0, ("open_quote", 1, 1)),
        Bad(
            "a first line in Latin-1", [.. "text,label,caf"u8, 0xE9, .. "\nfine,a,x\n"u8], 0, ("invalid_utf8", 1, 15),
            ("missing_column", 1, 1)),
        Bad("plain text", "This is a letter.\nIt has no rows.\n", 0, ("missing_column", 1, 1)),
        Bad("names and no row", "text,label\n", 0, ("empty_file", 1, 1)),
        Bad("1,001 columns", $"text,label{new string(',', 1_000)}\nfine,a\n", 0, ("too_many_columns", 1, 1_009)),
        Bad("a first line beyond the limit", new string('x', 2_000_000), 0, ("line_too_long", 1, 1)),
    ];

    private static IEnumerable<DatasetCase> Quotes() =>
    [
        SecondRow("a quote in a field without", "a 5\" disk,a", "stray_quote", 4),
        SecondRow("a space before the quote", " \"fine\",a", "stray_quote", 2),
        SecondRow("text after a quote", "\"fine\"ly,a", "text_after_quote", 7),
        SecondRow("a quote that is not doubled", "\"say \"fine\" now\",a", "text_after_quote", 7),
        Bad("an open quote", "text,label\nfine,a\npoor,b\n\"so,a\nla,b\n", 3, ("open_quote", 4, 1)),
        Bad("an open quote in the last field", "text,label\nfine,a\npoor,b\nso,\"a", 3, ("open_quote", 4, 4)),
        Bad(
            "an open quote in a large file", $"text,label\nfine,a\npoor,b\nx,\"{string.Concat(Enumerable.Repeat("row\n", 300_000))}", 3,
            ("open_quote", 4, 3)),
    ];

    private static IEnumerable<DatasetCase> Rows() =>
    [
        SecondRow("a field too many", "fine, really,a", "field_count", 14),
        SecondRow("a field too few", "fine", "field_count", 5),
        SecondRow("a label that is missing", "fine,", "missing_label", 6),
        SecondRow("a text that is missing", ",a", "empty_text", 1),
        SecondRow("a field in quotes too many", "\"fine\nreally\",x,\"a\"", "field_count", 12, line: 4),
        SecondRow("a label of spaces", "fine,  ", "empty_label", 6),
        SecondRow("a long label in CSV", $"fine,{new string('l', 129)}", "label_too_long", 6),
        SecondRow("a NUL byte in CSV", "fi\0ne,a", "nul_byte", 3),
    ];

    /// <summary>CSV whose third line is given, between two good rows.</summary>
    private static DatasetCase SecondRow(string name, string row, string code, int column, long line = 3) =>
        Bad(name, $"text,label\npoor,b\n{row}\ngood,a\n", 3, (code, line, column));
}
