using System.Text;

namespace Tollgate.Contracts.Datasets;

/// <summary>Reads examples in CSV as RFC 4180 has it. The first line names the columns, and its separator is that of the file.</summary>
internal sealed class ExampleCsvRows(DatasetFindings findings, ExampleBook book) : IRowReader
{
    private readonly RecordText _text = new(findings);
    private readonly LineEnds _headerEnds = new();
    private CsvHeader? _header;
    private CsvScanner? _scanner;

    public string Format => "csv";

    public IRecordEnds Ends => _scanner is null ? _headerEnds : _scanner;

    public void Read(RawRecord record)
    {
        if (_header is null || _scanner is null)
        {
            ReadHeader(record);
            return;
        }

        if (!record.IsTerminated)
        {
            _scanner.Finish();
        }

        if (findings.BeginRow(record) && _text.Check(record) && IsWellFormed(record, _scanner, _header.Columns))
        {
            ReadRow(record, _scanner, _header);
        }
    }

    public void RefuseTooLong(RawRecord beginning)
    {
        var limit = findings.Limits.MaxLineBytes;
        if (_scanner is null)
        {
            // Without its columns the rest of the file means nothing.
            var at = beginning.Bytes.IndexOf((byte)'\r');
            findings.Stop(beginning.At(Math.Max(at, 0)), at < 0 ? FaultTexts.LineTooLong(limit) : FaultTexts.LoneCarriageReturn());
            return;
        }

        if (!findings.BeginRow(beginning))
        {
            return;
        }

        if (_scanner.OpenQuoteAt is { } quote && quote < beginning.Bytes.Length)
        {
            findings.Add(beginning.At(quote), FaultTexts.OpenQuoteTooLong(limit));
        }
        else if (_scanner.Slip != CsvSlip.None && _scanner.SlipAt < beginning.Bytes.Length)
        {
            findings.Add(beginning.At(_scanner.SlipAt), FaultTexts.Of(_scanner.Slip));
        }
        else
        {
            findings.Add(beginning.At(0), FaultTexts.LineTooLong(limit));
        }
    }

    public void Complete() => book.Complete();

    public DatasetReport Describe(DatasetReport report) => book.Describe(report);

    private void ReadHeader(RawRecord record)
    {
        if (!_text.Check(record))
        {
            findings.Stop(record.At(0), FaultTexts.UnreadableHeader());
            return;
        }

        var header = CsvHeader.Read(record, findings);
        if (header is null)
        {
            return;
        }

        foreach (var name in header.Ignored)
        {
            book.Ignore(name);
        }

        (_header, _scanner) = (header, new CsvScanner(header.Separator, header.Columns + 1));
    }

    private bool IsWellFormed(RawRecord record, CsvScanner row, int columns)
    {
        if (row.Slip != CsvSlip.None)
        {
            findings.Add(record.At(row.SlipAt), FaultTexts.Of(row.Slip));
        }
        else if (row.FieldCount != columns)
        {
            // The first field too many begins after the separator; a missing one would follow the last byte.
            var at = row.FieldCount > columns ? row.Fields[columns].Start : row.Fields[^1].End;
            findings.Add(record.At(Math.Min(at, record.Bytes.Length)), FaultTexts.FieldCount(row.FieldCount, columns));
        }

        return row.Slip == CsvSlip.None && row.FieldCount == columns;
    }

    private void ReadRow(RawRecord record, CsvScanner row, CsvHeader header)
    {
        var (text, label) = (row.Fields[header.Text], row.Fields[header.Label]);
        if (!book.CheckForm(record, header.Form))
        {
            return;
        }

        if (label.Start == label.End)
        {
            findings.Add(record.At(label.Start), FaultTexts.MissingLabel());
            return;
        }

        book.Take(record, new ExampleDraft
        {
            Text = Decode(record, text),
            TextAt = text.Start,
            Label = Decode(record, label),
            LabelAt = label.Start,
        });
    }

    private static string Decode(RawRecord record, CsvField field)
    {
        var text = Encoding.UTF8.GetString(record.Bytes[field.Start..field.End]);
        return field.HasDoubledQuotes ? text.Replace("\"\"", "\"", StringComparison.Ordinal) : text;
    }
}
