using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Tollgate.Training.Methods;

namespace Tollgate.Training.Runs;

/// <summary>The verb <c>splits</c>: trains on several seeded divisions of one file, for the figures of a method.</summary>
internal static class SplitsCommand
{
    private static readonly Option<TrainingMethod> Method = new("--method") { Description = "head, encoder, lstm or supervised." };
    private static readonly Option<DirectoryInfo?> Model =
        new("--model") { Description = "Folder of an installed embedding model's version." };
    private static readonly Option<FileInfo> File = new("--file") { Description = "Examples, JSONL or CSV.", Required = true };
    private static readonly Option<int> Seeds = new("--seeds") { Description = "Divisions (5).", DefaultValueFactory = _ => 5 };
    private static readonly Option<int> Threads = new("--threads") { Description = "Threads (1).", DefaultValueFactory = _ => 1 };

    public static Command Create()
    {
        var command = new Command("splits", "Accuracy of a method over several seeded divisions of a file, 80 to 20.")
        {
            Method, Model, File, Seeds, Threads,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var figures = new List<(double Accuracy, double Seconds)>();
        for (var seed = 1; seed <= parsed.GetValue(Seeds); seed++)
        {
            var folder = Directory.CreateTempSubdirectory("tollgate-splits-").FullName;
            try
            {
                var started = Stopwatch.GetTimestamp();
                var result = await TrainingRun.RunAsync(
                    new TrainingRequest
                    {
                        BaseModel = parsed.GetValue(Model)?.FullName,
                        TrainingFile = parsed.GetRequiredValue(File).FullName,
                        Output = Path.Combine(folder, "out"),
                        WorkFolder = Path.Combine(folder, "work"),
                        Settings = new TrainingSettings
                        {
                            Method = parsed.GetValue(Method), Seed = seed, Threads = parsed.GetValue(Threads),
                        },
                    },
                    progress: null, cancellationToken);
                figures.Add((result.Evaluation.Metrics.Accuracy, Stopwatch.GetElapsedTime(started).TotalSeconds));
                await Console.Out.WriteLineAsync(Line($"seed {seed}: {result.Method.ToString().ToLowerInvariant()}", figures[^1]));
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        await Console.Out.WriteLineAsync(
            Line("mean", (figures.Average(figure => figure.Accuracy), figures.Average(figure => figure.Seconds))));
        return 0;
    }

    private static string Line(string what, (double Accuracy, double Seconds) figure) => string.Create(
        CultureInfo.InvariantCulture, $"{what}, accuracy {figure.Accuracy:0.0000}, {figure.Seconds:0.0} s");
}
