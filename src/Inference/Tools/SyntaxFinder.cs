namespace Tollgate.Inference.Tools;

/// <summary>Reads from a rendered conversation how a model's template writes calls.</summary>
internal static class SyntaxFinder
{
    /// <param name="text">Begins where the first call does, marks included.</param>
    /// <param name="name">Function of the first call; occurs nowhere else.</param>
    /// <param name="second">Function of the second call; null where only one is written.</param>
    /// <param name="inside">A text in the arguments of each call, which are an object without further ones.</param>
    /// <returns>Null for a way of writing that is not known.</returns>
    public static CallSyntax? Find(string text, string name, string? second, string inside)
    {
        var at = text.IndexOf(name, StringComparison.Ordinal);
        if (at < 0 || Arguments(text, at, inside) is not { } arguments)
        {
            return null;
        }

        var before = text[..at].TrimStart();
        var between = text[(at + name.Length)..arguments.Start];
        var rest = text[arguments.End..];
        var next = second is null ? -1 : text.IndexOf(second, arguments.End, StringComparison.Ordinal);
        var gap = next < 0 ? null : text[arguments.End..next];
        if (between.EndsWith(CallSyntax.ArgumentsMark, StringComparison.Ordinal))
        {
            return new CallSyntax(CallShape.Named, before.Trim(), "", "")
            {
                Before = before, Between = CallSyntax.ArgumentsMark, After = "", Separator = "",
            };
        }

        var key = between.Contains("\"parameters\"", StringComparison.Ordinal) ? "parameters"
            : between.Contains("\"arguments\"", StringComparison.Ordinal) ? "arguments" : null;
        var json = before.LastIndexOf('{');
        if (key is null || json < 0 || !before[json..].Contains("\"name\"", StringComparison.Ordinal))
        {
            return null;
        }

        var open = before[..json];
        return open.TrimEnd().EndsWith('[') && open.Trim().Length > 1
            ? List(open, before[json..], between, key, gap)
            : Objects(open.Trim(), before, between, key, rest, gap);
    }

    /// <param name="gap">From the first call's arguments to the second call's name; null where there is none.</param>
    private static CallSyntax List(string open, string before, string between, string key, string? gap)
    {
        var mark = open.TrimEnd()[..^1].Trim();
        var separator = gap is not null && gap.EndsWith(before, StringComparison.Ordinal) ? gap[..^before.Length] : "";
        return new CallSyntax(CallShape.List, mark, "", key)
        {
            Start = open, Before = before, Between = between, After = "}", End = "]",
            Separator = separator.LastIndexOf(',') is var comma and >= 0 ? separator[comma..] : ", ",
        };
    }

    private static CallSyntax? Objects(string open, string before, string between, string key, string rest, string? gap)
    {
        var end = rest.IndexOf('}', StringComparison.Ordinal);
        if (end < 0 || rest[..end].Trim().Length > 0)
        {
            return null; // Further members stand after the arguments.
        }

        var close = CloseOf(open);
        var closeAt = close.Length == 0 ? -1 : rest.IndexOf(close, StringComparison.Ordinal);
        if (open is not ("" or CallSyntax.PythonTag) && closeAt < 0)
        {
            return null;
        }

        var after = rest[..(closeAt < 0 ? end + 1 : closeAt + close.Length)];
        return new CallSyntax(CallShape.Objects, open == CallSyntax.PythonTag ? "" : open, close, key)
        {
            Before = before, Between = between, After = after,
            Separator = gap is not null && gap.Length >= after.Length + before.Length && gap.StartsWith(after, StringComparison.Ordinal)
                && gap.EndsWith(before, StringComparison.Ordinal) ? gap[after.Length..^before.Length] : open.Length == 0 ? "; " : "\n",
        };
    }

    /// <summary><c>&lt;/x&gt;</c> for <c>&lt;x&gt;</c>, <c>&lt;|/x|&gt;</c> for <c>&lt;|x|&gt;</c>.</summary>
    private static string CloseOf(string open) =>
        open == CallSyntax.PythonTag ? ""
        : open.StartsWith("<|", StringComparison.Ordinal) ? $"<|/{open[2..]}"
        : open.StartsWith('<') ? $"</{open[1..]}" : "";

    /// <summary>Where the object with <paramref name="inside"/> lies.</summary>
    private static (int Start, int End)? Arguments(string text, int from, string inside)
    {
        var at = text.IndexOf(inside, from, StringComparison.Ordinal);
        var start = at < 0 ? -1 : text.LastIndexOf('{', at);
        var end = at < 0 ? -1 : text.IndexOf('}', at);
        return start < from || end < 0 ? null : (start, end + 1);
    }
}
