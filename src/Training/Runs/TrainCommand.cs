using System.CommandLine;
using System.Globalization;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Models;
using Tollgate.Training.Methods;

namespace Tollgate.Training.Runs;

/// <summary>The verb <c>train</c>, for a person.</summary>
internal static class TrainCommand
{
    private static readonly Option<TrainingMethod> Method = new("--method")
    {
        Description = "head, encoder, lstm, or supervised, which chooses one of them.",
    };

    private static readonly Option<DirectoryInfo?> Model =
        new("--model") { Description = "Folder of an installed embedding model's version; none for lstm." };

    private static readonly Option<FileInfo> File = new("--file") { Description = "Examples, JSONL or CSV.", Required = true };
    private static readonly Option<FileInfo?> Validation = new("--validation") { Description = "Held-out examples (a part of the file)." };
    private static readonly Option<DirectoryInfo> Out = new("--out") { Description = "Receives the model.", Required = true };
    private static readonly Option<DirectoryInfo?> Work = new("--work") { Description = "Keeps checkpoints (OUT.work)." };
    private static readonly Option<int?> Epochs = new("--epochs") { Description = "Passes over the file (by the method)." };
    private static readonly Option<int?> Batch = new("--batch-size") { Description = "Rows of a step (by the method)." };
    private static readonly Option<double?> Rate = new("--rate") { Description = "Factor on the method's learning rate (1)." };
    private static readonly Option<long> Seed =
        new("--seed") { Description = "Decides all that is random (1).", DefaultValueFactory = _ => 1 };
    private static readonly Option<int> Every = new("--checkpoint-every") { Description = "Steps (100).", DefaultValueFactory = _ => 100 };
    private static readonly Option<int> Threads = new("--threads") { Description = "Threads (1).", DefaultValueFactory = _ => 1 };
    private static readonly Option<long?> Budget = new("--budget") { Description = "Most trained tokens (no limit)." };
    private static readonly Option<bool> Balanced = new("--balance-labels") { Description = "Rare labels weigh as much as frequent ones." };
    private static readonly Option<bool> Int8 = new("--int8") { Description = "Store the served weights in 8 bits." };

    public static Command Create()
    {
        var command = new Command("train", "Trains a classifier of texts from a file of examples.")
        {
            Method, Model, File, Validation, Out, Work, Epochs, Batch, Rate, Seed, Every, Threads, Budget, Balanced, Int8,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var output = parsed.GetRequiredValue(Out).FullName;
        var request = new TrainingRequest
        {
            BaseModel = parsed.GetValue(Model)?.FullName,
            TrainingFile = parsed.GetRequiredValue(File).FullName,
            ValidationFile = parsed.GetValue(Validation)?.FullName,
            Output = output,
            WorkFolder = parsed.GetValue(Work)?.FullName ?? $"{Path.TrimEndingDirectorySeparator(output)}.work",
            Settings = new TrainingSettings
            {
                Method = parsed.GetValue(Method),
                Epochs = parsed.GetValue(Epochs),
                BatchSize = parsed.GetValue(Batch),
                LearningRateMultiplier = parsed.GetValue(Rate),
                Seed = parsed.GetValue(Seed),
                CheckpointEvery = parsed.GetValue(Every),
                Threads = parsed.GetValue(Threads),
                TokenBudget = parsed.GetValue(Budget),
                BalancesLabels = parsed.GetValue(Balanced),
                Int8 = parsed.GetValue(Int8),
            },
        };
        try
        {
            var result = await TrainingRun.RunAsync(request, new Lines(), cancellationToken);
            await Console.Out.WriteLineAsync(Describe(result, output));
            return 0;
        }
        catch (Exception exception) when (exception is TrainingException or ModelImportException or GradientException)
        {
            await Console.Error.WriteLineAsync($"train: {exception.Message}");
            return 1;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"train: cancelled. The same command goes on from {request.WorkFolder}.");
            return 1;
        }
    }

    private static string Describe(TrainingResult result, string output)
    {
        var (metrics, interval) = (result.Evaluation.Metrics, result.Evaluation.AccuracyInterval);
        var baselines = result.Evaluation.Baselines.Select(
            baseline => string.Create(CultureInfo.InvariantCulture, $"{baseline.Name} {baseline.Accuracy:0.0000}"));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"""
            method {result.Method.ToString().ToLowerInvariant()}: {result.Reason}
            {result.TrainedTokens} tokens trained, at most {result.TokenBound}; {result.Rows.Train} rows, {result.Rows.HeldOut} held out
            accuracy {metrics.Accuracy:0.0000} (95 %: {interval.Low:0.0000} to {interval.High:0.0000}), macro F1 {metrics.Macro.F1:0.0000}
            baselines: {string.Join(", ", baselines)}
            {output}
            """);
    }

    /// <summary>A line for each stage and each epoch.</summary>
    private sealed class Lines : IProgress<TrainingProgress>
    {
        private string? _stage;

        public void Report(TrainingProgress value)
        {
            if (value.Stage != _stage)
            {
                Console.Error.WriteLine(_stage = value.Stage);
            }

            if (value.Epoch is { } epoch)
            {
                Console.Error.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"epoch {epoch.Epoch}, step {value.Step} of {value.Steps}: loss {value.Loss:0.0000}, held back {epoch.Loss:0.0000}, "
                    + $"accuracy {epoch.Accuracy:0.0000}, {value.TrainedTokens} tokens, {value.TimeLeft?.TotalSeconds:0} s left"));
            }
        }
    }
}
