using System.Globalization;
using System.Text;

namespace Tollgate.Inference.Templates;

/// <summary>Kinds of tokens of a template.</summary>
internal enum TokenKind
{
    Text,
    OpenOutput,
    CloseOutput,
    OpenStatement,
    CloseStatement,
    Name,
    String,
    Integer,
    Real,
    Operator,
    End,
}

/// <param name="Value">The text, name, digits or sign; a string's value without quotes and escapes.</param>
internal readonly record struct TemplateToken(TokenKind Kind, string Value, int Position);

/// <summary>Cuts a template into tokens. White space is handled as chat templates expect:
/// <c>trim_blocks</c> and <c>lstrip_blocks</c> on.</summary>
internal sealed class TemplateLexer(string source)
{
    private static readonly string[] Operators =
        ["==", "!=", "<=", ">=", "//", "**", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",", ".", ":",
            "|"];

    /// <summary>Names are looked up at every use, which takes time by their length.</summary>
    private const int LongestName = 200;

    private readonly List<TemplateToken> _tokens = [];
    private int _at;

    /// <exception cref="TemplateException">A tag, string or comment does not end, or a sign is unknown.</exception>
    public IReadOnlyList<TemplateToken> Read()
    {
        // One line end at the end of the file is the editor's, not the template's.
        var trimStart = false;
        var dropLineEnd = false;
        while (_at < source.Length)
        {
            var open = FindOpen(_at);
            var text = source[_at..open];
            text = dropLineEnd && text.StartsWith('\n') ? text[1..] : text;
            text = trimStart ? text.TrimStart() : text;
            _at = open;
            if (open == source.Length)
            {
                AddText(text.EndsWith('\n') ? text[..^1] : text);
                break;
            }

            var tag = source[open + 1];
            var sign = open + 2 < source.Length ? source[open + 2] : ' ';
            AddText(sign == '-' ? text.TrimEnd() : tag != '{' && sign != '+' ? StripIndent(text, open) : text);
            _at = open + (sign is '-' or '+' ? 3 : 2);
            trimStart = tag == '#' ? SkipComment() : ReadTag(tag, open);
            dropLineEnd = tag != '{' && !trimStart;
            if (source[_at - 3] == '+' && tag != '{')
            {
                dropLineEnd = false;
            }
        }

        _tokens.Add(new TemplateToken(TokenKind.End, "", source.Length));
        return _tokens;
    }

    private int FindOpen(int from)
    {
        for (var at = source.IndexOf('{', from); at >= 0 && at + 1 < source.Length; at = source.IndexOf('{', at + 1))
        {
            if (source[at + 1] is '{' or '%' or '#')
            {
                return at;
            }
        }

        return source.Length;
    }

    /// <summary>Removes blanks between the start of a line and a statement or comment.</summary>
    private string StripIndent(string text, int open)
    {
        var kept = text.TrimEnd(' ', '\t');
        var lineStart = kept.Length == 0 ? open - text.Length == 0 || source[open - text.Length - 1] == '\n' : kept[^1] == '\n';
        return lineStart ? kept : text;
    }

    private void AddText(string text)
    {
        if (text.Length > 0)
        {
            _tokens.Add(new TemplateToken(TokenKind.Text, text, _at));
        }
    }

    /// <summary>Skips a comment; true when white space after it is to be removed.</summary>
    private bool SkipComment()
    {
        var end = source.IndexOf("#}", _at, StringComparison.Ordinal);
        if (end < 0)
        {
            throw new TemplateException("The template's comment does not end.");
        }

        _at = end + 2;
        return end > 0 && source[end - 1] == '-';
    }

    /// <summary>Reads the tokens of a tag; true when white space after it is to be removed.</summary>
    private bool ReadTag(char tag, int open)
    {
        var close = tag == '{' ? "}}" : "%}";
        _tokens.Add(new TemplateToken(tag == '{' ? TokenKind.OpenOutput : TokenKind.OpenStatement, "", open));
        var braces = 0;
        while (true)
        {
            while (_at < source.Length && char.IsWhiteSpace(source[_at]))
            {
                _at++;
            }

            var rest = source.AsSpan(_at);
            if (rest.IsEmpty)
            {
                throw new TemplateException("A tag of the template does not end.");
            }

            var trim = rest[0] is '-' or '+' && rest[1..].StartsWith(close, StringComparison.Ordinal);
            if (trim || (braces == 0 && rest.StartsWith(close, StringComparison.Ordinal)))
            {
                var minus = trim && rest[0] == '-';
                _at += trim ? 3 : 2;
                _tokens.Add(new TemplateToken(tag == '{' ? TokenKind.CloseOutput : TokenKind.CloseStatement, "", _at));
                return minus;
            }

            braces += rest[0] == '{' ? 1 : rest[0] == '}' ? -1 : 0;
            ReadToken(rest);
        }
    }

    private void ReadToken(ReadOnlySpan<char> rest)
    {
        var first = rest[0];
        if (char.IsLetter(first) || first == '_')
        {
            var length = 1;
            while (length < rest.Length && (char.IsLetterOrDigit(rest[length]) || rest[length] == '_'))
            {
                length++;
            }

            if (length > LongestName)
            {
                throw new TemplateException($"A name of the template is longer than {LongestName} characters.");
            }

            Add(TokenKind.Name, rest[..length].ToString(), length);
        }
        else if (char.IsAsciiDigit(first))
        {
            ReadNumber(rest);
        }
        else if (first is '\'' or '"')
        {
            ReadString(rest);
        }
        else
        {
            foreach (var sign in Operators)
            {
                if (rest.StartsWith(sign, StringComparison.Ordinal))
                {
                    Add(TokenKind.Operator, sign, sign.Length);
                    return;
                }
            }

            throw new TemplateException($"The template has an unexpected '{first}' at character {_at}.");
        }
    }

    private void ReadNumber(ReadOnlySpan<char> rest)
    {
        var length = 0;
        while (length < rest.Length && char.IsAsciiDigit(rest[length]))
        {
            length++;
        }

        var isReal = length + 1 < rest.Length && rest[length] == '.' && char.IsAsciiDigit(rest[length + 1]);
        if (isReal)
        {
            length++;
            while (length < rest.Length && char.IsAsciiDigit(rest[length]))
            {
                length++;
            }
        }

        Add(isReal ? TokenKind.Real : TokenKind.Integer, rest[..length].ToString(), length);
    }

    private void ReadString(ReadOnlySpan<char> rest)
    {
        var value = new StringBuilder();
        var at = 1;
        while (at < rest.Length && rest[at] != rest[0])
        {
            if (rest[at] != '\\' || at + 1 == rest.Length)
            {
                value.Append(rest[at++]);
                continue;
            }

            at++;
            if (rest[at] == 'u' && at + 4 < rest.Length
                && ushort.TryParse(rest.Slice(at + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit))
            {
                value.Append((char)unit);
                at += 5;
                continue;
            }

            value.Append(rest[at] switch
            {
                'n' => "\n",
                't' => "\t",
                'r' => "\r",
                'b' => "\b",
                'f' => "\f",
                'v' => "\v",
                '\\' or '\'' or '"' or '\n' => rest[at].ToString(),
                _ => $"\\{rest[at]}",
            });
            at++;
        }

        if (at >= rest.Length)
        {
            throw new TemplateException("A string of the template does not end.");
        }

        Add(TokenKind.String, value.ToString(), at + 1);
    }

    private void Add(TokenKind kind, string value, int length)
    {
        _tokens.Add(new TemplateToken(kind, value, _at));
        _at += length;
    }
}
