using System.Text;
using System.Text.Json;

namespace Tollgate.Inference.Tools;

/// <summary>Reads one call from the JSON that a model writes, character by character.</summary>
/// <param name="name">Null where the object itself names the function; else the object is the arguments.</param>
internal sealed class CallObject(string? name)
{
    private const string NoArguments = "{}";

    private readonly JsonScan _json = new();
    private readonly StringBuilder _written = new();
    private readonly bool _isArguments = name is not null;
    private int _valueStart;
    private (int Start, int End)? _arguments;
    private string? _unescaped;
    private int _values;
    private bool _beginsWithName;

    public JsonState State { get; private set; }

    /// <summary>The function; null until its name is whole.</summary>
    public string? Name { get; private set; } = name;

    /// <summary>The arguments so far: the beginning of a JSON object; empty until they begin.</summary>
    public string Arguments => _unescaped
        ?? (_isArguments ? _written.ToString()
            : _arguments is not { } found ? State == JsonState.Whole ? NoArguments : ""
            : _written.ToString(found.Start, (found.End < 0 ? _written.Length : found.End) - found.Start));

    /// <summary>Whether it can be nothing but a call: the name is its first member, as it stands, and the key of the arguments and its
    /// colon follow.</summary>
    public bool IsCertain { get; private set; } = name is not null;

    /// <summary>Whether it is not certain yet and may become so.</summary>
    public bool MayBecomeCertain => State == JsonState.Open && !IsCertain
        && (_values == 0 ? _json.Key is "" or "name" : _values == 1 && _beginsWithName && (_json.Key == "name" || IsArguments));

    public JsonState Push(char next)
    {
        _written.Append(next);
        State = _json.Push(next);
        if (_isArguments || State == JsonState.Broken)
        {
            return State;
        }

        if (_json.EndedValue && !EndValue(_json.IsWord ? _written.Length - 1 : _written.Length))
        {
            State = JsonState.Broken;
        }

        IsCertain |= _values == 1 && _beginsWithName && IsArguments && _json.AwaitsValue;
        if (_json.BeganValue)
        {
            _valueStart = _written.Length - 1;
            _arguments = next == '{' && IsArguments ? (_valueStart, -1) : _arguments;
        }

        if (State == JsonState.Whole && Name is null)
        {
            State = JsonState.Broken;
        }

        return State;
    }

    private bool IsArguments => CallSyntax.ArgumentsKeys.Contains(_json.Key);

    /// <summary>Keeps the value of the last key. False where it is not what the key needs.</summary>
    private bool EndValue(int end)
    {
        var value = _written.ToString(_valueStart, end - _valueStart);
        _values++;
        if (_json.Key == "name")
        {
            Name = Unescape(value);
            _beginsWithName |= _values == 1 && !value.Contains('\\', StringComparison.Ordinal);
            return Name is not null;
        }

        if (!IsArguments)
        {
            return true;
        }

        if (value[0] == '{')
        {
            _arguments = (_valueStart, end);
            return true;
        }

        // Some models write no object where there is nothing to give, and some the text of one.
        _unescaped = value == "null" ? NoArguments : Unescape(value) is { } text && IsObject(text) ? text : null;
        return _unescaped is not null;
    }

    private static string? Unescape(string value)
    {
        try
        {
            return value[0] == '"' ? JsonElement.Parse(value).GetString() : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null; // Half of a surrogate pair.
        }
    }

    private static bool IsObject(string text)
    {
        var scan = new JsonScan();
        foreach (var next in text)
        {
            if (scan.Push(next) == JsonState.Broken)
            {
                return false;
            }
        }

        return scan.State == JsonState.Whole && scan.Length == text.Length;
    }
}
