using System.Globalization;
using System.Text;

namespace Tollgate.Inference.Templates;

/// <summary>Writes a value as Python prints it, or as JSON.</summary>
/// <remarks>A value whose parts are shared is written once for each place it stands in: the budget is what ends that.</remarks>
internal sealed class TemplateWriter(TemplateBudget budget)
{
    private readonly StringBuilder _text = new();

    /// <summary>The value as Python's <c>repr</c> writes it.</summary>
    public static string Represent(object? value, TemplateBudget budget)
    {
        var writer = new TemplateWriter(budget);
        writer.WritePlain(value);
        return writer._text.ToString();
    }

    /// <summary>JSON as Python's <c>json.dumps(ensure_ascii=False)</c> writes it.</summary>
    /// <param name="indent">Blanks a level; null writes one line.</param>
    public static string ToJson(object? value, int? indent, TemplateBudget budget)
    {
        var writer = new TemplateWriter(budget);
        writer.WriteJson(value, indent, 0);
        return writer._text.ToString();
    }

    /// <summary>A value without parts as Python prints it.</summary>
    public static string PrintScalar(object? value) => value switch
    {
        null => "None",
        bool truth => truth ? "True" : "False",
        long number => number.ToString(CultureInfo.InvariantCulture),
        double real => PrintReal(real),
        _ => "",
    };

    private void Append(ReadOnlySpan<char> text)
    {
        if (text.Length > budget.MostOutput - _text.Length)
        {
            throw new TemplateException($"The template writes a value of more than {budget.MostOutput} characters.");
        }

        budget.ChargeText(text.Length);
        budget.Allocate(2L * text.Length);
        _text.Append(text);
    }

    private void WritePlain(object? value)
    {
        budget.Enter();
        switch (value)
        {
            case MarkedText text:
                WritePlainText(text.Text);
                break;
            case List<object?> list:
                Append("[");
                for (var i = 0; i < list.Count; i++)
                {
                    Append(i == 0 ? "" : ", ");
                    WritePlain(list[i]);
                }

                Append("]");
                break;
            case TemplateMap map:
                var separator = "{";
                foreach (var (key, item) in map.Entries)
                {
                    Append(separator);
                    WritePlainText(key);
                    Append(": ");
                    WritePlain(item);
                    separator = ", ";
                }

                Append(map.Count == 0 ? "{}" : "}");
                break;
            case TemplateFunction:
                Append("<function>");
                break;
            default:
                Append(PrintScalar(value));
                break;
        }

        budget.Leave();
    }

    private void WritePlainText(string text)
    {
        budget.ChargeText(text.Length);
        var quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? "\"" : "'";
        Append(quote);
        WriteEscaped(text, c => c switch
        {
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\'' when quote == "'" => "\\'",
            _ => null,
        });
        Append(quote);
    }

    private void WriteJson(object? value, int? indent, int depth)
    {
        budget.Enter();
        switch (value)
        {
            case MarkedText text:
                WriteJsonText(text.Text);
                break;
            case null or Undefined:
                Append("null");
                break;
            case bool truth:
                Append(truth ? "true" : "false");
                break;
            case List<object?> list:
                WriteJsonItems('[', ']', list.Count, list, indent, depth, item => WriteJson(item, indent, depth + 1));
                break;
            case TemplateMap map:
                WriteJsonItems('{', '}', map.Count, map.Entries, indent, depth, entry =>
                {
                    WriteJsonText(entry.Key);
                    Append(": ");
                    WriteJson(entry.Value, indent, depth + 1);
                });
                break;
            case TemplateFunction:
                throw new TemplateException("The template writes a function as JSON.");
            default:
                Append(PrintScalar(value));
                break;
        }

        budget.Leave();
    }

    private void WriteJsonItems<T>(char open, char close, int count, IEnumerable<T> items, int? indent, int depth, Action<T> write)
    {
        Append([open]);
        var isFirst = true;
        foreach (var item in items)
        {
            Append(isFirst ? "" : indent is null ? ", " : ",");
            isFirst = false;
            NewLine(depth + 1);
            write(item);
        }

        if (count > 0)
        {
            NewLine(depth);
        }

        Append([close]);

        void NewLine(int level)
        {
            if (indent is { } width)
            {
                Append("\n");
                Append(new string(' ', width * level));
            }
        }
    }

    private void WriteJsonText(string text)
    {
        Append("\"");
        WriteEscaped(text, static c => c switch
        {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\b' => "\\b",
            '\f' => "\\f",
            < ' ' => $"\\u{(int)c:x4}",
            _ => null,
        });
        Append("\"");
    }

    private void WriteEscaped(string text, Func<char, string?> escape)
    {
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (escape(text[i]) is { } escaped)
            {
                Append(text.AsSpan(start, i - start));
                Append(escaped);
                start = i + 1;
            }
        }

        Append(text.AsSpan(start));
    }

    private static string PrintReal(double real)
    {
        if (!double.IsFinite(real))
        {
            return double.IsNaN(real) ? "nan" : real > 0 ? "inf" : "-inf";
        }

        var text = real.ToString("R", CultureInfo.InvariantCulture).Replace("E", "e", StringComparison.Ordinal);
        return text.AsSpan().IndexOfAny('.', 'e') < 0 ? text + ".0" : text;
    }
}
