using System.CommandLine;
using Tollgate.Benchmarks.Memory;

namespace Tollgate.Benchmarks;

/// <summary><c>tollgate bench memory</c>.</summary>
internal static class MemoryCommand
{
    private static readonly Option<string?> Model = new("--model") { Description = "GGUF file of a decoder, which is written in Q8_0." };
    private static readonly Option<bool> Large =
        new("--large") { Description = "A decoder of the shape of Llama 3 8B with random weights in Q4_0: 20 GB of disk." };

    public static Command Create()
    {
        var command = new Command("memory", "Memory of two workers that serve one decoder, and of its import.") { Model, Large };
        command.Validators.Add(result =>
        {
            if (result.GetValue(Large) == (result.GetValue(Model) is not null))
            {
                result.AddError("Either --model or --large is needed.");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var report = await MemoryBench.RunAsync(parsed.GetValue(Large) ? null : parsed.GetValue(Model), cancellationToken);
            await Console.Out.WriteAsync(report.Write());
            await Console.Out.WriteLineAsync($"Written to {await ResultFile.WriteAsync("memory", report.Machine.At, report)}");
            return report.Holds ? 0 : 1;
        });
        return command;
    }
}
