using System.Text;
using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Datasets;

/// <summary>Reads the records of one format and purpose.</summary>
internal interface IRowReader
{
    /// <summary><c>jsonl</c> or <c>csv</c>.</summary>
    string Format { get; }

    /// <summary>How the next record ends. May change after each.</summary>
    IRecordEnds Ends { get; }

    /// <summary>Reads a record that is not blank.</summary>
    void Read(RawRecord record);

    /// <summary>Refuses a record of which only the beginning is there.</summary>
    void RefuseTooLong(RawRecord beginning);

    /// <summary>Adds the faults that show at the end of a file.</summary>
    void Complete();

    /// <summary>Adds statistics and warnings to a report.</summary>
    DatasetReport Describe(DatasetReport report);
}

/// <summary>Reads JSONL: one object a line.</summary>
internal abstract class JsonRows(DatasetFindings findings) : IRowReader
{
    private readonly RecordText _text = new(findings);
    private readonly JsonCheck _json = new(findings);

    public string Format => "jsonl";

    public IRecordEnds Ends { get; } = new LineEnds();

    protected DatasetFindings Findings => findings;

    public void Read(RawRecord record)
    {
        if (findings.BeginRow(record))
        {
            var line = WithoutCarriageReturn(record);
            if (_text.Check(line) && HasNoCarriageReturn(line) && _json.Check(line))
            {
                ReadRow(line);
            }
        }
    }

    public void RefuseTooLong(RawRecord beginning)
    {
        if (findings.BeginRow(beginning) && HasNoCarriageReturn(beginning))
        {
            findings.Add(beginning.At(0), FaultTexts.LineTooLong(findings.Limits.MaxLineBytes));
        }
    }

    public abstract void Complete();

    public abstract DatasetReport Describe(DatasetReport report);

    /// <summary>Reads a line that is one object in JSON. Its members may have any value.</summary>
    protected abstract void ReadRow(RawRecord line);

    /// <summary>The kind of the value at the reader, in words.</summary>
    protected static string Given(in Utf8JsonReader json) => json.TokenType switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => $"the string '{OpenAiError.Shorten(json.GetString()!)}'",
        JsonTokenType.Number => $"the number {OpenAiError.Shorten(Encoding.ASCII.GetString(json.ValueSpan))}",
        JsonTokenType.True or JsonTokenType.False => "a boolean",
        _ => "null",
    };

    private static RawRecord WithoutCarriageReturn(RawRecord record) =>
        record.IsTerminated && record.Bytes is [.., (byte)'\r'] ? new RawRecord(record.Bytes[..^1], record.Line, true) : record;

    private bool HasNoCarriageReturn(RawRecord line)
    {
        var at = line.Bytes.IndexOf((byte)'\r');
        if (at >= 0)
        {
            findings.Add(line.At(at), FaultTexts.LoneCarriageReturn());
        }

        return at < 0;
    }
}
