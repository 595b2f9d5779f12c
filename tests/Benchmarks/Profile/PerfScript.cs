namespace Tollgate.Benchmarks.Profile;

/// <summary>One frame of a stack: what <c>perf</c> calls the function, and the file or map that it lies in.</summary>
internal readonly record struct PerfFrame(string Symbol, string Module);

/// <summary>One sample.</summary>
/// <param name="Thread">The thread's name, at most 15 characters.</param>
/// <param name="Frames">Innermost first.</param>
internal sealed record PerfStack(string Thread, IReadOnlyList<PerfFrame> Frames);

/// <summary>
/// Reads what <c>perf script -F comm,ip,sym,dso</c> prints: a line with the thread's name, a line for each frame, an empty line.
/// </summary>
internal static class PerfScript
{
    public static IEnumerable<PerfStack> Read(IEnumerable<string> lines)
    {
        string? thread = null;
        List<PerfFrame> frames = [];
        foreach (var line in lines)
        {
            if (line.Length == 0)
            {
                if (thread is not null)
                {
                    yield return new PerfStack(thread, frames);
                }

                (thread, frames) = (null, []);
            }
            else if (thread is null)
            {
                thread = line.Trim();
            }
            else if (ReadFrame(line.Trim()) is { } frame)
            {
                frames.Add(frame);
            }
        }

        if (thread is not null)
        {
            yield return new PerfStack(thread, frames);
        }
    }

    /// <summary>Such as <c>7f01 instance void [Assembly] Type::Method() (/tmp/perf-1.map)</c>.</summary>
    private static PerfFrame? ReadFrame(string text)
    {
        var (symbol, module) = (text.IndexOf(' '), text.LastIndexOf(" (", StringComparison.Ordinal));
        return symbol < 0 || module < symbol
            ? null
            : new PerfFrame(text[(symbol + 1)..module], Path.GetFileName(text[(module + 2)..].TrimEnd(')')));
    }
}
