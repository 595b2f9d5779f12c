using System.CommandLine;
using Tollgate.Benchmarks.Training;
using Tollgate.Testing;

namespace Tollgate.Benchmarks;

/// <summary><c>tollgate bench training</c>.</summary>
internal static class TrainingCommand
{
    private static readonly Option<int> Steps = new("--steps") { Description = "Steps of each model (20).", DefaultValueFactory = _ => 20 };
    private static readonly Option<int> Rounds =
        new("--rounds") { Description = "Turns of Tollgate and PyTorch (2).", DefaultValueFactory = _ => 2 };
    private static readonly Option<FileInfo?> Peer =
        new("--peer") { Description = "Python program that trains the same models with PyTorch (the shared speed.py)." };

    public static Command Create()
    {
        var command = new Command("training", "Steps of training a second, beside PyTorch.") { Steps, Rounds, Peer };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var lines = await TrainingBench.RunAsync(
            Math.Clamp(parsed.GetValue(Steps), 1, 10_000), Math.Clamp(parsed.GetValue(Rounds), 1, 100),
            parsed.GetValue(Peer)?.FullName ?? SharedFiles.At("models/reference/training/speed.py"), cancellationToken);
        await Console.Out.WriteLineAsync(string.Join(Environment.NewLine, lines));
        return 0;
    }
}
