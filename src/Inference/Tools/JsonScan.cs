using System.Text;

namespace Tollgate.Inference.Tools;

/// <summary>Where a JSON text stands that is read character by character.</summary>
internal enum JsonState
{
    /// <summary>More is to come.</summary>
    Open = 0,

    /// <summary>The object is whole.</summary>
    Whole = 1,

    /// <summary>It is no JSON object, and cannot become one.</summary>
    Broken = 2,
}

/// <summary>Checks a JSON object while it is written. Says of its own members where their values lie. One reader.</summary>
internal sealed class JsonScan
{
    /// <summary>Deepest nesting, as .NET and most clients read it.</summary>
    private const int MostDepth = 64;

    private readonly Stack<bool> _objects = new();
    private readonly StringBuilder _word = new();
    private Expected _expected = Expected.Start;
    private bool _inText;
    private bool _isEscaped;
    private int _hexLeft;
    private bool _isKey;

    private enum Expected
    {
        Start,
        Value,
        ValueOrEnd,
        Key,
        KeyOrEnd,
        Colon,
        CommaOrEnd,
        Word,
    }

    public JsonState State { get; private set; }

    /// <summary>Characters read.</summary>
    public int Length { get; private set; }

    /// <summary>The last key of the object itself, as it is written between its quotes.</summary>
    public string Key { get; private set; } = "";

    /// <summary>Whether the value of <see cref="Key"/> comes next: its colon was read.</summary>
    public bool AwaitsValue => _objects.Count == 1 && _expected == Expected.Value && !_inText;

    /// <summary>Whether the character that was read last began the value of <see cref="Key"/>.</summary>
    public bool BeganValue { get; private set; }

    /// <summary>Whether the value of <see cref="Key"/> ended before the character that was read last (<see cref="IsWord"/>), or with
    /// it.</summary>
    public bool EndedValue { get; private set; }

    /// <summary>Whether the value that has ended is a number, <c>true</c>, <c>false</c> or <c>null</c>: only the next character ends
    /// it.</summary>
    public bool IsWord { get; private set; }

    public JsonState Push(char next)
    {
        (BeganValue, EndedValue, IsWord) = (false, false, false);
        if (State == JsonState.Open)
        {
            Length++;
            if (!(_inText ? PushText(next) : _expected == Expected.Word ? PushWord(next) : PushMark(next)))
            {
                State = JsonState.Broken;
            }
        }

        return State;
    }

    private bool PushText(char next)
    {
        if (_isKey && _objects.Count == 1 && (next != '"' || _isEscaped || _hexLeft > 0))
        {
            _word.Append(next);
        }

        if (_hexLeft > 0)
        {
            _hexLeft--;
            return char.IsAsciiHexDigit(next);
        }

        if (_isEscaped)
        {
            _isEscaped = false;
            _hexLeft = next == 'u' ? 4 : 0;
            return next is '"' or '\\' or '/' or 'b' or 'f' or 'n' or 'r' or 't' or 'u';
        }

        if (next == '"')
        {
            _inText = false;
            if (_isKey)
            {
                Key = _objects.Count == 1 ? _word.ToString() : Key;
                _expected = Expected.Colon;
            }
            else
            {
                EndValue();
            }

            return true;
        }

        _isEscaped = next == '\\';
        return next >= ' ';
    }

    private bool PushWord(char next)
    {
        if (char.IsAsciiLetterOrDigit(next) || next is '-' or '+' or '.')
        {
            _word.Append(next);
            return _word.Length <= 400;
        }

        IsWord = _objects.Count == 1;
        EndValue();
        return IsValue(_word.ToString()) && PushMark(next);
    }

    private bool PushMark(char next)
    {
        if (next is ' ' or '\n' or '\r' or '\t')
        {
            return true;
        }

        switch (_expected)
        {
            case Expected.Start:
                return next == '{' && Open(next);
            case Expected.Key or Expected.KeyOrEnd when next == '"':
                (_inText, _isKey) = (true, true);
                _word.Clear();
                return true;
            case Expected.KeyOrEnd when next == '}':
                return Close(next);
            case Expected.Colon:
                _expected = Expected.Value;
                return next == ':';
            case Expected.ValueOrEnd when next == ']':
                return Close(next);
            case Expected.Value or Expected.ValueOrEnd:
                return BeginValue(next);
            case Expected.CommaOrEnd when next == ',':
                _expected = _objects.Peek() ? Expected.Key : Expected.Value;
                return true;
            case Expected.CommaOrEnd:
                return Close(next);
            default:
                return false;
        }
    }

    private bool BeginValue(char next)
    {
        BeganValue = _objects.Count == 1;
        if (next is '{' or '[')
        {
            return Open(next);
        }

        if (next == '"')
        {
            (_inText, _isKey) = (true, false);
            return true;
        }

        _word.Clear().Append(next);
        _expected = Expected.Word;
        return char.IsAsciiDigit(next) || next is '-' or 't' or 'f' or 'n';
    }

    private bool Open(char next)
    {
        _objects.Push(next == '{');
        _expected = next == '{' ? Expected.KeyOrEnd : Expected.ValueOrEnd;
        return _objects.Count <= MostDepth;
    }

    private bool Close(char next)
    {
        if (next != (_objects.Peek() ? '}' : ']'))
        {
            return false;
        }

        _objects.Pop();
        if (_objects.Count == 0)
        {
            State = JsonState.Whole;
        }
        else
        {
            EndValue();
        }

        return true;
    }

    private void EndValue()
    {
        EndedValue = _objects.Count == 1;
        _expected = Expected.CommaOrEnd;
    }

    /// <summary>Whether a word is a number by JSON's grammar, or one of its three names.</summary>
    private static bool IsValue(string word)
    {
        if (word is "true" or "false" or "null")
        {
            return true;
        }

        var at = word[0] == '-' ? 1 : 0;
        var whole = Digits(word, ref at);
        if (whole == 0 || (whole > 1 && word[at - whole] == '0'))
        {
            return false;
        }

        if (at < word.Length && word[at] == '.')
        {
            at++;
            if (Digits(word, ref at) == 0)
            {
                return false;
            }
        }

        if (at < word.Length && word[at] is 'e' or 'E')
        {
            at += at + 1 < word.Length && word[at + 1] is '+' or '-' ? 2 : 1;
            if (Digits(word, ref at) == 0)
            {
                return false;
            }
        }

        return at == word.Length;
    }

    private static int Digits(string word, ref int at)
    {
        var from = at;
        while (at < word.Length && char.IsAsciiDigit(word[at]))
        {
            at++;
        }

        return at - from;
    }
}
