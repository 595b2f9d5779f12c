using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Tollgate.Contracts.OpenAi;

/// <summary>
/// Reads a request's JSON in one pass and tracks the path, so that an error can name the member. A method that returns false has either
/// reached an end or set <see cref="Error"/>; after an error nothing more may be read. Malformed JSON throws <see cref="JsonException"/>.
/// </summary>
internal ref struct RequestReader
{
    public const int MaxDepth = 64;
    private const int Unnamed = -2;
    private readonly ReadOnlySpan<byte> _body;
    private readonly int _firstInvalidByte;
    private Utf8JsonReader _json;
    private Path _path;
    private int _level = -1;

    public RequestReader(ReadOnlySpan<byte> body)
    {
        _body = body;
        _json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });
        _firstInvalidByte = Utf8.IsValid(body) ? int.MaxValue : JsonFaults.FirstInvalidByte(body);
    }

    public OpenAiError? Error { get; private set; }

    public readonly JsonTokenType Kind => _json.TokenType;

    public readonly bool IsNull => _json.TokenType == JsonTokenType.Null;

    /// <summary>Position after the last token.</summary>
    public readonly int Position => (int)_json.BytesConsumed;

    /// <summary>Position of the current string, number or literal in the body, including quotes.</summary>
    public readonly ByteRange Range => new((int)_json.TokenStartIndex, (int)(_json.BytesConsumed - _json.TokenStartIndex));

    /// <summary>After a <see cref="JsonException"/>: whether the nesting was too deep.</summary>
    public readonly bool IsTooDeep => JsonFaults.IsTooDeep(_json, _body, MaxDepth);

    /// <summary>Reads the opening brace of the body.</summary>
    public bool Begin()
    {
        if (!Advance())
        {
            return false;
        }

        return Kind == JsonTokenType.StartObject ? Enter() : Fail(OpenAiError.BodyNotObject());
    }

    /// <summary>Returns whether nothing follows the object.</summary>
    public bool End() => !_json.Read();

    /// <summary>Enters the object or array that starts here.</summary>
    public bool Enter()
    {
        _level++;
        _path[_level] = new Segment(null, Unnamed);
        return true;
    }

    public bool EnterObject() => Kind == JsonTokenType.StartObject ? Enter() : FailType("an object");

    public bool EnterArray() => Kind == JsonTokenType.StartArray ? Enter() : FailType("an array");

    /// <summary>
    /// Reads the next member's name and the first token of its value. Returns false on an error, and at the end of the object, which it
    /// then leaves.
    /// </summary>
    public bool NextMember(MemberNames members, ref UInt128 seen, out string name)
    {
        name = "";
        _path[_level] = new Segment(null, Unnamed);
        if (!Advance() || Kind == JsonTokenType.EndObject)
        {
            _level -= Error is null ? 1 : 0;
            return false;
        }

        var index = _json.ValueIsEscaped ? members.Find(Encoding.UTF8.GetBytes(_json.GetString()!)) : members.Find(_json.ValueSpan);
        if (index < 0)
        {
            _path[_level] = new Segment(OpenAiError.Shorten(_json.GetString()!), Unnamed);
            return Fail(OpenAiError.UnknownParameter(PathText()));
        }

        name = members[index];
        _path[_level] = new Segment(name, Unnamed);
        if ((seen & (UInt128.One << index)) != 0)
        {
            return Fail(OpenAiError.DuplicateParameter(PathText()));
        }

        seen |= UInt128.One << index;
        return Advance();
    }

    /// <summary>Reads the next member of an object with arbitrary names.</summary>
    public bool NextPair(out string key)
    {
        key = "";
        _path[_level] = new Segment(null, Unnamed);
        if (!Advance() || Kind == JsonTokenType.EndObject)
        {
            _level -= Error is null ? 1 : 0;
            return false;
        }

        key = _json.GetString()!;
        _path[_level] = new Segment(OpenAiError.Shorten(key), Unnamed);
        return Advance();
    }

    /// <summary>
    /// Reads the first token of the next element. Returns false on an error, and at the end of the array, which it then leaves.
    /// </summary>
    public bool NextElement()
    {
        var index = Math.Max(_path[_level].Index, -1) + 1;
        _path[_level] = new Segment(null, index);
        if (!Advance() || Kind == JsonTokenType.EndArray)
        {
            _level -= Error is null ? 1 : 0;
            return false;
        }

        return true;
    }

    public bool ReadBoolean(out bool value)
    {
        value = Kind == JsonTokenType.True;
        return value || Kind == JsonTokenType.False || FailType("a boolean");
    }

    public bool ReadString(out string value) => ReadString(out value, out _);

    /// <summary>Reads a string and its length in UTF-8 bytes after unescaping.</summary>
    public bool ReadString(out string value, out int utf8Bytes)
    {
        value = "";
        utf8Bytes = 0;
        if (Kind != JsonTokenType.String)
        {
            return FailType("a string");
        }

        value = _json.GetString()!;
        utf8Bytes = _json.ValueIsEscaped ? Encoding.UTF8.GetByteCount(value) : _json.ValueSpan.Length;
        return true;
    }

    /// <summary>Reads a string's UTF-8 bytes after unescaping. They lie in the body itself unless the string has escapes.</summary>
    public bool ReadUtf8(out ReadOnlySpan<byte> utf8)
    {
        utf8 = default;
        if (Kind != JsonTokenType.String)
        {
            return FailType("a string");
        }

        if (!_json.ValueIsEscaped)
        {
            utf8 = _json.ValueSpan;
            return true;
        }

        var unescaped = new byte[_json.ValueSpan.Length];
        utf8 = unescaped.AsSpan(0, _json.CopyString(unescaped));
        return true;
    }

    /// <summary>Reads a whole number. Refuses a fraction or an exponent, even <c>5.0</c>, as OpenAI does.</summary>
    public bool ReadInteger(long min, long max, out long value)
    {
        value = 0;
        if (Kind != JsonTokenType.Number || _json.ValueSpan.IndexOfAny(".eE"u8) >= 0)
        {
            return FailType("an integer");
        }

        return (_json.TryGetInt64(out value) && value >= min && value <= max)
            || FailValue(min == long.MinValue ? "a 64-bit integer" : $"an integer between {min} and {max}");
    }

    public bool ReadNumber(double min, double max, out double value)
    {
        value = 0;
        if (Kind != JsonTokenType.Number)
        {
            return FailType("a number");
        }

        return (_json.TryGetDouble(out value) && value >= min && value <= max) || FailValue($"a number between {min} and {max}");
    }

    /// <summary>Returns whether the current string equals <paramref name="text"/>.</summary>
    public readonly bool Is(ReadOnlySpan<byte> text) => Kind == JsonTokenType.String && _json.ValueTextEquals(text);

    /// <summary>Skips the current value, but still checks its strings and the uniqueness of its names.</summary>
    public bool Skip()
    {
        if (Kind is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
        {
            return true;
        }

        var outer = _json.CurrentDepth;
        var names = new HashSet<(int Object, string Name)>();
        var objects = new Stack<int>();
        var count = 0;
        objects.Push(count);
        while (Advance() && _json.CurrentDepth > outer)
        {
            switch (Kind)
            {
                case JsonTokenType.StartObject:
                    objects.Push(++count);
                    break;
                case JsonTokenType.EndObject:
                    objects.Pop();
                    break;
                case JsonTokenType.PropertyName when !names.Add((objects.Peek(), _json.GetString()!)):
                    return Fail(OpenAiError.DuplicateParameter($"{PathText()}.{OpenAiError.Shorten(_json.GetString()!)}"));
                default:
                    break;
            }
        }

        return Error is null;
    }

    /// <summary>Reads the current value whole, whatever it is, with the checks of <see cref="Skip"/>.</summary>
    /// <param name="value">A copy, which outlives the body.</param>
    public bool ReadJson(out JsonElement value)
    {
        var start = (int)_json.TokenStartIndex;
        value = default;
        if (!Skip())
        {
            return false;
        }

        value = JsonElement.Parse(_body[start..Position]);
        return true;
    }

    /// <summary>The value that was read member by member since a position, where it starts. A copy, which outlives the body.</summary>
    public readonly JsonElement ValueSince(int start) => JsonElement.Parse(_body[start..Position]);

    public bool FailType(string expected) => Fail(OpenAiError.InvalidType(PathText(), expected, GivenKind()));

    public bool FailValue(string expected) => Fail(OpenAiError.InvalidValue(PathText(), expected, GivenText()));

    public bool FailUnsupported(string? why = null) => Fail(OpenAiError.UnsupportedParameter(PathText(), why));

    /// <summary>Fails because a member of the object just read is missing.</summary>
    public bool FailMissing(string name) => Fail(OpenAiError.MissingParameter(Below(name)));

    /// <summary>Returns the path of a member below the current position.</summary>
    public readonly string Below(string name)
    {
        var parent = PathText();
        return parent.Length == 0 ? name : $"{parent}.{name}";
    }

    public bool Fail(OpenAiError error)
    {
        Error ??= error;
        return false;
    }

    /// <summary>Returns the current path, such as <c>messages[0].content[1].type</c>.</summary>
    public readonly string PathText() => PathText(_level);

    /// <summary>Returns the path of the enclosing object or array.</summary>
    public readonly string OuterPath() => PathText(_level - 1);

    private readonly string PathText(int last)
    {
        var text = new StringBuilder();
        for (var i = 0; i <= last; i++)
        {
            var segment = _path[i];
            if (segment.Name is not null)
            {
                text.Append(text.Length > 0 ? "." : "").Append(segment.Name);
            }
            else if (segment.Index >= 0)
            {
                text.Append('[').Append(segment.Index).Append(']');
            }
        }

        return text.ToString();
    }

    private readonly string GivenKind() => Kind switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => _json.ValueSpan.IndexOfAny(".eE"u8) >= 0 ? "a decimal number" : "an integer",
        JsonTokenType.True or JsonTokenType.False => "a boolean",
        _ => "null",
    };

    private readonly string? GivenText() => Kind switch
    {
        JsonTokenType.String => $"'{OpenAiError.Shorten(_json.GetString()!)}'",
        JsonTokenType.Number => OpenAiError.Shorten(Encoding.ASCII.GetString(_json.ValueSpan[..Math.Min(_json.ValueSpan.Length, 200)])),
        _ => null,
    };

    private bool Advance()
    {
        if (!_json.Read())
        {
            // The reader throws at a premature end instead of returning false inside an object.
            throw new UnreachableException();
        }

        if (_json.BytesConsumed > _firstInvalidByte)
        {
            return Fail(OpenAiError.InvalidText(PathText(), "is not valid UTF-8"));
        }

        return !_json.ValueIsEscaped || JsonFaults.FindLoneSurrogate(_json.ValueSpan) < 0
            || Fail(OpenAiError.InvalidText(PathText(), "has half of a surrogate pair, which is no character"));
    }

    private readonly record struct Segment(string? Name, int Index);

    /// <summary>Holds the path. The deepest one that is read member by member is <c>messages[0].content[1].content[2].source.type</c>.
    /// </summary>
    [InlineArray(12)]
    private struct Path
    {
        private Segment _first;
    }
}
