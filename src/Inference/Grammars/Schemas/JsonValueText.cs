using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>Writes JSON values in one way, so that equal values have equal texts.</summary>
internal static class JsonValueText
{
    /// <summary>A text that two values share exactly if JSON Schema takes them as equal: 1 and 1.0, members in any order.</summary>
    public static string Key(JsonElement value)
    {
        var text = new StringBuilder();
        WriteKey(value, text);
        return text.ToString();
    }

    /// <summary>A JSON string with the escapes that JSON asks for, and no others.</summary>
    /// <exception cref="ArgumentException">It holds half a surrogate pair.</exception>
    public static string Quoted(string value)
    {
        var text = new StringBuilder("\"");
        for (var i = 0; i < value.Length; i++)
        {
            if (char.IsSurrogate(value[i]))
            {
                if (!char.IsSurrogatePair(value, i))
                {
                    throw new ArgumentException("The text holds half a surrogate pair.", nameof(value));
                }

                text.Append(value, i++, 2);
                continue;
            }

            text.Append(Escaped(value[i]));
        }

        return text.Append('"').ToString();
    }

    /// <summary>One character as it stands in a JSON string.</summary>
    public static string Escaped(char character) => character switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\b' => "\\b",
        '\f' => "\\f",
        < ' ' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
        _ => character.ToString(),
    };

    /// <summary>A number's text: digits only for an integer of up to 30 digits, else as the schema has it.</summary>
    public static string Number(JsonElement value)
    {
        var raw = value.GetRawText();
        return ExactDecimal.TryParse(raw, out var number) && number.ToString() is { Length: <= 30 } plain ? plain : raw;
    }

    private static void WriteKey(JsonElement value, StringBuilder text)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                text.Append('{');
                foreach (var member in value.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal))
                {
                    text.Append(JsonEncodedText.Encode(member.Name).Value).Append(':');
                    WriteKey(member.Value, text);
                    text.Append(',');
                }

                text.Append('}');
                break;
            case JsonValueKind.Array:
                text.Append('[');
                foreach (var item in value.EnumerateArray())
                {
                    WriteKey(item, text);
                    text.Append(',');
                }

                text.Append(']');
                break;
            case JsonValueKind.String:
                text.Append('"').Append(JsonEncodedText.Encode(value.GetString()!).Value).Append('"');
                break;
            case JsonValueKind.Number:
                text.Append(ExactDecimal.TryParse(value.GetRawText(), out var number) ? number.ToString() : value.GetRawText());
                break;
            default:
                text.Append(value.GetRawText());
                break;
        }
    }
}
