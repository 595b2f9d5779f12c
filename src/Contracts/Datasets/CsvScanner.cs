using System.Diagnostics;

namespace Tollgate.Contracts.Datasets;

/// <summary>A field within the bytes of its row.</summary>
/// <param name="Start">First byte of the content, after an opening quote.</param>
/// <param name="End">Byte after the content.</param>
/// <param name="HasDoubledQuotes">Whether two quotes in the content stand for one.</param>
internal readonly record struct CsvField(int Start, int End, bool HasDoubledQuotes);

/// <summary>What breaks the rules of RFC 4180 in a row.</summary>
internal enum CsvSlip
{
    None = 0,

    /// <summary>A quote in a field that does not begin with one.</summary>
    StrayQuote,

    /// <summary>Something other than a separator after the closing quote.</summary>
    TextAfterQuote,

    /// <summary>The closing quote is missing. The place is that of the opening one.</summary>
    OpenQuote,

    /// <summary>A carriage return outside quotes without a line feed after it.</summary>
    LoneCarriageReturn,
}

/// <summary>
/// Finds rows and fields of RFC 4180 in one pass over bytes that come in pieces: quotes, doubled quotes, line feeds in quotes, CRLF and LF.
/// After a slip it goes on as if the field had no quotes, so that one fault hides no other row.
/// </summary>
/// <param name="separator">Between two fields.</param>
/// <param name="mostFields">Fields of a row that are kept; the others are counted.</param>
internal sealed class CsvScanner(byte separator, int mostFields) : IRecordEnds
{
    private readonly List<CsvField> _fields = [];
    private State _state = State.RowEnd;
    private long _position;
    private long _start;
    private long _mark;
    private bool _quoted;
    private bool _doubled;

    private enum State
    {
        RowEnd,
        FieldStart,
        Plain,
        Quoted,
        QuoteInQuoted,
        CarriageReturn,
    }

    /// <summary>Fields of the last row, the first ones if they are many.</summary>
    public IReadOnlyList<CsvField> Fields => _fields;

    /// <summary>Fields of the last row, all of them.</summary>
    public int FieldCount { get; private set; }

    /// <summary>The first slip in the row.</summary>
    public CsvSlip Slip { get; private set; }

    /// <summary>Position of <see cref="Slip"/> in the row.</summary>
    public int SlipAt { get; private set; }

    /// <summary>Position of the quote within whose field the scanner stands; null outside quotes.</summary>
    public int? OpenQuoteAt => _state == State.Quoted ? (int)_start : null;

    public int Find(ReadOnlySpan<byte> bytes)
    {
        if (_state == State.RowEnd && !bytes.IsEmpty)
        {
            Begin();
        }

        for (var at = 0; at < bytes.Length;)
        {
            at += Step(bytes[at..]);
            if (_state == State.RowEnd)
            {
                return at;
            }
        }

        return 0;
    }

    /// <summary>Ends the last row, which no line feed ends.</summary>
    public void Finish()
    {
        if (_state == State.Quoted)
        {
            Note(CsvSlip.OpenQuote, _start);
        }
        else if (_state == State.CarriageReturn)
        {
            Note(CsvSlip.LoneCarriageReturn, _mark);
        }

        EndField(_state == State.CarriageReturn ? _mark : _position, State.RowEnd);
    }

    private void Begin()
    {
        _fields.Clear();
        (_position, FieldCount, Slip) = (0, 0, CsvSlip.None);
        BeginField();
    }

    /// <returns>Bytes that were read, 0 where only the state changes.</returns>
    private int Step(ReadOnlySpan<byte> bytes) => _state switch
    {
        State.FieldStart => Open(bytes[0]),
        State.Plain => Plain(bytes),
        State.Quoted => Quoted(bytes),
        State.QuoteInQuoted => AfterQuote(bytes[0]),
        State.CarriageReturn => AfterCarriageReturn(bytes[0]),
        _ => throw new UnreachableException(),
    };

    private int Open(byte first)
    {
        _quoted = first == (byte)'"';
        return Go(_quoted ? 1 : 0, _quoted ? State.Quoted : State.Plain);
    }

    private int Plain(ReadOnlySpan<byte> bytes)
    {
        var length = bytes.IndexOfAny([separator, (byte)'\n', (byte)'\r', (byte)'"']);
        if (length < 0)
        {
            return Go(bytes.Length, State.Plain);
        }

        var at = _position + length;
        switch (bytes[length])
        {
            case (byte)'"':
                Note(CsvSlip.StrayQuote, at);
                return Go(length + 1, State.Plain);
            case (byte)'\r':
                _mark = at;
                return Go(length + 1, State.CarriageReturn);
            case (byte)'\n':
                EndField(at, State.RowEnd);
                break;
            default:
                EndField(at, State.FieldStart);
                break;
        }

        return Skip(length + 1);
    }

    private int Quoted(ReadOnlySpan<byte> bytes)
    {
        var length = bytes.IndexOf((byte)'"');
        if (length < 0)
        {
            return Go(bytes.Length, State.Quoted);
        }

        _mark = _position + length;
        return Go(length + 1, State.QuoteInQuoted);
    }

    private int AfterQuote(byte next)
    {
        switch (next)
        {
            case (byte)'"':
                _doubled = true;
                return Go(1, State.Quoted);
            case (byte)'\r' or (byte)'\n':
                return Go(0, State.Plain);
            default:
                if (next != separator)
                {
                    Note(CsvSlip.TextAfterQuote, _position);
                    _quoted = false;
                }

                return Go(0, State.Plain);
        }
    }

    private int AfterCarriageReturn(byte next)
    {
        if (next == (byte)'\n')
        {
            EndField(_mark, State.RowEnd);
            return Skip(1);
        }

        Note(CsvSlip.LoneCarriageReturn, _mark);
        return Go(0, State.Plain);
    }

    /// <summary>Ends the field before the byte at <paramref name="end"/>.</summary>
    private void EndField(long end, State next)
    {
        if (++FieldCount <= mostFields && end <= int.MaxValue)
        {
            // The closing quote is the byte before the end; an open quote has none.
            var quotes = _quoted ? 1 : 0;
            var last = _quoted && _state != State.Quoted ? end - 1 : end;
            _fields.Add(new CsvField((int)_start + quotes, (int)Math.Max(last, _start + quotes), _doubled));
        }

        _state = next;
        if (next == State.FieldStart)
        {
            (_start, _quoted, _doubled) = (end + 1, false, false);
        }
    }

    private void BeginField() => (_start, _quoted, _doubled, _state) = (_position, false, false, State.FieldStart);

    private int Go(int length, State next)
    {
        _state = next;
        return Skip(length);
    }

    private int Skip(int length)
    {
        _position += length;
        return length;
    }

    private void Note(CsvSlip slip, long at)
    {
        if (Slip == CsvSlip.None && at <= int.MaxValue)
        {
            (Slip, SlipAt) = (slip, (int)at);
        }
    }
}
