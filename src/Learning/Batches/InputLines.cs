namespace Tollgate.Learning.Batches;

/// <summary>Where a line lies in the input file.</summary>
/// <param name="Line">Its number, from 1.</param>
/// <param name="At">Its first byte.</param>
/// <param name="Bytes">Without the line feed.</param>
internal readonly record struct InputLine(int Line, long At, int Bytes);

/// <summary>
/// Finds the lines of a file in bytes that come in pieces; blank lines are none. For files that a dataset reader accepts.
/// </summary>
internal sealed class InputLines
{
    private const int MarkBytes = 3;
    private readonly List<InputLine> _lines = [];
    private long _at;
    private long _start;
    private int _line = 1;
    private bool _isBlank = true;

    public IReadOnlyList<InputLine> Lines => _lines;

    /// <summary>Reads on.</summary>
    public void Feed(ReadOnlySpan<byte> piece)
    {
        foreach (var unit in piece)
        {
            if (unit == (byte)'\n')
            {
                End();
                (_start, _line, _isBlank) = (_at + 1, _line + 1, true);
            }
            else
            {
                _isBlank = _isBlank && (unit is (byte)' ' or (byte)'\t' or (byte)'\r' || (_at < MarkBytes && unit is 0xEF or 0xBB or 0xBF));
            }

            _at++;
        }
    }

    /// <summary>Ends the file: its last line may have no line feed.</summary>
    public void Complete()
    {
        if (_at > _start)
        {
            End();
        }
    }

    private void End()
    {
        if (!_isBlank)
        {
            _lines.Add(new InputLine(_line, _start, (int)(_at - _start)));
        }
    }
}
