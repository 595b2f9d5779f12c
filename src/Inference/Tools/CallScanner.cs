using System.Text;

namespace Tollgate.Inference.Tools;

/// <summary>What the scanner read: text of the answer, or what came of a call.</summary>
/// <param name="Text">Empty beside a call.</param>
/// <param name="Start">UTF-8 bytes of the answer before a text; before where a call's piece ends.</param>
/// <param name="End">UTF-8 bytes of the answer up to the end of a text.</param>
/// <param name="Call">Null for text.</param>
internal readonly record struct ScannedPart(string Text, long Start, long End, ScannedCall? Call);

/// <summary>A piece of a call.</summary>
/// <param name="Arguments">More of the JSON text.</param>
internal sealed record ScannedCall(int Index, string Name, bool IsFirst, string Arguments, bool IsLast);

/// <summary>
/// Finds calls of functions in an answer while it is written. What is no whole call of a known function stays text, exactly as the model
/// wrote it; white space before and after a call is dropped. One answer.
/// </summary>
/// <remarks>
/// Text is held back while it may be the beginning of a call. With <paramref name="isConstrained"/> a call's pieces go out as they come
/// from where it is certain to be one; otherwise a call goes out once it is whole, since what turns out to be broken must be text.
/// </remarks>
/// <param name="functions">Names that may be called.</param>
/// <param name="parallel">Whether calls after the first one count; else all that follows it is dropped.</param>
/// <param name="isConstrained">Whether the answer is held to whole calls of these functions from where one is certain, so that none can
/// turn out to be broken.</param>
/// <param name="isThinking">Whether the answer begins inside the model's thinking, where nothing is a call.</param>
/// <param name="unread">Is called with <c>unknown</c> or <c>broken</c> for what looked like a call, and with <c>cut</c> for one that stays
/// unfinished.</param>
internal sealed class CallScanner(
    CallSyntax syntax, IReadOnlySet<string> functions, bool parallel, bool isConstrained, bool isThinking, Action<string> unread)
{
    private const string ThinkMark = "<think>";
    private const string ThinkEnd = "</think>";
    private const int LongestName = 64;

    private readonly StringBuilder _pending = new();
    private readonly StringBuilder _text = new();
    private List<ScannedPart> _parts = [];
    private string _input = "";
    private int _at;
    private Place _place = Place.Text;
    private bool _thinks = isThinking;
    private bool _mayBegin = true;
    private bool _afterCall;
    private bool _isDone;
    private bool _inList;
    private CallObject? _call;
    private int _published = -1;
    private long _consumed;
    private long _textStart;

    private enum Place
    {
        /// <summary>Outside of calls.</summary>
        Text,

        /// <summary>After a mark, before the object, list or name.</summary>
        Opened,

        /// <summary>In the name of a call without an object for it.</summary>
        Name,

        /// <summary>In an object.</summary>
        Object,

        /// <summary>In a list, after an object.</summary>
        ListItem,

        /// <summary>In a list, after a comma.</summary>
        ListComma,
    }

    /// <summary>Whole calls so far.</summary>
    public int Whole { get; private set; }

    /// <summary>Whether text is held back.</summary>
    public bool Holds => _pending.Length > 0;

    /// <summary>Whether the one call that is wanted is whole: nothing behind it counts.</summary>
    public bool IsDone => _isDone;

    /// <summary>Whether a call may begin with the next character: not inside thinking.</summary>
    public bool MayCall => !_thinks && (syntax.IsMarked || _mayBegin);

    /// <summary>Whether the text is in what can be nothing but a call: behind its mark, or in an object that
    /// <see cref="CallObject.IsCertain"/>.</summary>
    public bool IsCalling => syntax.IsMarked ? _place != Place.Text : _place == Place.Object && _call!.IsCertain;

    /// <summary>The end of the text so far that is the beginning of a call, or may become it: from the mark on, or from the object's
    /// brace. Empty where there is none.</summary>
    public string Beginning()
    {
        if (_pending.Length == 0)
        {
            return "";
        }

        var pending = _pending.ToString();
        if (!syntax.IsMarked)
        {
            return _place == Place.Object && (_call!.IsCertain || _call.MayBecomeCertain)
                ? pending[pending.IndexOf('{', StringComparison.Ordinal)..] : "";
        }

        if (_place != Place.Text)
        {
            return pending[Blanks()..];
        }

        for (var length = _thinks ? 0 : Math.Min(syntax.Open.Length - 1, pending.Length); length > 0; length--)
        {
            if (pending.AsSpan(pending.Length - length).SequenceEqual(syntax.Open.AsSpan(0, length)))
            {
                return pending[^length..];
            }
        }

        return "";
    }

    /// <summary>Reads more of the answer.</summary>
    public IReadOnlyList<ScannedPart> Read(string text)
    {
        _parts = [];
        (_input, _at) = (text, 0);
        Run();
        if (isConstrained && _place == Place.Object && IsCalling)
        {
            Publish(isLast: false);
        }

        Flush();
        return _parts;
    }

    /// <summary>Reads the end of the answer.</summary>
    /// <param name="isCut">Whether the answer was ended for the model: a call whose name is whole then stays an unfinished call.</param>
    public IReadOnlyList<ScannedPart> End(bool isCut)
    {
        _parts = [];
        (_input, _at) = ("", 0);
        if (_place == Place.Object && (_published >= 0 || (isCut && _call!.Name is { } name && functions.Contains(name))))
        {
            Publish(isLast: false);
            Consume(_pending.Length);
            unread(isCut ? "cut" : "broken");
        }

        while (_pending.Length > 0)
        {
            if (_place is Place.Opened or Place.Name or Place.Object)
            {
                Break("broken");
                Run();
            }
            else
            {
                Emit(_pending.Length);
            }
        }

        Flush();
        return _parts;
    }

    private void Run()
    {
        while (_at < _input.Length)
        {
            var next = _input[_at++];
            _pending.Append(next);
            if (_isDone)
            {
                Consume(_pending.Length);
                continue;
            }

            switch (_place)
            {
                case Place.Text:
                    Look();
                    break;
                case Place.Opened:
                    Open(next);
                    break;
                case Place.Name:
                    ReadName();
                    break;
                case Place.Object:
                    Push(next);
                    break;
                default:
                    GoOn(next);
                    break;
            }
        }
    }

    /// <summary>Looks for a mark at the front of what is pending, and lets go what cannot begin one.</summary>
    private void Look()
    {
        while (true)
        {
            var blanks = Blanks();
            if (blanks == _pending.Length)
            {
                return;
            }

            if (!_thinks && !syntax.IsMarked && _mayBegin && _pending[blanks] == '{')
            {
                _place = Place.Opened;
                Open('{');
                return;
            }

            var tail = _pending.ToString(blanks, _pending.Length - blanks);
            var mark = Marks().FirstOrDefault(mark => mark.StartsWith(tail, StringComparison.Ordinal));
            if (mark is not null)
            {
                if (mark.Length == tail.Length)
                {
                    Take(mark);
                }

                return;
            }

            if (_afterCall && !syntax.IsMarked && tail[0] is ';' or ',')
            {
                Consume(blanks + 1);
            }
            else
            {
                Emit(blanks + 1);
            }
        }
    }

    private List<string> Marks()
    {
        if (_thinks)
        {
            return [ThinkEnd];
        }

        List<string> marks = [syntax.IsMarked ? syntax.Open : CallSyntax.PythonTag];
        if (_mayBegin && Whole == 0)
        {
            marks.Add(ThinkMark); // Models think before their calls, not between them.
        }

        if (_afterCall && syntax.Close.Length > 0)
        {
            marks.Add(syntax.Close);
        }

        return marks;
    }

    private void Take(string mark)
    {
        if (mark is ThinkMark or ThinkEnd)
        {
            Emit(_pending.Length);
            _thinks = mark == ThinkMark;
            _mayBegin = !_thinks;
        }
        else if (mark == syntax.Close)
        {
            Consume(_pending.Length);
        }
        else
        {
            _place = Place.Opened;
        }
    }

    /// <summary>Reads what follows a mark.</summary>
    private void Open(char next)
    {
        if (char.IsWhiteSpace(next))
        {
            return;
        }

        if (syntax.Shape == CallShape.Named)
        {
            _place = Place.Name;
            ReadName();
        }
        else if (next == '{')
        {
            Begin(null);
        }
        else if (next == '[' && syntax.Shape == CallShape.List)
        {
            _place = Place.ListComma;
        }
        else
        {
            Break("broken");
        }
    }

    private void Begin(string? name)
    {
        (_place, _call, _published) = (Place.Object, new CallObject(name), -1);
        Push('{');
    }

    private void ReadName()
    {
        var text = _pending.ToString().TrimStart()[syntax.Open.Length..].TrimStart();
        var end = text.IndexOf('[', StringComparison.Ordinal);
        var name = (end < 0 ? text : text[..end]).TrimEnd();
        var marks = end < 0 ? "" : text[end..];
        var arguments = marks.IndexOf(CallSyntax.ArgumentsMark, StringComparison.Ordinal);
        if (name.Length > LongestName || name.Any(char.IsWhiteSpace) || marks.Length > 4 * LongestName
            || (marks.Length > 0 && !MayBe(marks, CallSyntax.ArgumentsMark) && !MayBe(marks, CallSyntax.IdMark)))
        {
            Break("broken");
        }
        else if (arguments >= 0 && marks[(arguments + CallSyntax.ArgumentsMark.Length)..].Trim() is { Length: > 0 } rest)
        {
            if (rest != "{" || !functions.Contains(name))
            {
                Break(rest == "{" ? "unknown" : "broken");
            }
            else
            {
                Begin(name);
            }
        }

        static bool MayBe(string text, string mark) =>
            text.Length < mark.Length ? mark.StartsWith(text, StringComparison.Ordinal) : text.StartsWith(mark, StringComparison.Ordinal);
    }

    private void Push(char next)
    {
        switch (_call!.Push(next))
        {
            case JsonState.Broken:
                Break("broken");
                break;
            case JsonState.Open when _call.Name is { } name && !functions.Contains(name):
            case JsonState.Whole when !functions.Contains(_call.Name!):
                Break("unknown");
                break;
            case JsonState.Whole:
                Publish(isLast: true);
                Consume(_pending.Length);
                Whole++;
                (_afterCall, _mayBegin, _isDone) = (true, true, !parallel);
                _place = syntax.Shape == CallShape.List && _inList ? Place.ListItem : Place.Text;
                break;
        }
    }

    /// <summary>Reads on in a list.</summary>
    private void GoOn(char next)
    {
        if (char.IsWhiteSpace(next))
        {
            return;
        }

        if (next == '{' && _place == Place.ListComma)
        {
            _inList = true;
            Begin(null);
        }
        else if (next == ',' && _place == Place.ListItem)
        {
            Consume(_pending.Length);
            _place = Place.ListComma;
        }
        else if (next == ']' && _inList)
        {
            Consume(_pending.Length);
            (_place, _inList) = (Place.Text, false);
        }
        else
        {
            Break("broken");
        }
    }

    /// <summary>What looked like a call is text. Its mark goes out; what follows is read again, since a call may lie in it.</summary>
    private void Break(string why)
    {
        unread(why);
        if (_published >= 0)
        {
            // Only where an answer leaves what it is held to: what went out cannot be taken back.
            Consume(_pending.Length);
        }

        (_place, _call, _inList, _mayBegin, _published) = (Place.Text, null, false, false, -1);
        if (_pending.Length == 0)
        {
            return;
        }

        var blanks = Blanks();
        var mark = syntax.IsMarked ? syntax.Open : CallSyntax.PythonTag;
        var all = _pending.ToString();
        var front = all.AsSpan(blanks).StartsWith(mark, StringComparison.Ordinal) ? blanks + mark.Length
            : Math.Min(blanks + 1, all.Length);
        Emit(front);
        _input = all[front..] + _input[_at..];
        _at = 0;
        _pending.Clear();
    }

    private void Publish(bool isLast)
    {
        if (_call!.Name is not { } name || !functions.Contains(name))
        {
            return;
        }

        Flush();
        var arguments = _call.Arguments;
        var more = arguments[Math.Max(_published, 0)..];
        if (_published < 0 || more.Length > 0 || isLast)
        {
            _parts.Add(new ScannedPart("", _consumed, _consumed, new ScannedCall(Whole, name, _published < 0, more, isLast)));
        }

        _published = arguments.Length;
    }

    private int Blanks()
    {
        var count = 0;
        while (count < _pending.Length && char.IsWhiteSpace(_pending[count]))
        {
            count++;
        }

        return count;
    }

    /// <summary>The first <paramref name="length"/> characters of what is pending are text. White space after a call is not.</summary>
    private void Emit(int length)
    {
        var from = _afterCall ? Math.Min(Blanks(), length) : 0;
        _textStart = _text.Length == 0 ? _consumed : _textStart;
        _text.Append(_pending.ToString(from, length - from));
        if (length > Blanks())
        {
            (_afterCall, _mayBegin) = (false, false);
        }

        Drop(length);
    }

    private void Consume(int length)
    {
        Flush();
        Drop(length);
    }

    private void Drop(int length)
    {
        for (var i = 0; i < length; i++)
        {
            var character = _pending[i];
            _consumed += character < 0x80 ? 1 : character < 0x800 || char.IsSurrogate(character) ? 2 : 3;
        }

        _pending.Remove(0, length);
    }

    private void Flush()
    {
        if (_text.Length > 0)
        {
            _parts.Add(new ScannedPart(_text.ToString(), _textStart, _consumed, Call: null));
            _text.Clear();
        }
    }
}
