using System.CommandLine;
using Tollgate.Benchmarks.Prefix;

namespace Tollgate.Benchmarks;

/// <summary><c>tollgate bench prefix</c>.</summary>
internal static class PrefixCommand
{
    private static readonly Option<FileInfo> Model =
        new("--model") { Description = "GGUF file of a decoder with a context of 1,026 tokens at least.", Required = true };

    public static Command Create()
    {
        var command = new Command("prefix", "Processor's time of prompts whose beginning is in the prefix cache.") { Model };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var report = await PrefixBench.RunAsync(parsed.GetRequiredValue(Model).FullName, cancellationToken);
            await Console.Out.WriteLineAsync(FormattableString.Invariant(
                $"{report.Prompt} tokens, {report.Cached} cached: {report.WarmMs:0} ms instead of {report.ColdMs:0}, {report.Ratio:0.000} of it"));
            await Console.Out.WriteLineAsync($"Written to {await ResultFile.WriteAsync("prefix", report.Machine.At, report)}");
            return report.Holds ? 0 : 1;
        });
        return command;
    }
}
