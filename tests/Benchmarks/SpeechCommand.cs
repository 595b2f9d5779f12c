using System.CommandLine;
using Tollgate.Benchmarks.Speech;

namespace Tollgate.Benchmarks;

/// <summary><c>tollgate bench speech</c>.</summary>
internal static class SpeechCommand
{
    private static readonly Option<string> Model = new("--model") { Description = "Folder of a Whisper model.", Required = true };
    private static readonly Option<string> Recordings =
        new("--recordings") { Description = "Folder of WAV files of at most 30 s.", Required = true };

    private static readonly Option<int> Rounds = new("--rounds") { Description = "Rounds (6).", DefaultValueFactory = _ => 6 };
    private static readonly Option<int> AtOnce =
        new("--at-once") { Description = "Requests at once in the last part of a round (4).", DefaultValueFactory = _ => 4 };

    public static Command Create()
    {
        var command = new Command("speech", "Recordings transcribed by a worker, beside a bare loop over ONNX Runtime.")
        {
            Model, Recordings, Rounds, AtOnce,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var plan = new SpeechPlan(
                parsed.GetValue(Model)!, parsed.GetValue(Recordings)!, Math.Clamp(parsed.GetValue(Rounds), 1, 100),
                Math.Clamp(parsed.GetValue(AtOnce), 2, 64));
            var report = await SpeechBench.RunAsync(plan, cancellationToken);
            await Console.Out.WriteAsync(report.Write());
            await Console.Out.WriteLineAsync($"Written to {await ResultFile.WriteAsync("speech", report.Machine.At, report)}");
            return 0;
        });
        return command;
    }
}
