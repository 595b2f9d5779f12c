using System.Globalization;
using System.IO.Pipelines;

namespace Tollgate.Contracts.Datasets;

/// <summary>
/// Reads and checks one training file or batch while its bytes arrive. It holds one row at a time and what <see cref="DatasetLimits"/>
/// bounds. The report does not depend on how the file is cut into pieces. Time is linear in the file's size. For one thread.
/// </summary>
public sealed class DatasetReader
{
    /// <summary>Bytes that are read of a stream at once.</summary>
    private const int PieceBytes = 64 * 1024;

    private readonly DatasetFindings _findings;
    private readonly Func<bool, IRowReader>? _open;
    private readonly RecordCutter _cutter;
    private readonly List<byte> _head = [];
    private IRowReader? _rows;
    private long _marks;
    private long _unread;
    private bool _isBegun;

    private DatasetReader(DatasetLimits limits, Func<DatasetFindings, bool, IRowReader>? open)
    {
        _findings = new DatasetFindings(limits);
        _cutter = new RecordCutter(limits.MaxLineBytes);
        _open = open is null ? null : isJson => open(_findings, isJson);
    }

    /// <summary>Whether the rest of the file need not be sent: it cannot change the refusal.</summary>
    public bool IsStopped => _findings.IsStopped;

    /// <summary>Reads a file for <see cref="DatasetPurpose.FineTune"/>, JSONL or CSV by its content.</summary>
    /// <param name="limits">Default <see cref="DatasetLimits.Examples"/>.</param>
    /// <param name="onExample">Called for each row without a fault of its own, in the file's order, even if other rows have faults.</param>
    /// <param name="countTokens">Counts a text for <see cref="ExampleStatistics.Tokens"/>, at least 0.</param>
    public static DatasetReader ForExamples(
        DatasetLimits? limits = null, Action<Example>? onExample = null, Func<string, int>? countTokens = null) =>
        new(limits ?? DatasetLimits.Examples, (findings, isJson) =>
        {
            var book = new ExampleBook(findings, onExample, countTokens);
            return isJson ? new ExampleJsonRows(findings, book) : new ExampleCsvRows(findings, book);
        });

    /// <summary>Reads a file for <see cref="DatasetPurpose.Batch"/>: JSONL.</summary>
    /// <param name="limits">Default <see cref="DatasetLimits.Batch"/>.</param>
    /// <param name="onLine">Called for each line without a fault of its own, in the file's order, even if other lines have faults.</param>
    public static DatasetReader ForBatch(DatasetLimits? limits = null, BatchLineHandler? onLine = null) =>
        new(limits ?? DatasetLimits.Batch, (findings, _) => new BatchRows(findings, onLine));

    /// <summary>Reads a file as its purpose asks; <see cref="DatasetPurpose.Evals"/> and <see cref="DatasetPurpose.UserData"/> are
    /// counted only.</summary>
    public static DatasetReader For(DatasetPurpose purpose) => purpose switch
    {
        DatasetPurpose.FineTune => ForExamples(),
        DatasetPurpose.Batch => ForBatch(),
        _ => new DatasetReader(DatasetLimits.Examples, open: null),
    };

    /// <summary>Reads the next bytes of the file. Once <see cref="IsStopped"/> it ignores them.</summary>
    public void Feed(ReadOnlySpan<byte> piece)
    {
        if (_open is null)
        {
            _unread += piece.Length;
            return;
        }

        if (!_isBegun)
        {
            var missing = Math.Min(FileKind.HeadBytes - _head.Count, piece.Length);
            _head.AddRange(piece[..missing]);
            piece = piece[missing..];
            if (_head.Count < FileKind.HeadBytes)
            {
                return;
            }

            Begin();
        }

        ReadRecords(piece);
    }

    /// <summary>Ends the file. Call it once.</summary>
    public DatasetReport Complete()
    {
        if (_open is not null && !_isBegun)
        {
            Begin();
        }

        if (!IsStopped && _cutter.CutLast(out var last) && !last.IsBlank && Open(last) is { } rows)
        {
            rows.Read(last);
        }

        _rows?.Complete();
        if (_open is not null && _findings is { Rows: 0, FaultCount: 0 })
        {
            _findings.Add(TextPosition.Start, FaultTexts.EmptyFile());
        }

        return Report();
    }

    /// <summary>Reads a file to its end, or to where <see cref="IsStopped"/>, and reports.</summary>
    /// <exception cref="IOException">The stream failed.</exception>
    public async Task<DatasetReport> ReadAsync(Stream file, CancellationToken cancellationToken)
    {
        var pipe = PipeReader.Create(file, new StreamPipeReaderOptions(bufferSize: PieceBytes, leaveOpen: true));
        try
        {
            return await ReadAsync(pipe, cancellationToken);
        }
        finally
        {
            await pipe.CompleteAsync();
        }
    }

    /// <summary>Reads a file to its end, or to where <see cref="IsStopped"/>, and reports. Does not complete the pipe.</summary>
    public async Task<DatasetReport> ReadAsync(PipeReader file, CancellationToken cancellationToken)
    {
        while (!IsStopped)
        {
            var read = await file.ReadAsync(cancellationToken);
            foreach (var piece in read.Buffer)
            {
                Feed(piece.Span);
            }

            file.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                break;
            }
        }

        return Complete();
    }

    private void Begin()
    {
        _isBegun = true;
        var head = _head.ToArray().AsSpan();
        if (FileKind.Refuse(head) is { } refusal)
        {
            _findings.Stop(TextPosition.Start, refusal);
            return;
        }

        _marks = head.StartsWith("\uFEFF"u8) ? 3 : 0;
        ReadRecords(head[(int)_marks..]);
    }

    private void ReadRecords(ReadOnlySpan<byte> piece)
    {
        while (!IsStopped)
        {
            _cutter.Ends = _rows?.Ends ?? _cutter.Ends;
            var cut = _cutter.Cut(ref piece, out var record);
            if (cut == Cut.None)
            {
                return;
            }

            if (cut == Cut.TooLong)
            {
                Open(record)?.RefuseTooLong(record);
            }
            else if (!record.IsBlank)
            {
                Open(record)?.Read(record);
            }
        }
    }

    /// <summary>The reader of the file's rows, which the first of them chooses; null where it is neither JSONL nor CSV.</summary>
    private IRowReader? Open(RawRecord record)
    {
        if (_rows is null)
        {
            var start = record.Bytes.TrimStart(" \t\r\n"u8);
            var isArray = start is [(byte)'[', ..];
            if (isArray || start.TrimEnd(" \t\r"u8) is [(byte)'{'])
            {
                var at = record.At(record.Bytes.Length - start.Length);
                _findings.Stop(at, isArray ? FaultTexts.JsonArray() : FaultTexts.JsonOverLines());
                return null;
            }

            _rows = _open!(start is [(byte)'{', ..]);
        }

        return _rows;
    }

    private DatasetReport Report()
    {
        var further = _findings.FaultCount - _findings.Listed.Count;
        var report = new DatasetReport
        {
            Format = _rows?.Format,
            Bytes = _unread + _marks + _cutter.Taken,
            Rows = _findings.Rows,
            GoodRows = _findings.GoodRows,
            FaultCount = _findings.FaultCount,
            IsStopped = IsStopped,
            Faults = _findings.Listed,
            FurtherFaults = further > 0 ? string.Create(CultureInfo.InvariantCulture, $"and {further:N0} more") : null,
        };
        return _rows?.Describe(report) ?? report;
    }
}
