using System.Text;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Datasets;

/// <summary>The first line of CSV.</summary>
/// <param name="Separator">Comma, semicolon or tab.</param>
/// <param name="Columns">Number of columns.</param>
/// <param name="Text">Index of the column with the text.</param>
/// <param name="Label">Index of the column with the label.</param>
/// <param name="Form">By the name of the text's column: <c>text</c> or <c>data</c>.</param>
/// <param name="Ignored">Names of the other columns.</param>
internal sealed record CsvHeader(byte Separator, int Columns, int Text, int Label, ExampleForm Form, IReadOnlyList<string> Ignored)
{
    /// <summary>Most columns; a line with more is no header.</summary>
    private const int MostColumns = 1_000;

    private static readonly byte[] Separators = [(byte)',', (byte)';', (byte)'\t'];

    /// <summary>Reads the columns, whose names may be in any case and order. Stops the reading of the file at a fault.</summary>
    public static CsvHeader? Read(RawRecord record, DatasetFindings findings)
    {
        CsvScanner? widest = null;
        foreach (var separator in Separators)
        {
            var scanner = new CsvScanner(separator, MostColumns);
            _ = scanner.Find([.. record.Bytes, .. record.IsTerminated ? "\n"u8 : []]);
            if (!record.IsTerminated || scanner.OpenQuoteAt is not null)
            {
                scanner.Finish();
            }

            if (scanner.Slip == CsvSlip.None && Find(record, scanner, separator) is { } header)
            {
                return Checked(record, scanner, header, findings);
            }

            widest = widest is null || scanner.FieldCount > widest.FieldCount ? scanner : widest;
        }

        Refuse(record, widest!, findings);
        return null;
    }

    private static CsvHeader? Find(RawRecord record, CsvScanner scanner, byte separator)
    {
        var names = Names(record, scanner);
        var (text, data, label) = (names.IndexOf("text"), names.IndexOf("data"), names.IndexOf("label"));
        if ((text < 0 && data < 0) || label < 0 || scanner.FieldCount > MostColumns)
        {
            return null;
        }

        var column = text >= 0 ? text : data;
        var others = names.Where((_, i) => i != column && i != label);
        return new CsvHeader(separator, names.Count, column, label, text >= 0 ? ExampleForm.Text : ExampleForm.Data, [.. others]);
    }

    private static CsvHeader? Checked(RawRecord record, CsvScanner scanner, CsvHeader header, DatasetFindings findings)
    {
        var names = Names(record, scanner);
        var twice = names.FindLastIndex(name => name is "text" or "data" or "label" && names.IndexOf(name) != names.LastIndexOf(name));
        if (twice < 0)
        {
            return header;
        }

        findings.Stop(record.At(scanner.Fields[twice].Start), FaultTexts.DuplicateColumn(names[twice]));
        return null;
    }

    private static void Refuse(RawRecord record, CsvScanner scanner, DatasetFindings findings)
    {
        if (scanner.Slip != CsvSlip.None)
        {
            findings.Stop(record.At(scanner.SlipAt), FaultTexts.Of(scanner.Slip));
            return;
        }

        if (scanner.FieldCount > MostColumns)
        {
            findings.Stop(record.At(scanner.Fields[^1].Start), FaultTexts.TooManyColumns(MostColumns));
            return;
        }

        var names = Names(record, scanner);
        var missing = names.Contains("text") || names.Contains("data") ? "label" : "text";
        var found = string.Join(", ", names.Take(5).Select(name => $"'{OpenAiError.Shorten(name)}'")) + (names.Count > 5 ? ", …" : "");
        var isSeparatorLine = names[0].StartsWith("sep=", StringComparison.Ordinal);
        findings.Stop(record.At(0), isSeparatorLine ? FaultTexts.SeparatorLine() : FaultTexts.MissingColumn(missing, found));
    }

    private static List<string> Names(RawRecord record, CsvScanner scanner)
    {
        List<string> names = [];
        foreach (var field in scanner.Fields)
        {
            names.Add(Encoding.UTF8.GetString(record.Bytes[field.Start..field.End]).Trim().ToLowerInvariant());
        }

        return names;
    }
}
