using System.CommandLine;
using Tollgate.Benchmarks.Growth;

namespace Tollgate.Benchmarks;

/// <summary><c>tollgate bench growth</c>.</summary>
internal static class GrowthCommand
{
    public static Command Create()
    {
        var command = new Command(
            "growth", "How the time of parsers, tokenizers, file readers and the journal grows with the size of their input.");
        command.SetAction(async (_, cancellationToken) =>
        {
            var report = GrowthBench.Run(cancellationToken);
            await Console.Out.WriteAsync(report.Write());
            await Console.Out.WriteLineAsync($"Written to {await ResultFile.WriteAsync("growth", report.Machine.At, report)}");
            return report.IsWithinBounds ? 0 : 1;
        });
        return command;
    }
}
