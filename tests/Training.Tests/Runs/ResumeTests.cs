using System.Diagnostics;
using System.Globalization;
using Tollgate.Testing;
using Tollgate.Training.Methods;
using Tollgate.Training.Runs;

namespace Tollgate.Training.Tests.Runs;

/// <summary>A training that is killed, or cancelled, and goes on.</summary>
public sealed class ResumeTests
{
    private const int Rows = 240;

    [Theory]
    [InlineData(TrainingMethod.Head)]
    [InlineData(TrainingMethod.Encoder)]
    [InlineData(TrainingMethod.Lstm)]
    public async Task A_killed_training_ends_with_the_bits_of_one_that_was_not(TrainingMethod method)
    {
        var file = SmallFile.Write(Rows);
        var model = method == TrainingMethod.Lstm ? null : await TinyBase.InstallAsync(SmallFile.Rows(Rows).Select(row => row.Text));
        var (undisturbed, killed) = (Request(method, file, model), Request(method, file, model));
        var expected = await TrainingRun.RunAsync(undisturbed, null, default);

        var kills = await KillAsync(killed, times: 2);
        var result = await TrainingRun.RunAsync(killed, null, default);

        Assert.Equal(2, kills);
        Assert.Equal(Model(undisturbed), Model(killed));
        Assert.Equal(expected.TrainedTokens, result.TrainedTokens);
        Assert.Equal(expected.Epochs, result.Epochs);
    }

    [Fact]
    public async Task A_cancelled_training_stops_between_two_steps_and_goes_on()
    {
        var file = SmallFile.Write(Rows);
        var (undisturbed, cancelled) = (Request(TrainingMethod.Lstm, file, null), Request(TrainingMethod.Lstm, file, null));
        await TrainingRun.RunAsync(undisturbed, null, default);
        using var cancellation = new CancellationTokenSource();
        var last = 0L;
        var progress = new Reports(report =>
        {
            last = report.Step;
            if (report.Step == 7)
            {
                cancellation.Cancel();
            }
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => TrainingRun.RunAsync(cancelled, progress, cancellation.Token));
        var first = 0L;
        await TrainingRun.RunAsync(cancelled, new Reports(
            report => first = first == 0 && report.Loss is not null ? report.Step : first), default);

        Assert.Equal((7, 8), (last, first)); // No step was lost.
        Assert.Equal(Model(undisturbed), Model(cancelled));
    }

    [Fact]
    public async Task A_damaged_checkpoint_is_passed_over()
    {
        var file = SmallFile.Write(Rows);
        var (undisturbed, damaged) = (Request(TrainingMethod.Lstm, file, null), Request(TrainingMethod.Lstm, file, null));
        await TrainingRun.RunAsync(undisturbed, null, default);
        await KillAsync(damaged, times: 1);
        var newest = Checkpoints(damaged).Order(StringComparer.Ordinal).Last();
        var state = Path.Combine(newest, "state");
        var bytes = await File.ReadAllBytesAsync(state);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(state, bytes);

        await TrainingRun.RunAsync(damaged, null, default);

        Assert.Equal(Model(undisturbed), Model(damaged));
    }

    [Fact]
    public async Task Checkpoints_of_other_settings_are_refused()
    {
        var request = Request(TrainingMethod.Lstm, SmallFile.Write(Rows), null);
        await TrainingRun.RunAsync(request, null, default);
        var other = request with { Output = $"{request.Output}2", Settings = request.Settings with { Seed = 9 } };

        var refusal = await Assert.ThrowsAsync<OtherCheckpointsException>(() => TrainingRun.RunAsync(other, null, default));

        Assert.Contains("other files or settings", refusal.Message, StringComparison.Ordinal);
    }

    private static TrainingRequest Request(TrainingMethod method, string file, string? model)
    {
        var folder = TestFolder.Create("run");
        return new TrainingRequest
        {
            BaseModel = model,
            TrainingFile = file,
            Output = Path.Combine(folder, "out"),
            WorkFolder = Path.Combine(folder, "work"),
            Settings = new TrainingSettings
            {
                Method = method,
                Epochs = method == TrainingMethod.Head ? 120 : 40, // Its steps are quick: it must not end before it is killed.
                BatchSize = 8,
                CheckpointEvery = 5,
            },
        };
    }

    private static byte[] Model(TrainingRequest request) => File.ReadAllBytes(Path.Combine(request.Output, "model.onnx"));

    private static string[] Checkpoints(TrainingRequest request)
    {
        var folder = Path.Combine(request.WorkFolder, "checkpoints");
        return Directory.Exists(folder) ? Directory.GetDirectories(folder, "step-*") : [];
    }

    /// <summary>Runs the program and kills it (SIGKILL) after each first new checkpoint.</summary>
    /// <returns>How often it was still running.</returns>
    private static async Task<int> KillAsync(TrainingRequest request, int times)
    {
        var killed = 0;
        for (var i = 0; i < times; i++)
        {
            var before = Checkpoints(request).ToHashSet(StringComparer.Ordinal);
            using var process = Start(request);
            await Until.TrueAsync(
                () => Task.FromResult(process.HasExited || !Checkpoints(request).All(before.Contains)), "a checkpoint is written",
                TimeSpan.FromMinutes(3));
            killed += process.HasExited ? 0 : 1;
            process.Kill();
            await process.WaitForExitAsync();
        }

        return killed;
    }

    private static Process Start(TrainingRequest request)
    {
        var settings = request.Settings;
        string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "Tollgate.Training.dll"), "train", "--method", $"{settings.Method}",
            "--file", request.TrainingFile, "--out", request.Output, "--work", request.WorkFolder,
            "--epochs", Text(settings.Epochs!.Value), "--batch-size", Text(settings.BatchSize!.Value), "--seed", Text(settings.Seed),
            "--checkpoint-every", Text(settings.CheckpointEvery),
            .. request.BaseModel is null ? (string[])[] : ["--model", request.BaseModel],
        ];
        return Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })!;
    }

    private sealed class Reports(Action<TrainingProgress> onReport) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Step > 0)
            {
                onReport(value);
            }
        }
    }
}
