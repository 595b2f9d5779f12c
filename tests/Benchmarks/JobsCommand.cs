using System.CommandLine;
using Tollgate.Benchmarks.Jobs;

namespace Tollgate.Benchmarks;

/// <summary><c>tollgate bench jobs</c>.</summary>
internal static class JobsCommand
{
    private static readonly Option<FileSystemInfo?> Model =
        new("--model") { Description = "Embedding model to fine-tune whole, as models import takes it. Without one an LSTM is trained." };
    private static readonly Option<int> Rounds =
        new("--rounds") { Description = "Turns of alone and beside (8).", DefaultValueFactory = _ => 8 };
    private static readonly Option<int> Seconds =
        new("--seconds") { Description = "Length of each turn (10).", DefaultValueFactory = _ => 10 };
    private static readonly Option<bool> Ordinary = new("--ordinary") { Description = "The job's threads have no lower priority." };

    public static Command Create()
    {
        var command = new Command("jobs", "Live streams with and without a fine-tuning job beside them.")
        {
            Model, Rounds, Seconds, Ordinary,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var plan = new JobsPlan(
                parsed.GetValue(Model)?.FullName, Math.Clamp(parsed.GetValue(Rounds), 1, 100),
                TimeSpan.FromSeconds(Math.Clamp(parsed.GetValue(Seconds), 1, 600)), parsed.GetValue(Ordinary));
            await Console.Out.WriteLineAsync(await JobsBench.RunAsync(plan, cancellationToken));
            return 0;
        });
        return command;
    }
}
