using System.CommandLine;
using Tollgate.Benchmarks.Pictures;

namespace Tollgate.Benchmarks;

/// <summary><c>tollgate bench pictures</c>.</summary>
internal static class PicturesCommand
{
    private static readonly Option<string> Model = new("--model") { Description = "Folder of an image classifier.", Required = true };
    private static readonly Option<string> Images = new("--images") { Description = "Folder of pictures (images in the model's)." };
    private static readonly Option<int> Rounds = new("--rounds") { Description = "Rounds (6).", DefaultValueFactory = _ => 6 };
    private static readonly Option<int> Requests =
        new("--requests") { Description = "Requests of eight pictures in a round (25).", DefaultValueFactory = _ => 25 };

    public static Command Create()
    {
        var command = new Command("pictures", "Pictures recognised a second by a worker, beside a bare loop over ONNX Runtime.")
        {
            Model, Images, Rounds, Requests,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var model = parsed.GetValue(Model)!;
            var plan = new PicturePlan(
                model, parsed.GetValue(Images) ?? Path.Combine(model, "images"), Math.Clamp(parsed.GetValue(Rounds), 1, 100),
                Math.Clamp(parsed.GetValue(Requests), 1, 10_000));
            var report = await PictureBench.RunAsync(plan, cancellationToken);
            await Console.Out.WriteAsync(report.Write());
            await Console.Out.WriteLineAsync($"Written to {await ResultFile.WriteAsync("pictures", report.Machine.At, report)}");
            return 0;
        });
        return command;
    }
}
