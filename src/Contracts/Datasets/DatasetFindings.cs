namespace Tollgate.Contracts.Datasets;

/// <summary>What was found in a file so far: its first faults, the number of all, and its rows.</summary>
internal sealed class DatasetFindings(DatasetLimits limits)
{
    private readonly List<DatasetFault> _listed = [];

    public DatasetLimits Limits { get; } = limits;

    public IReadOnlyList<DatasetFault> Listed => _listed;

    public long FaultCount { get; private set; }

    /// <summary>Rows that began, without blank lines and the first line of CSV.</summary>
    public long Rows { get; private set; }

    /// <summary>Rows without a fault.</summary>
    public long GoodRows { get; set; }

    /// <summary>Whether reading on would help nobody.</summary>
    public bool IsStopped { get; private set; }

    public void Add(TextPosition at, FaultText text, string? customId = null)
    {
        FaultCount++;
        IsStopped |= FaultCount >= Limits.MaxFaults;
        if (_listed.Count < Limits.MaxListedFaults)
        {
            _listed.Add(new DatasetFault(text.Code, at.Line, at.Column, text.Message, customId));
        }
    }

    /// <summary>Adds a fault after which nothing more can be read.</summary>
    public void Stop(TextPosition at, FaultText text)
    {
        Add(at, text);
        IsStopped = true;
    }

    /// <summary>Counts a row, unless the file has its most rows: then reading stops, and the result is false.</summary>
    public bool BeginRow(RawRecord record)
    {
        if (Rows == Limits.MaxRows)
        {
            Stop(record.At(0), FaultTexts.TooManyRows(Limits.MaxRows));
            return false;
        }

        Rows++;
        return true;
    }
}
