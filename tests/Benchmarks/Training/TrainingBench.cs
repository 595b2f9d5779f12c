using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics.X86;
using Tollgate.Benchmarks.Machine;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;
using Tollgate.Training.Steps;

namespace Tollgate.Benchmarks.Training;

/// <summary>Steps of training a second on one core, of a small BERT and of an LSTM, and of the same models in PyTorch where it is
/// installed. Both sides run in turns.</summary>
internal static class TrainingBench
{
    private const int Rows = 32;

    /// <summary>OpenBLAS takes the slowest kernels for a processor that is newer than itself, and all cores whatever PyTorch says.
    /// </summary>
    private static readonly string? BestKernels = Avx512F.IsSupported ? "SkylakeX" : Avx2.IsSupported ? "Haswell" : null;

    /// <param name="peer">A Python program that trains the same models with PyTorch and prints a line for each.</param>
    public static async Task<IReadOnlyList<string>> RunAsync(int steps, int rounds, string peer, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        for (var round = 0; round < rounds; round++)
        {
            lines.Add(Measure("bert-mini", SpeedModels.BertMini(), 30_522, 64, new Optimizer { Decay = 0.01 }, steps));
            lines.Add(Measure("lstm", SpeedModels.Lstm(), 20_000, 100, new Optimizer(), steps));
            lines.AddRange(await RunPeerAsync(peer, steps, cancellationToken));
        }

        return lines;
    }

    private static string Measure(string name, ModelGraph model, int pieces, int length, Optimizer optimizer, int steps)
    {
        var random = new Random(2);
        var ids = OnnxTensor.Of([.. Enumerable.Range(0, Rows * length).Select(_ => random.NextInt64(pieces))], Rows, length);
        var labels = OnnxTensor.Of([.. Enumerable.Range(0, Rows).Select(_ => random.NextInt64(2))], Rows);
        var batch = TrainingBatch.Even(new Dictionary<string, OnnxTensor> { ["ids"] = ids }, labels);
        var started = Stopwatch.GetTimestamp();
        using var trainer = new Trainer(model, new TrainingPlan { Logits = "logits", Loss = LossKind.Softmax, Optimizer = optimizer });
        var prepared = Stopwatch.GetElapsedTime(started);
        trainer.Run([batch], 1e-4); // The first step takes its memory.
        var times = new TimeSpan[steps];
        var processor = ProcessFigures.CpuSeconds(Environment.ProcessId);
        for (var step = 0; step < steps; step++)
        {
            started = Stopwatch.GetTimestamp();
            trainer.Run([batch], 1e-4);
            times[step] = Stopwatch.GetElapsedTime(started);
        }

        processor = (ProcessFigures.CpuSeconds(Environment.ProcessId) - processor) / steps;

        Array.Sort(times);
        return string.Create(CultureInfo.InvariantCulture,
            $"{name}: {1 / times[steps / 2].TotalSeconds:0.00} steps/s (median of {steps}), one thread, "
            + $"{processor * 1000:0} ms of processor time a step, built in {prepared.TotalSeconds:0.0} s, "
            + $"peak memory of the process {ProcessFigures.PeakBytes(Environment.ProcessId) >> 20} MiB");
    }

    private static async Task<IReadOnlyList<string>> RunPeerAsync(string peer, int steps, CancellationToken cancellationToken)
    {
        if (!File.Exists(peer))
        {
            return [$"PyTorch: not measured, there is no {Path.GetFileName(peer)}; --peer FILE names it"];
        }

        // Debian's python3-torch belongs to Debian's Python, which may not be the first on the PATH.
        foreach (var python in Array.FindAll(["/usr/bin/python3", "/usr/local/bin/python3"], File.Exists))
        {
            using var process = Process.Start(new ProcessStartInfo(python, [peer, $"{steps}"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["OPENBLAS_NUM_THREADS"] = "1", ["OPENBLAS_CORETYPE"] = BestKernels },
            })!;
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await errors;
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode == 0)
            {
                return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => $"PyTorch's {line}")];
            }
        }

        return ["PyTorch: not measured, it is not installed (Debian: python3-torch libopenblas0-pthread)"];
    }
}
