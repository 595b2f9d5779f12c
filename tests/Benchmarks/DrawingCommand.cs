using System.CommandLine;
using Tollgate.Benchmarks.Drawing;

namespace Tollgate.Benchmarks;

/// <summary><c>tollgate bench drawing</c>.</summary>
internal static class DrawingCommand
{
    private static readonly Option<string> Model =
        new("--model") { Description = "Folder of a model that draws, in the Diffusers ONNX layout.", Required = true };
    private static readonly Option<int> Rounds = new("--rounds") { Description = "Rounds (6).", DefaultValueFactory = _ => 6 };
    private static readonly Option<int> Requests =
        new("--requests") { Description = "Requests of four pictures in a round (3).", DefaultValueFactory = _ => 3 };
    private static readonly Option<int> Steps = new("--steps") { Description = "Steps of a picture (20).", DefaultValueFactory = _ => 20 };

    public static Command Create()
    {
        var command = new Command("drawing", "Pictures drawn a second by a worker, beside a bare loop over ONNX Runtime.")
        {
            Model, Rounds, Requests, Steps,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var plan = new DrawingBenchPlan(
                parsed.GetValue(Model)!, Math.Clamp(parsed.GetValue(Rounds), 1, 100), Math.Clamp(parsed.GetValue(Requests), 1, 1_000),
                Math.Clamp(parsed.GetValue(Steps), 1, 100));
            var report = await DrawingBench.RunAsync(plan, cancellationToken);
            await Console.Out.WriteAsync(report.Write());
            await Console.Out.WriteLineAsync($"Written to {await ResultFile.WriteAsync("drawing", report.Machine.At, report)}");
            return 0;
        });
        return command;
    }
}
