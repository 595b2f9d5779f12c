using System.Diagnostics;
using Tollgate.Benchmarks.Machine;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Import;
using Tollgate.Inference.Tasks;
using Tollgate.Testing;

namespace Tollgate.Benchmarks.Memory;

/// <summary>Imports a decoder and lets one worker serve it over HTTP, then a second one too.</summary>
internal static class MemoryBench
{
    private const string Name = "measured";
    private const int Answers = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    /// <param name="model">A GGUF file of a decoder; null for the large one.</param>
    public static async Task<MemoryReport> RunAsync(string? model, CancellationToken cancellationToken)
    {
        var machine = MachineFacts.Read(TimeProvider.System);
        var folder = TestFolder.Create("memory");
        var file = Path.Combine(folder, "model.gguf");
        Write(model, file);
        GC.Collect();
        await File.WriteAllTextAsync("/proc/self/clear_refs", "5", cancellationToken); // resets the peak
        var started = Stopwatch.GetTimestamp();
        var installed = await ModelImport.RunAsync(
            file, Name, Path.Combine(folder, "imported"), new ModelImportOptions { ParityBound = double.MaxValue }, progress: null,
            cancellationToken);
        var importSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var importPeak = ProcessFigures.PeakBytes(Environment.ProcessId);
        await Console.Error.WriteLineAsync($"imported in {importSeconds:0} s");

        var repository = Directory.CreateDirectory(Path.Combine(folder, "models")).FullName;
        using var first = new MeasuredWorker(folder, repository, number: 1);
        await first.StartAsync();
        var empty = ProcessFigures.ResidentBytes(first.Id);
        started = Stopwatch.GetTimestamp();
        Directory.Move(Path.Combine(folder, "imported", Name), Path.Combine(repository, Name));
        await first.WaitForAnswerAsync(Name, Patience);
        var loadSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await AskAsync(first, model is null);
        var alone = WorkerMemory.Read(first.Id, empty);

        using var second = new MeasuredWorker(folder, repository, number: 2);
        await second.StartAsync();
        await second.WaitForAnswerAsync(Name, Patience);
        await AskAsync(second, model is null);
        WorkerMemory[] workers = [WorkerMemory.Read(first.Id, empty), WorkerMemory.Read(second.Id, empty)];
        await first.StopAsync();
        await second.StopAsync();
        return new MemoryReport(
            machine, model is null, new FileInfo(file).Length, installed.Manifest.Files.Sum(one => one.Bytes), importPeak, importSeconds,
            loadSeconds, alone, workers);
    }

    private static void Write(string? model, string file)
    {
        if (model is null)
        {
            BenchedDecoders.WriteLarge(file);
        }
        else
        {
            BenchedDecoders.Write(model, file, TensorEncoding.Q8_0);
        }
    }

    private static async Task AskAsync(MeasuredWorker worker, bool isLarge)
    {
        for (var i = 0; i < (isLarge ? 1 : Answers); i++)
        {
            using var answer = await worker.AskAsync(Name, $"Number {i} is", isLarge ? 4 : 32);
            answer.EnsureSuccessStatusCode();
        }
    }
}
