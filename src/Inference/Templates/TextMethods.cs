using System.Globalization;

namespace Tollgate.Inference.Templates;

/// <summary>Methods of texts, as templates call them: <c>text.strip()</c>.</summary>
internal static class TextMethods
{
    public static object Find(MarkedText text, string name, TemplateInterpreter interpreter)
    {
        Func<CallArguments, object?>? method = name switch
        {
            "strip" => a => Strip(text, a, start: true, end: true),
            "lstrip" => a => Strip(text, a, start: true, end: false),
            "rstrip" => a => Strip(text, a, start: false, end: true),
            "upper" => _ => text.With(text.Text.ToUpperInvariant()),
            "lower" => _ => text.With(text.Text.ToLowerInvariant()),
            "title" => _ => text.With(Title(text.Text)),
            "capitalize" => _ => text.With(Capitalize(text.Text)),
            "startswith" => a => Affixes(a).Any(p => text.Text.StartsWith(p, StringComparison.Ordinal)),
            "endswith" => a => Affixes(a).Any(p => text.Text.EndsWith(p, StringComparison.Ordinal)),
            "split" => a => Split(text, a),
            "splitlines" => _ => text.Text.Split('\n').Select(line => (object?)text.With(line)).ToList(),
            "replace" => a => Replace(text, a),
            "find" => a => (long)text.Text.IndexOf(a.Text(0, "sub"), StringComparison.Ordinal),
            "count" => a => Count(text.Text, a.Text(0, "sub")),
            "join" => a => MarkedJoin(TemplateValues.Items(a.Get(0, "iterable")), text),
            _ => null,
        };
        return method is null ? Undefined.Value : (TemplateFunction)(a => method(a) switch
        {
            MarkedText made => interpreter.Made(made),
            List<object?> list => Charged(list),
            var other => other,
        });

        List<object?> Charged(List<object?> list)
        {
            interpreter.Charge(list.Count + (text.Text.Length / 16));
            return list;
        }
    }

    public static MarkedText Replace(MarkedText text, CallArguments arguments)
    {
        var (from, to) = (arguments.Text(0, "old"), arguments.Get(1, "new") as MarkedText ?? MarkedText.Empty);
        if (from.Length == 0 || !text.Text.Contains(from, StringComparison.Ordinal))
        {
            return text;
        }

        var most = TemplateInterpreter.MostOutput;
        if ((long)Count(text.Text, from) * to.Text.Length > most)
        {
            throw new TemplateException($"The template makes a text longer than {most} characters.");
        }

        var replaced = text.Text.Replace(from, to.Text, StringComparison.Ordinal);
        return text.IsFromTemplate && to.IsFromTemplate ? MarkedText.FromTemplate(replaced) : MarkedText.FromCaller(replaced);
    }

    public static MarkedText MarkedJoin(List<object?> items, MarkedText separator)
    {
        var builder = new MarkedTextBuilder(TemplateInterpreter.MostOutput);
        for (var i = 0; i < items.Count; i++)
        {
            builder.Append(i == 0 ? MarkedText.Empty : separator);
            builder.Append(TemplateValues.Print(items[i]));
        }

        return builder.ToText();
    }

    public static string Title(string text)
    {
        var letters = text.ToCharArray();
        for (var i = 0; i < letters.Length; i++)
        {
            letters[i] = i > 0 && char.IsLetter(letters[i - 1])
                ? char.ToLower(letters[i], CultureInfo.InvariantCulture)
                : char.ToUpper(letters[i], CultureInfo.InvariantCulture);
        }

        return new string(letters);
    }

    public static string Capitalize(string text) =>
        text.Length == 0 ? text : text[..1].ToUpperInvariant() + text[1..].ToLowerInvariant();

    private static MarkedText Strip(MarkedText text, CallArguments arguments, bool start, bool end)
    {
        if (arguments.Get(0, "chars") is not MarkedText set)
        {
            return text.Trim(start, end);
        }

        var characters = set.Text.ToCharArray();
        var first = start ? text.Text.Length - text.Text.TrimStart(characters).Length : 0;
        var last = end ? text.Text.TrimEnd(characters).Length : text.Text.Length;
        return text.Slice(first, Math.Max(last - first, 0));
    }

    private static IEnumerable<string> Affixes(CallArguments arguments) => arguments.Get(0, "prefix") is List<object?> list
        ? list.OfType<MarkedText>().Select(t => t.Text)
        : [arguments.Text(0, "prefix")];

    /// <summary>Keeps the marks: the parts are slices.</summary>
    private static List<object?> Split(MarkedText text, CallArguments arguments)
    {
        var parts = new List<object?>();
        var most = arguments.Integer(1, "maxsplit", -1);
        var separator = arguments.Get(0, "sep") as MarkedText;
        if (separator is null)
        {
            foreach (var word in text.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            {
                parts.Add(text.With(word));
            }

            return parts;
        }

        if (separator.Text.Length == 0)
        {
            throw new TemplateException("The template splits a text at nothing.");
        }

        var start = 0;
        for (var at = text.Text.IndexOf(separator.Text, StringComparison.Ordinal);
            at >= 0 && most-- != 0;
            at = text.Text.IndexOf(separator.Text, start, StringComparison.Ordinal))
        {
            parts.Add(text.Slice(start, at - start));
            start = at + separator.Text.Length;
        }

        parts.Add(text.Slice(start, text.Text.Length - start));
        return parts;
    }

    private static long Count(string text, string part)
    {
        if (part.Length == 0)
        {
            return text.Length + 1;
        }

        var count = 0L;
        for (var at = text.IndexOf(part, StringComparison.Ordinal); at >= 0; at =
            text.IndexOf(part, at + part.Length, StringComparison.Ordinal))
        {
            count++;
        }

        return count;
    }
}
