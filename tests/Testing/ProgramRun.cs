using System.Diagnostics;

namespace Tollgate.Testing;

/// <summary>A program that ran to its end.</summary>
/// <param name="Output">Its standard output.</param>
/// <param name="Error">Its standard error.</param>
public sealed record ProgramRun(int ExitCode, string Output, string Error)
{
    /// <summary>Runs a program and waits for it; it is killed when it takes longer than
    /// <paramref name="patience"/> (default 60 s).</summary>
    /// <param name="input">Given on its standard input, or nothing.</param>
    public static async Task<ProgramRun> RunAsync(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string input = "",
        TimeSpan? patience = null)
    {
        var info = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            info.Environment[name] = value;
        }

        using var process = Process.Start(info) ?? throw new InvalidOperationException($"{program} did not start.");
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync().WaitAsync(patience ?? TimeSpan.FromSeconds(60));
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end. It said: {await output}{await error}");
        }

        return new ProgramRun(process.ExitCode, await output, await error);
    }

    /// <summary>The output; fails with everything the program said when it did not end well.</summary>
    public string Succeeded() => ExitCode == 0 ? Output : throw new InvalidOperationException($"Ended with {ExitCode}: {Output}{Error}");
}
